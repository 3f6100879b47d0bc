"""The committed file: what model.json says of it, and the floors it must keep on held-out questions."""

import hashlib
import json
from pathlib import Path

import pytest
from training.evaluate import FLOORS, answers, scores, table
from training.examination import Question, examination
from training.shape import DISPLAY, LICENCE, MODEL_ID, Shape

FOLDER = Path(__file__).parents[1]
PACKAGE = FOLDER / "src" / "privity_demonstration"
MODEL = PACKAGE / "privity-demo.gguf"
FACTS = json.loads((PACKAGE / "model.json").read_text())


def test_the_file_is_the_one_described() -> None:
    data = MODEL.read_bytes()
    assert {
        "context": 2048,
        "demonstration": True,
        "display": DISPLAY,
        "file": MODEL.name,
        "id": MODEL_ID,
        "licence": LICENCE,
        "parameters": Shape().parameters,
        "sha256": hashlib.sha256(data).hexdigest(),
        "size": len(data),
        "v": 1,
    } == FACTS
    assert data.startswith(b"GGUF")
    assert len(data) <= 12_000_000


def test_the_facts_are_canonical_json() -> None:
    text = (PACKAGE / "model.json").read_text()
    assert text == json.dumps(FACTS, separators=(",", ":"), sort_keys=True)


def test_the_readme_shows_the_evaluation() -> None:
    rows = json.loads((FOLDER / "evaluation.json").read_text())["rows"]
    readme = (FOLDER / "README.md").read_text()
    assert table({name: (right, asked) for name, (right, asked) in rows.items()}) in readme
    assert FACTS["sha256"] in readme


@pytest.mark.slow
def test_held_out_floors() -> None:
    questions = [question for question in examination(60) if question.row in FLOORS]
    rows = scores(questions, answers(MODEL, questions, timeout=240))
    assert rows.keys() == FLOORS.keys()
    below = {name: rows[name] for name, floor in FLOORS.items() if rows[name][0] < floor * rows[name][1]}
    assert below == {}, table(rows)


def test_it_says_what_it_is() -> None:
    asked = ["Who are you?", "What are you?", "are you a human"]
    questions = [Question("small talk", "", [{"role": "user", "content": text}], "") for text in asked]
    replies = answers(MODEL, questions, timeout=120)
    assert [reply for reply in replies if "I am the Privity demonstration model" not in reply] == []
