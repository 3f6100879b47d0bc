"""What training asks beyond the phrase files, and that it stays on its side of the split."""

import re
from collections.abc import Callable, Iterator
from pathlib import Path
from random import Random

import pytest
import training.turns
from training.memory import TOPICS, UNKNOWN, practice_memory
from training.phrases import CHOICE, PROPER, SLOT, Split, as_typed, read_sections
from training.rewriting import rewriting
from training.turns import Turn, product, small_talk
from training.variety import frames, shortened, synonyms, varied

FOLDER = Path(__file__).parents[1] / "training"
FILES = ("memory.txt", "paraphrases.txt", "prefixes.txt", "refusals.txt", "rewriting.txt", "smalltalk.txt")


def expansions(phrase: str) -> Iterator[str]:
    if bracket := CHOICE.search(phrase):
        for choice in bracket[1].split("|"):
            yield from expansions(phrase[: bracket.start()] + choice + phrase[bracket.end() :])
    else:
        yield " ".join(phrase.split())


@pytest.mark.parametrize("name", FILES)
def test_no_phrase_file_trains_what_it_holds_out(name: str) -> None:
    sections = read_sections(FOLDER / name)
    held_out = {text for section in sections for phrase in section.held_out for text in expansions(phrase)}
    assert held_out
    trained = {text for section in sections for phrase in section.of(Split.PRACTICE) for text in expansions(phrase)}
    assert held_out & trained == set()


@pytest.mark.parametrize("asked", [product, small_talk])
def test_a_varied_question_is_never_a_held_out_one(
    asked: Callable[[Random, Split], Turn], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Variation could lead from a trained wording to a held-out one; here it always tries to, and is refused."""
    held_out = sorted(training.turns._every_held_out())
    tries = Random("tries")
    monkeypatch.setattr(
        training.turns, "varied", lambda phrase, _: tries.choice(held_out) if tries.random() < 0.9 else phrase
    )
    monkeypatch.setattr(training.turns, "as_typed", lambda phrase, *_: phrase)
    random = Random("held out")
    drawn = {asked(random, Split.PRACTICE).user for _ in range(300)}
    assert len(drawn) > 100
    assert drawn & set(held_out) == set()


def test_other_words_stand_for_what_they_replace() -> None:
    pattern, others = synonyms()
    assert len(others) > 100
    for word, choices in others.items():
        assert pattern.fullmatch(word), word
        assert word not in choices
        assert len(set(choices)) == len(choices), word


def test_every_frame_keeps_its_question() -> None:
    assert all(text.count("$") == 1 for frame in frames() for text in expansions(frame))


def test_variation_is_drawn_and_bounded() -> None:
    phrase = "how do i delete my account and everything"
    drawn = [varied(phrase, Random(f"seed {number}")) for number in range(400)]
    assert drawn == [varied(phrase, Random(f"seed {number}")) for number in range(400)]
    assert phrase in drawn
    assert len(set(drawn)) > 100
    assert shortened("too short for it", Random(1)) == "too short for it"
    assert len(shortened(phrase, Random(1)).split()) == len(phrase.split()) - 1


def test_practised_tasks_are_answered_right() -> None:
    random = Random("practice")
    letters = 0
    for _ in range(2000):
        turn = rewriting(random, Split.PRACTICE)
        text = re.split(r":[ \n]", turn.user)[-1]
        words = re.split(r",? ", text)
        if re.fullmatch(r"\w(, \w)*", turn.answer) and len(words) > 1 and len(words) == len(turn.answer.split(", ")):
            letters += 1
            assert turn.answer == ", ".join(word[0] for word in words)
    assert letters > 50


def test_practised_memory_admits_what_it_was_not_told() -> None:
    random = Random("memory")
    unknown = 0
    for _ in range(400):
        turns = practice_memory(random, product)
        said = [turn for turn in turns if turn.answer == UNKNOWN]
        unknown += len(said)
        assert len(said) <= 1
        assert any(turn.answer.startswith(topic.answer[:-2]) for topic in TOPICS for turn in turns)
    assert 30 < unknown < 100


def test_slots_are_filled() -> None:
    random = Random("slots")
    assert not any(SLOT.search(product(random, Split.PRACTICE).user) for _ in range(500))


def test_practice_writes_proper_names_both_ways_and_the_examination_as_before() -> None:
    random = Random("names")
    assert PROPER["chatgpt"] == "ChatGPT"
    assert all(name.lower() == lower for lower, name in PROPER.items())
    practised = {as_typed("is this chatgpt", random, Split.PRACTICE, typos=False) for _ in range(200)}
    assert any("ChatGPT" in text for text in practised)
    assert any("chatgpt" in text for text in practised)
    for split in (Split.TRAINING, Split.HELD_OUT):
        drawn = {as_typed("is this chatgpt", random, split, typos=False) for _ in range(200)}
        assert not any("ChatGPT" in text for text in drawn)
