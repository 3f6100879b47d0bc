"""CBOR of which every value has one encoding (RFC 8949 section 4.2.1), as it is written. The reader is `cbor`: a node
writes CBOR and reads none.

Source: specs/cbor.md.
"""

from dataclasses import dataclass
from typing import TypeAlias

from privity_protocol.canonical import MAX_INTEGER
from privity_protocol.errors import Malformed


@dataclass(frozen=True, slots=True)
class Tag:
    """A tagged value (RFC 8949 section 3.4)."""

    number: int
    value: "Value"


Key: TypeAlias = int | bytes | str
Value: TypeAlias = "int | bytes | str | bool | list[Value] | dict[Key, Value] | Tag | None"


def encode(value: Value) -> bytes:
    """Return the one encoding of `value`. Raises Malformed `integer_range`."""
    match value:
        case None | bool():
            return bytes([0xE0 | {False: 20, True: 21, None: 22}[value]])
        case int():
            bounded(value)
            return _head(0, value) if value >= 0 else _head(1, -1 - value)
        case bytes():
            return _head(2, len(value)) + value
        case str():
            encoded = value.encode("utf-8")
            return _head(3, len(encoded)) + encoded
        case list():
            return _head(4, len(value)) + b"".join(encode(entry) for entry in value)
        case dict():
            pairs = sorted((encode(key), encode(entry)) for key, entry in value.items())
            return _head(5, len(value)) + b"".join(key + entry for key, entry in pairs)
        case _:
            return _head(6, bounded(value.number)) + encode(value.value)


def _head(major: int, argument: int) -> bytes:
    if argument < 24:
        return bytes([major << 5 | argument])
    size = next(size for size in (1, 2, 4, 8) if argument < 1 << (8 * size))
    return bytes([major << 5 | 24 + size.bit_length() - 1]) + argument.to_bytes(size)


def bounded(value: int) -> int:
    """Return `value`. Raises Malformed `integer_range` for 2^53 or more in absolute value."""
    if abs(value) > MAX_INTEGER:
        raise Malformed("integer_range", "2^53 or more")
    return value
