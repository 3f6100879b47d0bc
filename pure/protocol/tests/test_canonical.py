"""Canonical JSON: properties, local misuse, and what no input may do."""

import json

import pytest
from document_vectors import attempt
from hypothesis import given
from hypothesis import strategies as st
from privity_protocol import canonical
from privity_protocol.errors import Malformed

NAMES = st.text(st.sampled_from("abzAZ09_-. "), max_size=6)
INTEGERS = st.integers(-canonical.MAX_INTEGER, canonical.MAX_INTEGER)
TEXTS = st.text(st.characters(exclude_categories=("Cs",)), max_size=8)
VALUES = st.recursive(
    st.none() | st.booleans() | INTEGERS | TEXTS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAMES, inner, max_size=3),
    max_leaves=8,
)


@given(VALUES)
def test_what_is_encoded_decodes_to_itself(value) -> None:
    data = canonical.encode(value)
    assert canonical.decode(data, max_bytes=10_000, max_depth=64) == value
    assert data.isascii()


@given(st.binary(max_size=60) | st.text(st.sampled_from('{}[]":,\\u0019eE.-+ntfab \n'), max_size=40).map(str.encode))
def test_any_bytes_decode_or_give_a_documented_reason(data) -> None:
    value = attempt(lambda: canonical.decode(data, max_bytes=50))
    if isinstance(value, Malformed):
        assert value.reason in ("too_large", "too_deep", "not_canonical")
    else:
        assert canonical.encode(value) == data
        assert json.loads(data) == value


@pytest.mark.parametrize("value", [1.0, b"x", (1,), {1: 2}, {"é": 1}, {'"': 1}, 2**53, "\ud800", object()])
def test_what_canonical_json_cannot_say_is_not_written(value) -> None:
    with pytest.raises(Malformed, match="not_canonical"):
        canonical.encode(value)


@pytest.mark.parametrize(
    ("read", "value", "reason"),
    [
        (lambda v: canonical.members(v, frozenset("ab"), "m"), [], "member_type: m is not an object"),
        (lambda v: canonical.members(v, frozenset("ab"), "m"), {"a": 1, "c": 1}, "missing_member: m.b"),
        (lambda v: canonical.members(v, frozenset("ab"), "m"), {"a": 1, "b": 1, "c" * 99: 1}, "unknown_member: m.cccc"),
        (lambda v: canonical.text(v, "t", longest=2), 1, "member_type"),
        (lambda v: canonical.text(v, "t", longest=2), "abc", "member_value"),
        (lambda v: canonical.text(v, "t", longest=2), "", "member_value"),
        (lambda v: canonical.integer(v, "i"), True, "member_type"),
        (lambda v: canonical.integer(v, "i"), "1", "member_type"),
        (lambda v: canonical.integer(v, "i"), -1, "member_value"),
        (lambda v: canonical.integer(v, "i", most=3), 4, "member_value"),
        (lambda v: canonical.boolean(v, "b"), 1, "member_type"),
        (lambda v: canonical.entries(v, "e", most=1), {}, "member_type"),
        (lambda v: canonical.entries(v, "e", most=1), [1, 2], "member_value"),
        (lambda v: canonical.entries(v, "e", most=1, least=1), [], "member_value"),
        (lambda v: canonical.from_hex(v, "h", size=1), 0, "member_type"),
        (lambda v: canonical.from_hex(v, "h", size=1), "0", "member_value"),
        (lambda v: canonical.from_hex(v, "h", size=1), "0A", "member_value"),
        (lambda v: canonical.from_base64url(v, "b", size=1), 0, "member_type"),
        (lambda v: canonical.from_base64url(v, "b", size=1), "AAA", "member_value"),
        (lambda v: canonical.from_base64url(v, "b", size=1), "AB", "member_value"),
    ],
)
def test_readers_name_the_member_and_the_fault(read, value, reason) -> None:
    with pytest.raises(Malformed) as caught:
        read(value)
    assert str(caught.value).startswith(reason)


def test_readers_return_what_they_read() -> None:
    assert canonical.members({"a": 1}, frozenset("a"), "m") == {"a": 1}
    assert canonical.text("ab", "t", longest=2) == "ab"
    assert canonical.integer(3, "i", most=3) == 3
    assert canonical.boolean(False, "b") is False
    assert canonical.entries([1], "e", most=1, least=1) == [1]
    assert canonical.from_hex("0a", "h", size=1) == b"\n"
    assert canonical.from_base64url("AA", "b", size=1) == b"\0"


@given(st.binary(max_size=20))
def test_base64url_has_one_spelling(data) -> None:
    text = canonical.base64url_encode(data)
    assert canonical.base64url_decode(text) == data
    assert canonical.base64url_decode(text + "=") is None
    assert "+" not in text
    assert "/" not in text


@given(st.text(st.sampled_from("AB_-+/=\n é"), max_size=9))
def test_base64url_of_any_text_is_canonical_or_nothing(text) -> None:
    data = canonical.base64url_decode(text)
    assert data is None or canonical.base64url_encode(data) == text
