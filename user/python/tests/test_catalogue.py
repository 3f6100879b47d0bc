"""The catalogue's closed schema, and the cases of vectors/catalogue."""

import contextlib
import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from privity_client.errors import ClientError
from privity_client.models import catalogue
from privity_protocol import canonical
from privity_protocol.errors import Malformed

VECTORS = Path(__file__).resolve().parents[3] / "vectors" / "catalogue" / "cases.json"
CASES = json.loads(VECTORS.read_text())["cases"]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["id"])
def test_vectors(case: dict[str, object]) -> None:
    document = str(case["input"]["document"]).encode()
    expect = case["expect"]
    if "error" in expect:
        with pytest.raises(Malformed) as caught:
            catalogue.decode(document)
        assert caught.value.reason == expect["error"]
    else:
        read = catalogue.decode(document)
        assert read.version == expect["ok"]["version"]
        pinned = [entry.id for entry in read.entries if entry.pin]
        assert [entry.id for entry in read.entries] == expect["ok"]["ids"]
        assert pinned == expect["ok"]["pinned"]


def test_most_cases_must_fail() -> None:
    assert sum("error" in case["expect"] for case in CASES) > len(CASES) / 2


def test_the_packaged_catalogue_is_read() -> None:
    read = catalogue.load()
    assert read.entries
    assert {entry.licence for entry in read.entries} <= {"Apache-2.0", "MIT"}


def test_an_unknown_model_is_named() -> None:
    with pytest.raises(ClientError, match="model_unknown: nonesuch"):
        catalogue.load().entry("nonesuch")


@given(st.binary(max_size=200))
def test_only_documented_errors_leave(data: bytes) -> None:
    with contextlib.suppress(Malformed):
        catalogue.decode(data)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53) + 1, 2**53 - 1) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["id", "v", "size", "x"]), inner),
    max_leaves=8,
)


@given(st.sampled_from(sorted(catalogue._ENTRY)), JSON)
def test_any_value_of_any_member_is_read_or_refused(name: str, value: object) -> None:
    document = json.loads(str(CASES[0]["input"]["document"]))
    document["models"][0][name] = value
    with contextlib.suppress(Malformed):
        catalogue.decode(canonical.encode(document))
