"""Closed schemas over strict CBOR: maps of integer keys 1 to n, and rows of fixed length. Source: specs/page.md."""

from collections.abc import Sequence
from itertools import pairwise
from typing import Final

from privity_protocol import cbor
from privity_protocol.cbor import Value
from privity_protocol.errors import Malformed

U32: Final = 2**32 - 1
"""Largest object version, generation, epoch and day."""
COUNT: Final = 2**53 - 1
"""Largest page number and device sequence: JavaScript counts no further exactly."""


def decode(data: bytes, count: int, most: int) -> list[Value]:
    """Return the members 1 to `count` of the map that `data` encodes, in order.

    Raises Malformed: `too_large`, those of specs/cbor.md, `member_type`, `missing_member`, `unknown_member`.
    """
    if len(data) > most:
        raise Malformed("too_large", f"{len(data)} bytes, at most {most}")
    return of_map(cbor.decode(data), count)


def of_map(value: Value, count: int) -> list[Value]:
    """Return the members 1 to `count` of a map. Raises Malformed as `decode` does."""
    if not isinstance(value, dict):
        raise Malformed("member_type", "not a map")
    due = list(range(1, count + 1))
    if any(key not in value for key in due):
        raise Malformed("missing_member", str([key for key in due if key not in value]))
    if len(value) != count:
        raise Malformed("unknown_member", f"{len(value) - count} more")
    return [value[key] for key in due]


def encode(members: Sequence[Value]) -> bytes:
    """Return the map with these members under 1, 2, and so on."""
    return cbor.encode(dict(enumerate(members, 1)))


def number(value: Value, name: str, least: int = 0, most: int = U32) -> int:
    """An integer between bounds. Raises Malformed `member_type`, `member_value`."""
    if isinstance(value, bool) or not isinstance(value, int):
        raise Malformed("member_type", name)
    if not least <= value <= most:
        raise Malformed("member_value", f"{name}: {value}, expected {least} to {most}")
    return value


def octets(value: Value, name: str, size: int) -> bytes:
    """Exactly `size` bytes. Raises Malformed `member_type`, `member_value`."""
    return bounded(value, name, size, size)


def bounded(value: Value, name: str, least: int, most: int) -> bytes:
    """Between `least` and `most` bytes. Raises Malformed `member_type`, `member_value`."""
    if not isinstance(value, bytes):
        raise Malformed("member_type", name)
    if not least <= len(value) <= most:
        raise Malformed("member_value", f"{name}: {len(value)} bytes, expected {least} to {most}")
    return value


def text(value: Value, name: str, most: int) -> str:
    """Text of at most `most` UTF-8 bytes. Raises Malformed `member_type`, `member_value`."""
    if not isinstance(value, str):
        raise Malformed("member_type", name)
    if len(value.encode()) > most:
        raise Malformed("member_value", f"{name}: more than {most} bytes")
    return value


def listed(value: Value, name: str, most: int, least: int = 0) -> list[Value]:
    """A list of bounded length. Raises Malformed `member_type`, `member_value`."""
    if not isinstance(value, list):
        raise Malformed("member_type", name)
    if not least <= len(value) <= most:
        raise Malformed("member_value", f"{name}: {len(value)} rows, expected {least} to {most}")
    return value


def rows(value: Value, name: str, width: int, most: int, least: int = 0) -> list[list[Value]]:
    """A list of rows of `width` members. Raises Malformed `member_type`, `member_value`."""
    return [row(one, name, width) for one in listed(value, name, most, least)]


def row(value: Value, name: str, width: int) -> list[Value]:
    """A list of exactly `width` members. Raises Malformed `member_type`, `member_value`."""
    if not isinstance(value, list):
        raise Malformed("member_type", name)
    if len(value) != width:
        raise Malformed("member_value", f"{name}: a row of {len(value)}, expected {width}")
    return value


def distinct(values: Sequence[bytes], name: str) -> None:
    """Raises Malformed `member_value` unless the values rise, so that none occurs twice and one order is left."""
    if any(before >= after for before, after in pairwise(values)):
        raise Malformed("member_value", f"{name}: not in rising order")


def version(value: Value) -> None:
    """Every format here is version 1. Raises Malformed `member_type`, `member_value`."""
    number(value, "version", 1, 1)
