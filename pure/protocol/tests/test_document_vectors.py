"""Canonical JSON, CBOR, node documents, bundles, directories and outer errors against their vectors."""

import pytest
from document_vectors import OPERATIONS, cases
from make_document_vectors import FILES, made, written
from privity_protocol.errors import Malformed
from shared_vectors import OWN

CASES = [(name, one) for name in FILES for one in cases(name)]


@pytest.mark.parametrize(("name", "one"), CASES, ids=[f"{name}-{one['id']}" for name, one in CASES])
def test_a_case_gives_what_it_expects(name, one) -> None:
    expect = one["expect"]
    if "ok" in expect:
        assert OPERATIONS[one["op"]](one["input"]) == expect["ok"]
        return
    with pytest.raises(Malformed) as caught:
        OPERATIONS[one["op"]](one["input"])
    assert caught.value.reason == expect["error"]


def test_the_files_are_those_that_the_script_writes() -> None:
    for name, content in made().items():
        assert (OWN / name / "cases.json").read_text() == written(content), f"run make_document_vectors.py: {name}"


def test_identifiers_are_unique_and_most_cases_fail() -> None:
    for name in FILES:
        identifiers = [one["id"] for one in cases(name)]
        assert len(set(identifiers)) == len(identifiers)
    failing = [one for _, one in CASES if "error" in one["expect"]]
    assert len(CASES) >= 150
    assert 2 * len(failing) > len(CASES)
