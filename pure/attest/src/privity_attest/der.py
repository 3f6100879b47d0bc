"""A strict reader of DER (X.690): definite minimal lengths, one-byte tags, bounded depth and count, nothing left over.

It reads what attested certificates need and refuses the rest. Used on bytes whose signature may not be checked yet.
"""

import re
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

MAX_DEPTH: Final = 12
MAX_ELEMENTS: Final = 512
BOOLEAN, INTEGER, BIT_STRING, OCTET_STRING, NULL, OID = 0x01, 0x02, 0x03, 0x04, 0x05, 0x06
UTC_TIME, GENERALIZED_TIME, SEQUENCE, SET = 0x17, 0x18, 0x30, 0x31


class DerError(ValueError):
    """The bytes are not DER, or not of the expected shape; the only error of this module."""


@dataclass(frozen=True, slots=True)
class Element:
    """One element: its tag byte, its content, and all its bytes including tag and length."""

    tag: int
    content: bytes
    raw: bytes
    children: tuple["Element", ...]

    def expect(self, tag: int) -> "Element":
        """Return self if it has `tag`. Raises DerError."""
        if self.tag != tag:
            raise DerError(f"tag {self.tag:#x} where {tag:#x} is due")
        return self


def decode(data: bytes) -> Element:
    """Return the one element of `data` with all constructed children. Raises DerError."""
    element, end = _Reader(data).element(0, len(data), MAX_DEPTH)
    if end != len(data):
        raise DerError("trailing bytes")
    return element


class _Reader:
    def __init__(self, data: bytes) -> None:
        self.data = data
        self.left = MAX_ELEMENTS

    def element(self, start: int, end: int, depth: int) -> tuple[Element, int]:
        self.left -= 1
        if self.left < 0 or depth == 0:
            raise DerError("too many elements")
        tag = self._byte(start, end)
        if tag & 0x1F == 0x1F:
            raise DerError("long tag")
        size, body = self._length(start + 1, end)
        stop = body + size
        if stop > end:
            raise DerError("truncated")
        children = []
        position = body
        while tag & 0x20 and position < stop:
            child, position = self.element(position, stop, depth - 1)
            children.append(child)
        return Element(tag, self.data[body:stop], self.data[start:stop], tuple(children)), stop

    def _byte(self, position: int, end: int) -> int:
        if position >= end:
            raise DerError("truncated")
        return self.data[position]

    def _length(self, position: int, end: int) -> tuple[int, int]:
        first = self._byte(position, end)
        if first < 0x80:
            return first, position + 1
        count = first & 0x7F
        if not 1 <= count <= 3 or position + 1 + count > end:
            raise DerError("length")
        size = int.from_bytes(self.data[position + 1 : position + 1 + count])
        if size < 0x80 or size < 1 << (8 * (count - 1)):
            raise DerError("length is not minimal")
        return size, position + 1 + count


def integer(element: Element) -> int:
    """Return a non-negative INTEGER. Raises DerError."""
    content = element.expect(INTEGER).content
    if not content or content[0] & 0x80:
        raise DerError("integer is empty or negative")
    if len(content) > 1 and content[0] == 0 and not content[1] & 0x80:
        raise DerError("integer is not minimal")
    return int.from_bytes(content)


def boolean(element: Element) -> bool:
    """Return a BOOLEAN. Raises DerError."""
    content = element.expect(BOOLEAN).content
    if content not in (b"\x00", b"\xff"):
        raise DerError("boolean")
    return content == b"\xff"


def bit_string(element: Element) -> tuple[bytes, int]:
    """Return the bytes of a BIT STRING and how many trailing bits of the last are unused (zero). Raises DerError."""
    content = element.expect(BIT_STRING).content
    if not content or content[0] > 7 or (content[0] and len(content) == 1):
        raise DerError("bit string")
    unused = content[0]
    if unused and content[-1] & ((1 << unused) - 1):
        raise DerError("unused bits are set")
    return content[1:], unused


def time(element: Element) -> int:
    """Return a UTCTime or GeneralizedTime of RFC 5280 (whole seconds, Z) as Unix seconds. Raises DerError."""
    digits = element.content[:-1]
    if element.tag == UTC_TIME and re.fullmatch(rb"[0-9]{12}Z", element.content):
        # RFC 5280 section 4.1.2.5.1: two-digit years below 50 are 20xx.
        digits = (b"20" if digits[:2] < b"50" else b"19") + digits
    elif element.tag != GENERALIZED_TIME or not re.fullmatch(rb"[0-9]{14}Z", element.content):
        raise DerError("time")
    month, day, hour, minute, second = (int(digits[at : at + 2]) for at in range(4, 14, 2))
    try:
        return int(datetime(int(digits[:4]), month, day, hour, minute, second, tzinfo=UTC).timestamp())
    except ValueError as error:
        raise DerError("time") from error
