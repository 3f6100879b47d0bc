"""Makes the modules of this folder importable for its tests, and builds one small model of random weights for all."""

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))
sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "bench"))


@pytest.fixture(scope="session")
def small_model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A GGUF of random weights: it speaks letters, quickly."""
    from random_model import SHAPES, build

    path = tmp_path_factory.mktemp("model") / "random.gguf"
    build(path, SHAPES["tiny"])
    return path
