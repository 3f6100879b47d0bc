"""A strict reader of DER (X.690): definite minimal lengths, one-byte tags, bounded depth and count, nothing left over.

It reads what attested certificates need and refuses the rest. Used on bytes whose signature may not be checked yet.
"""

import re
from datetime import UTC, datetime
from typing import Final

MAX_DEPTH: Final = 12
MAX_ELEMENTS: Final = 512
CONSTRUCTED: Final = 0x20
BOOLEAN, INTEGER, BIT_STRING, OCTET_STRING, NULL, OID = 0x01, 0x02, 0x03, 0x04, 0x05, 0x06
ENUMERATED, UTC_TIME, GENERALIZED_TIME, SEQUENCE, SET = 0x0A, 0x17, 0x18, 0x30, 0x31


class DerError(ValueError):
    """The bytes are not DER, or not of the expected shape; the only error of this module."""


class Element:
    """One element; content, all its bytes, and children are cut out on demand, so that nothing is held twice."""

    __slots__ = ("_body", "_data", "_start", "_stop", "tag")

    def __init__(self, data: bytes, start: int, body: int, stop: int) -> None:
        self._data, self._start, self._body, self._stop = data, start, body, stop
        self.tag = data[start]

    @property
    def content(self) -> bytes:
        """Return the bytes after tag and length."""
        return self._data[self._body : self._stop]

    @property
    def raw(self) -> bytes:
        """Return all bytes, tag and length included."""
        return self._data[self._start : self._stop]

    @property
    def children(self) -> tuple["Element", ...]:
        """Return the elements inside a constructed element, none of a primitive one."""
        data, end, found = self._data, self._stop, []
        position = self._body if self.tag & CONSTRUCTED else end
        while position < end:
            # `decode` has checked every header: here they are only measured.
            size, body = data[position + 1], position + 2
            if size >= 0x80:
                body += size & 0x7F
                size = int.from_bytes(data[position + 2 : body])
            found.append(Element(data, position, body, body + size))
            position = body + size
        return tuple(found)

    def expect(self, tag: int) -> "Element":
        """Return self if it has `tag`. Raises DerError."""
        if self.tag != tag:
            raise DerError(f"tag {self.tag:#x} where {tag:#x} is due")
        return self


def decode(data: bytes, *, max_elements: int = MAX_ELEMENTS) -> Element:
    """Return the one element of `data`, of which every element inside is well formed. Raises DerError."""
    body, stop = _header(data, 0, len(data))
    if stop != len(data):
        raise DerError("trailing bytes")
    _walk(data, 0, body, stop, max_elements)
    return Element(data, 0, body, stop)


def _walk(data: bytes, start: int, body: int, stop: int, left: int) -> None:
    """Check every header inside, without recursion: a stack of ends bounds the depth."""
    ends = [stop]
    position = body if data[start] & CONSTRUCTED else stop
    left -= 1
    while True:
        while ends and position == ends[-1]:
            ends.pop()
        if not ends:
            return
        left -= 1
        if left < 0 or len(ends) >= MAX_DEPTH:
            raise DerError("too many elements")
        body, end = _header(data, position, ends[-1])
        if data[position] & CONSTRUCTED:
            ends.append(end)
            position = body
        else:
            position = end


def _header(data: bytes, start: int, end: int) -> tuple[int, int]:
    """Return where the content of the element at `start` begins and ends; it must end by `end`."""
    if start + 2 > end:
        raise DerError("truncated")
    if data[start] & 0x1F == 0x1F:
        raise DerError("long tag")
    size, body = data[start + 1], start + 2
    if size >= 0x80:
        count = size & 0x7F
        if not 1 <= count <= 3 or body + count > end:
            raise DerError("length")
        size = int.from_bytes(data[body : body + count])
        if size < 0x80 or size < 1 << (8 * (count - 1)):
            raise DerError("length is not minimal")
        body += count
    if body + size > end:
        raise DerError("truncated")
    return body, body + size


def integer(element: Element, tag: int = INTEGER) -> int:
    """Return a non-negative INTEGER, or an ENUMERATED with that `tag`. Raises DerError."""
    content = element.expect(tag).content
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
