"""The log's formats against their vectors: each case must give exactly what it expects."""

import json
from typing import Any

import pytest
from log_form import given_of
from log_material import KEPT, OWN, used
from log_operations import OPERATIONS
from make_log_vectors import FILES, made
from privity_protocol.errors import Malformed
from privity_tlog.errors import REASONS, TlogError


def _read(name: str) -> list[tuple[str, dict[str, Any], dict[str, bytes]]]:
    document = json.loads((OWN / name / "cases.json").read_text())
    blobs = {blob: bytes.fromhex(data) for blob, data in document["blobs"].items()}
    return [(name, one, blobs) for one in document["cases"]]


CASES = [one for name in FILES for one in _read(name)]


@pytest.mark.parametrize(("name", "one", "blobs"), CASES, ids=[f"{name}-{one['id']}" for name, one, _ in CASES])
def test_a_case_gives_what_it_expects(name, one, blobs) -> None:
    given, expect = given_of(one["input"], blobs), one["expect"]
    if "ok" in expect:
        assert OPERATIONS[one["op"]](given) == expect["ok"]
        return
    with pytest.raises((TlogError, Malformed)) as caught:
        OPERATIONS[one["op"]](given)
    assert caught.value.reason == expect["error"]


def test_the_files_are_those_that_the_script_writes() -> None:
    for name, text in made().items():
        assert (OWN / name / "cases.json").read_text() == text, f"run make_log_vectors.py: {name}"
    assert json.loads(KEPT.read_text()).keys() >= used.keys()


def test_identifiers_are_unique_and_most_cases_fail() -> None:
    for name in FILES:
        identifiers = [one["id"] for folder, one, _ in CASES if folder == name]
        assert len(set(identifiers)) == len(identifiers)
    failing = [one for _, one, _ in CASES if "error" in one["expect"]]
    assert len(CASES) >= 350
    assert 2 * len(failing) > len(CASES)


def test_every_reason_of_the_list_is_given() -> None:
    given = {one["expect"]["error"] for _, one, _ in CASES if "error" in one["expect"]}
    # An entry that fits no bundle is not read but written: the log's own tests have it.
    assert REASONS - given == {"log_too_large"}
