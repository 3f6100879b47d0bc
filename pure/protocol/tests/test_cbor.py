"""Deterministic CBOR against an independent implementation."""

import cbor2
import pytest
from document_vectors import attempt
from hypothesis import given, settings
from hypothesis import strategies as st
from privity_protocol import cbor
from privity_protocol.errors import REASONS, Malformed

INTEGERS = st.integers(1 - 2**53, 2**53 - 1)
KEYS = INTEGERS | st.binary(max_size=5) | st.text(max_size=5)
LEAVES = INTEGERS | st.binary(max_size=300) | st.text(max_size=5) | st.booleans() | st.none()
VALUES = st.recursive(
    LEAVES,
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(KEYS, inner, max_size=4)
        | st.builds(cbor.Tag, st.sampled_from([17, 18, 40_000, 2**40]), inner)
    ),
    max_leaves=12,
)


def for_oracle(value):
    """The same value in the other implementation's types."""
    match value:
        case cbor.Tag():
            return cbor2.CBORTag(value.number, for_oracle(value.value))
        case list():
            return [for_oracle(one) for one in value]
        case dict():
            # cbor2's "canonical" is the older, length-first order of RFC 7049; ours is RFC 8949 section 4.2.1.
            ordered = sorted(value, key=cbor2.dumps)
            return {key: for_oracle(value[key]) for key in ordered}
        case _:
            return value


@given(VALUES)
def test_the_writer_agrees_with_the_oracle_and_the_reader_with_both(value) -> None:
    data = cbor.encode(value)
    assert data == cbor2.dumps(for_oracle(value))
    assert cbor.decode(data, max_depth=64) == value


@settings(max_examples=400)
@given(st.binary(max_size=40))
def test_any_bytes_decode_to_their_only_encoding_or_give_a_documented_reason(data) -> None:
    value = attempt(lambda: cbor.decode(data))
    if isinstance(value, Malformed):
        assert value.reason in REASONS
    else:
        assert cbor.encode(value) == data


@given(VALUES, st.data())
def test_a_changed_byte_is_refused_or_another_value(value, draw) -> None:
    data = bytearray(cbor.encode(value))
    at = draw.draw(st.integers(0, len(data) - 1))
    data[at] ^= draw.draw(st.integers(1, 255))
    try:
        other = cbor.decode(bytes(data), max_depth=64)
    except Malformed:
        return
    assert cbor.encode(other) == data


def test_depth_and_count_stop_at_their_limits() -> None:
    assert cbor.decode(b"\x81\x00", max_depth=1, max_items=2) == [0]
    with pytest.raises(Malformed, match="too_deep"):
        cbor.decode(b"\x81\x81\x00", max_depth=1)
    with pytest.raises(Malformed, match="too_many"):
        cbor.decode(b"\x81\x00", max_items=1)


@pytest.mark.parametrize("value", [2**53, -(2**53), cbor.Tag(2**53, 0)])
def test_integers_beyond_the_range_are_not_written(value) -> None:
    with pytest.raises(Malformed, match="integer_range"):
        cbor.encode(value)


def test_a_repeated_key_is_refused_in_any_order() -> None:
    backwards = bytes.fromhex("a2020101 02".replace(" ", ""))
    assert cbor.decode(backwards, any_order=True) == {2: 1, 1: 2}
    for twice in ("a201010102", "a3010102020103"):
        for any_order in (False, True):
            with pytest.raises(Malformed) as caught:
                cbor.decode(bytes.fromhex(twice), any_order=any_order)
            assert caught.value.reason == "key_order"


@settings(max_examples=300)
@given(st.binary(max_size=40))
def test_any_bytes_in_any_order_give_what_the_oracle_gives_or_a_documented_reason(data) -> None:
    value = attempt(lambda: cbor.decode(data, any_order=True))
    if isinstance(value, Malformed):
        assert value.reason in REASONS
    else:
        assert len(cbor.encode(value)) == len(data)


UNCOUNTED = {
    "map": ("bf6161016162f6ff", {"a": 1, "b": None}),
    "array": ("9f0102ff", [1, 2]),
    "empty map": ("bfff", {}),
    "nested": ("bf61619f80ffff", {"a": [[]]}),
}
REFUSED_UNCOUNTED = {
    "bytes": ("5f4101ff", "unsupported_item"),
    "text": ("7f6161ff", "unsupported_item"),
    "tag": ("df00", "unsupported_item"),
    "break alone": ("ff", "unsupported_item"),
    "break for a value": ("bf6161ff", "unsupported_item"),
    "break in a counted array": ("81ff", "unsupported_item"),
    "no break": ("9f01", "truncated"),
    "byte after the break": ("9fff00", "trailing_data"),
    "key twice": ("bf616101616102ff", "key_order"),
    "too deep": ("9f9fffff", "too_deep"),
}


@pytest.mark.parametrize(("data", "value"), UNCOUNTED.values(), ids=UNCOUNTED)
def test_arrays_and_maps_without_a_count_are_read_where_a_vendor_writes_them(data, value) -> None:
    assert cbor.decode(bytes.fromhex(data), indefinite=True) == value == cbor2.loads(bytes.fromhex(data))
    with pytest.raises(Malformed, match="unsupported_item"):
        cbor.decode(bytes.fromhex(data))


@pytest.mark.parametrize(("data", "reason"), REFUSED_UNCOUNTED.values(), ids=REFUSED_UNCOUNTED)
def test_nothing_else_is_left_uncounted(data, reason) -> None:
    with pytest.raises(Malformed, match=reason):
        cbor.decode(bytes.fromhex(data), indefinite=True, max_depth=1)


@settings(max_examples=400)
@given(st.binary(max_size=40))
def test_any_bytes_of_a_vendor_decode_or_give_a_documented_reason(data) -> None:
    value = attempt(lambda: cbor.decode(data, any_order=True, indefinite=True))
    if isinstance(value, Malformed):
        assert value.reason in REASONS
