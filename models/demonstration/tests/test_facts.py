"""docs/questions.md is the only source of the product facts."""

import re
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from random import Random

import pytest
from training.facts import QUESTIONS, facts, read_answers
from training.phrases import CHOICE, Split, expand
from training.turns import product, unseen


def documented() -> dict[str, str]:
    """Read the file once more, by another way than the generator does."""
    found = re.findall(r"^## (.+)\n\n(.+)\n", QUESTIONS.read_text(), re.MULTILINE)
    assert len(found) == QUESTIONS.read_text().count("\n## ")
    return dict(found)


def test_facts_equal_the_documentation() -> None:
    assert {fact.question: fact.answer for fact in facts()} == documented()


def test_every_product_turn_is_answered_by_the_documentation() -> None:
    answers = set(documented().values())
    random = Random("documentation")
    for split in Split:
        given = {product(random, split).answer for _ in range(4000)}
        assert given == answers


def expansions(phrase: str) -> Iterator[str]:
    """Every way to expand a phrase."""
    if bracket := CHOICE.search(phrase):
        for choice in bracket[1].split("|"):
            yield from expansions(phrase[: bracket.start()] + choice + phrase[bracket.end() :])
    else:
        yield " ".join(phrase.split())


def test_held_out_wordings_are_never_trained() -> None:
    trained = {text for fact in facts() for phrase in fact.asked.training for text in expansions(phrase)}
    held_out = [phrase for fact in facts() for phrase in fact.asked.held_out]
    assert all(len(fact.asked.held_out) >= 2 for fact in facts())
    assert [phrase for phrase in held_out if phrase in trained] == []
    assert len(held_out) == len(set(held_out))


def test_no_question_has_two_answers() -> None:
    asked: dict[str, set[str]] = defaultdict(set)
    for fact in facts():
        for phrase in (*fact.asked.training, *fact.asked.held_out):
            for text in expansions(phrase):
                asked[text].add(fact.question)
    assert {text: questions for text, questions in asked.items() if len(questions) > 1} == {}


def test_every_fact_has_phrases_that_training_may_ask() -> None:
    random = Random("enough")
    for fact in facts():
        trained = {expand(phrase, random) for phrase in fact.asked.training for _ in range(50)}
        assert sum(not unseen(phrase) for phrase in trained) >= 5, fact.question


@pytest.mark.parametrize(
    "text",
    ["\n## A?\n\nyes\n\n## A?\n\nno\n", "\n## A?\n\n", "\n## A?\n\none\n\ntwo\n"],
    ids=["a question asked twice", "a question without an answer", "an answer of two paragraphs"],
)
def test_a_malformed_documentation_is_refused(tmp_path: Path, text: str) -> None:
    path = tmp_path / "questions.md"
    path.write_text(text)
    with pytest.raises(ValueError, match="needs one answer"):
        read_answers(path)
