"""The shared attestation vectors, or a skip with the reason; and the factories beside the tests made importable."""

import json
import os
import sys
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, settings

# A busy machine is no failure: how long an example takes is measured under bench/.
settings.register_profile("untimed", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("untimed")


sys.path.insert(0, str(Path(__file__).parent))

ROOT = Path(__file__).resolve().parents[2]
SHARED = Path(os.environ.get("PRIVITY_VECTORS", ROOT.parent / "shared" / "vectors"))


class Vectors:
    """The folder of vendor-signed evidence."""

    folder = SHARED / "attestation"

    def read(self, name: str) -> bytes:
        """Return one file."""
        return (self.folder / name).read_bytes()

    def json(self, name: str) -> Any:
        """Return one JSON file."""
        return json.loads(self.read(name))

    def case(self, name: str) -> Any:
        """Return one case of the index by its id."""
        return next(case for case in self.json("index.json")["cases"] if case["id"] == name)


@pytest.fixture(scope="session")
def vectors() -> Vectors:
    """The shared vectors, or a skip with the reason."""
    if not (Vectors.folder / "index.json").exists():
        pytest.skip("shared vectors are absent: set PRIVITY_VECTORS to the folder that holds attestation/index.json")
    return Vectors()
