"""Fixtures for the tests of engines."""

import sys
from dataclasses import replace
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))

from engine_fakes import random_model


@pytest.fixture(scope="session")
def tiny_model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A model of 0.9 M random weights; one byte of text is one token."""
    builder = random_model()
    path: Path = tmp_path_factory.mktemp("weights") / "tiny.gguf"
    builder.build(path, builder.SHAPES["tiny"])
    return path


@pytest.fixture(scope="session")
def embedding_model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The same, whose last token's state is the vector of a text."""
    builder = random_model()
    path: Path = tmp_path_factory.mktemp("weights") / "embedding.gguf"
    builder.build(path, replace(builder.SHAPES["tiny"], pooling=3))
    return path
