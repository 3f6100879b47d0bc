"""Where the shared vectors are, and how a test without them is skipped."""

import json
import os
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[3]
SHARED = Path(os.environ.get("PRIVITY_VECTORS", ROOT.parent / "shared" / "vectors"))
OWN = ROOT / "vectors"


def shared(name: str) -> Any:
    """Return one file of the shared crypto vectors, or skip."""
    path = SHARED / "crypto" / name
    if not path.exists():
        pytest.skip(f"shared vectors are absent: set PRIVITY_VECTORS to the folder that holds crypto/{name}")
    return json.loads(path.read_text())
