"""The generator: the same dialogues from the same seed, and two splits that never meet."""

import hashlib
import os
import subprocess
import sys
from pathlib import Path
from random import Random

import pytest
from training.dialogues import Dialogue, dialogues
from training.memory import TOPICS, memory
from training.phrases import Split, bucket
from training.rewriting import MAKERS, rewriting
from training.turns import REFUSAL, Kind, small_talk
from training.words import CLOSED_KINDS, blended, invented, vocabulary, word_of, words_of

FOLDER = Path(__file__).parents[1]
DIGEST = """
import hashlib
from training.dialogues import dialogues
print(hashlib.sha256("".join(d.as_json() for d in dialogues(7, 500)).encode()).hexdigest())
"""


def test_the_same_seed_gives_the_same_dialogues_in_another_process() -> None:
    here = hashlib.sha256("".join(d.as_json() for d in dialogues(7, 500)).encode()).hexdigest()
    environment = os.environ | {"PYTHONHASHSEED": "4711"}
    command = [sys.executable, "-c", DIGEST]
    there = subprocess.run(command, cwd=FOLDER, env=environment, capture_output=True, text=True, check=True)
    assert there.stdout.strip() == here


def test_seeds_and_splits_give_different_dialogues() -> None:
    drawn = [
        {d.as_json() for d in dialogues(seed, 300, split)}
        for seed, split in ((1, Split.TRAINING), (2, Split.TRAINING), (1, Split.HELD_OUT))
    ]
    assert len(drawn[0] & drawn[1]) < 30
    assert len(drawn[0] & drawn[2]) == 0


def test_words_are_split_once() -> None:
    for kind in vocabulary().keys() - {"weekday", "month", "onset", "vowel", "coda"}:
        training, held_out = words_of(kind, Split.TRAINING), words_of(kind, Split.HELD_OUT)
        assert held_out
        assert set(training).isdisjoint(held_out)
        assert len(training) + len(held_out) == len(vocabulary()[kind])


def test_invented_words_are_split_by_their_digest() -> None:
    random = Random("words")
    for split in Split:
        assert all((bucket(invented(random, split), 10) == 0) == (split is Split.HELD_OUT) for _ in range(300))


def test_practice_blends_words_and_never_into_a_held_out_one() -> None:
    random = Random("blends")
    held_out = {word for kind in vocabulary() for word in words_of(kind, Split.HELD_OUT)} - {
        word for kind in CLOSED_KINDS for word in vocabulary()[kind]
    }
    for kind in ("noun", "adjective", "verb", "name", "place"):
        drawn = {blended(kind, random) for _ in range(1500)}
        assert len(drawn) > 500
        assert drawn & held_out == set()
        assert not any(bucket(word, 10) == 0 for word in drawn)


def test_only_practice_draws_blended_words() -> None:
    random = Random("kinds")
    for split in Split:
        drawn = {word_of("noun", random, split) for _ in range(200)}
        assert (drawn <= set(vocabulary()["noun"])) == (split is not Split.PRACTICE)
    assert {word_of("weekday", random, Split.PRACTICE) for _ in range(100)} == set(vocabulary()["weekday"])


@pytest.mark.parametrize("task", MAKERS)
def test_a_rewriting_task_ends_with_its_text(task: str) -> None:
    random = Random(task)
    for _ in range(100):
        turn = rewriting(random, Split.TRAINING, task)
        assert turn.kind is Kind.REWRITING
        assert turn.answer
        if task == "repeat":
            assert turn.user.endswith(turn.answer)
        if task == "sort":
            assert turn.answer.split(", ") == sorted(turn.answer.split(", "))


def test_memory_asks_only_for_what_was_said_last() -> None:
    random = Random("memory")
    for _ in range(200):
        turns = memory(random, Split.TRAINING, small_talk)
        remembered = [turn for turn in turns if turn.kind is Kind.MEMORY]
        closing = [topic.answer.replace("$", "") for topic in TOPICS]
        recalled = [turn for turn in remembered if any(turn.answer.startswith(start[:-1]) for start in closing)]
        assert recalled
        for turn in recalled:
            value = turn.answer.split()[-1].removesuffix(".")
            assert any(value in said.user for said in remembered if said is not turn)


def test_messages_stand_before_the_answer() -> None:
    dialogue = next(iter(dialogues(3, 1)))
    messages = Dialogue("Be brief.", dialogue.turns).messages(len(dialogue.turns) - 1)
    assert [message["role"] for message in messages[:2]] == ["system", "user"]
    assert messages[-1] == {"role": "user", "content": dialogue.turns[-1].user}


def test_the_refusal_says_what_the_model_is_and_what_helps() -> None:
    assert "small demonstration model" in REFUSAL
    assert "operator" in REFUSAL
    assert "add a real model" in REFUSAL
