"""The shared vectors of the OpenAI translation are those that the translation makes."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))  # modules beside the tests, under import mode importlib

from make_openai_vectors import FOLDER, written


def test_the_vectors_are_those_of_the_translation() -> None:
    assert {path.name: path.read_text() for path in FOLDER.iterdir()} == written(), "run make_openai_vectors.py"


def test_cases_are_accepted_and_refused() -> None:
    texts = written().values()
    assert all('"ok"' in text and '"error"' in text for text in texts)
