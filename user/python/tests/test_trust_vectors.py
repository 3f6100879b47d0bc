"""The trust vectors against Python: the file is what the script writes, and each case gives what it says."""

import json
import sys
from pathlib import Path
from typing import Any

import pytest

sys.path.insert(0, str(Path(__file__).parent))  # modules beside the tests, under import mode importlib

from make_trust_vectors import FILE, made
from privity_client.errors import CLIENT_REASONS
from privity_protocol.errors import PrivityError
from trust_operations import OPERATIONS
from trust_pieces import joined

DOCUMENT: dict[str, Any] = json.loads(FILE.read_text())
BLOBS = {name: bytes.fromhex(data) for name, data in DOCUMENT["blobs"].items()}
BYTES = frozenset({"pin", "bulletin", "bundle", "remembered", "data", "old", "new", "first", "second"})
"""Members of an input that are pieces."""


@pytest.mark.parametrize("one", DOCUMENT["cases"], ids=[one["id"] for one in DOCUMENT["cases"]])
def test_a_case_gives_what_it_expects(one: dict[str, Any]) -> None:
    given = {
        name: joined(value, BLOBS) if name in BYTES and value is not None else value
        for name, value in one["input"].items()
    }
    if "ok" in one["expect"]:
        assert OPERATIONS[one["op"]](given) == one["expect"]["ok"]
        return
    with pytest.raises(PrivityError) as caught:
        OPERATIONS[one["op"]](given)
    assert caught.value.reason == one["expect"]["error"]


def test_the_file_is_the_one_that_the_script_writes() -> None:
    assert FILE.read_text() == made(), "run make_trust_vectors.py"
    assert FILE.stat().st_size < 600_000


def test_cases_have_names_of_their_own_and_many_are_to_be_refused() -> None:
    names = [one["id"] for one in DOCUMENT["cases"]]
    assert len(set(names)) == len(names) >= 95
    refused = [one for one in DOCUMENT["cases"] if "error" in one["expect"] or any(_failures(one))]
    assert 2 * len(refused) > len(names)


def _failures(one: dict[str, Any]) -> list[Any]:
    logged = one["expect"].get("ok", {}).get("logged", {})
    return [proof for proof in logged.values() if proof]


def test_the_specified_reasons_are_reasons_of_the_client() -> None:
    spec = (FILE.parents[2] / "specs/trust.md").read_text()
    (line,) = [line for line in spec.splitlines() if line.startswith("**Reasons of the client:**")]
    named = line.partition(". ")[0].split("`")[1::2]
    assert len(named) == 12
    assert [name for name in named if name not in CLIENT_REASONS] == []
