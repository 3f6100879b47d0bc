"""Binary HTTP messages (RFC 9292), read as they come and written whole or in pieces. Source: specs/ohttp.md."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Final

from privity_protocol.errors import Malformed, StateError
from privity_protocol.ohttp import integer

MAX_HEAD: Final = 16_384
"""Bytes of control data and fields; as much again for trailers. Beyond: `too_large`."""
MAX_FIELDS: Final = 64
_NAME: Final = re.compile(rb"[!#$%&'*+\-.^_`|~0-9a-z]{1,256}")
_VALUE: Final = re.compile(rb"(?:[\x21-\x7e\x80-\xff](?:[\t\x20-\x7e\x80-\xff]*[\x21-\x7e\x80-\xff])?)?")
_TOKEN: Final = re.compile(rb"[!#$%&'*+\-.^_`|~0-9A-Za-z]{1,32}")
_TARGET: Final = re.compile(rb"[\x21-\x7e]*")
_REQUEST: Final = frozenset({0, 2})
_RESPONSE: Final = frozenset({1, 3})

Field = tuple[bytes, bytes]


@dataclass(frozen=True)
class Request:
    """Control data of a request and its fields, names in lower case."""

    method: bytes
    scheme: bytes
    authority: bytes
    path: bytes
    fields: tuple[Field, ...] = ()


@dataclass(frozen=True)
class Response:
    """Final status and fields."""

    status: int
    fields: tuple[Field, ...] = ()


class _More(Exception):
    """The bytes so far end within something."""


class _Part(Enum):
    FRAMING = "framing"
    CONTROL = "control"
    FIELDS = "fields"
    CONTENT = "content"
    TRAILERS = "trailers"
    PADDING = "padding"


class Reader:
    """Reads one message. `head` is there once it was read; `feed` returns content."""

    def __init__(self, *, response: bool) -> None:
        self.head: Request | Response | None = None
        self._kinds = _RESPONSE if response else _REQUEST
        self._part = _Part.FRAMING
        self._known = False
        self._control: Request | Response | None = None
        self._buffer = bytearray()
        self._left: int | None = None
        self._whole = True
        self._finished = False

    def feed(self, data: bytes) -> bytes:
        """Take bytes; return the content among them.

        Raises Malformed `header`, `member_value`, `order`, `integer_range`, `too_large`, `padding_nonzero`.
        """
        if self._finished:
            raise StateError("consumed", "the message has ended")
        self._buffer += data
        content = bytearray()
        try:
            while self._buffer:
                content += self._step()
        except _More:
            if self._part is not _Part.CONTENT and len(self._buffer) > MAX_HEAD:
                raise Malformed("too_large", f"{self._part.value}: more than {MAX_HEAD} bytes") from None
        return bytes(content)

    def finish(self) -> Request | Response:
        """Return the head: the message has ended. Empty parts may be left out. Raises Malformed `truncated`."""
        self._finished = True
        if self._buffer or not self._whole or self._control is None:
            raise Malformed("truncated", self._part.value)
        if self.head is None:
            self.head = self._control
        return self.head

    def _step(self) -> bytes:
        match self._part:
            case _Part.FRAMING:
                self._framing()
            case _Part.CONTROL:
                self._read_control()
            case _Part.FIELDS:
                self._read_head_fields()
            case _Part.CONTENT:
                return self._content()
            case _Part.TRAILERS:
                _, end = self._fields()
                self._take(end)
                self._part = _Part.PADDING
            case _:
                if any(self._buffer):
                    raise Malformed("padding_nonzero", "after the message")
                self._buffer.clear()
        return b""

    def _framing(self) -> None:
        kind, end = self._integer(0)
        if kind not in self._kinds:
            raise Malformed("header", f"framing {kind}")
        self._known = kind < 2
        self._take(end)
        self._part = _Part.CONTROL

    def _read_control(self) -> None:
        if self._kinds is _RESPONSE:
            status, at = self._integer(0)
            if not 100 <= status <= 599:
                raise Malformed("header", f"status {status}")
            self._control = Response(status)
        else:
            pieces, at = [], 0
            for pattern in (_TOKEN, _TOKEN, _TARGET, _TARGET):
                piece, at = self._text(at, pattern)
                pieces.append(piece)
            self._control = Request(pieces[0], pieces[1], pieces[2], pieces[3])
        self._take(at)
        self._part = _Part.FIELDS
        self._whole = not (isinstance(self._control, Response) and self._control.status < 200)

    def _read_head_fields(self) -> None:
        fields, end = self._fields()
        self._take(end)
        if isinstance(self._control, Request):
            read = self._control
            self.head = Request(read.method, read.scheme, read.authority, read.path, fields)
        elif self._control is not None and self._control.status < 200:
            self._part, self._control = _Part.CONTROL, None  # an interim answer: the real one follows
            return
        else:
            assert isinstance(self._control, Response)
            self.head = Response(self._control.status, fields)
        self._part = _Part.CONTENT

    def _content(self) -> bytes:
        if self._left is None:
            self._left, end = self._integer(0)
            self._take(end)
            self._whole = False
            if self._left == 0:
                self._part, self._whole = _Part.TRAILERS, True
                return b""
        piece = bytes(self._buffer[: self._left])
        self._take(len(piece))
        self._left -= len(piece)
        if self._left == 0:
            if self._known:
                self._part, self._whole = _Part.TRAILERS, True
            else:
                self._left = None
        return piece

    def _fields(self) -> tuple[tuple[Field, ...], int]:
        """The field section at the beginning of the buffer, and where it ends."""
        found: list[Field] = []
        at, end = 0, -1
        if self._known:
            length, at = self._integer(0)
            if length > MAX_HEAD:
                raise Malformed("too_large", f"fields: more than {MAX_HEAD} bytes")
            end = at + length
            if end > len(self._buffer):
                raise _More
        while at != end:
            if not self._known:
                length, after = self._integer(at)
                if length == 0:
                    return tuple(found), after
            name, at = self._text(at, _NAME)
            value, at = self._text(at, _VALUE)
            if self._known and at > end:
                raise Malformed("order", "a field beyond its section")
            found.append((name, value))
            if len(found) > MAX_FIELDS:
                raise Malformed("too_large", f"more than {MAX_FIELDS} fields")
        return tuple(found), at

    def _integer(self, at: int) -> tuple[int, int]:
        found = integer.read(self._buffer, at)
        if found is None:
            raise _More
        return found

    def _text(self, at: int, pattern: re.Pattern[bytes]) -> tuple[bytes, int]:
        length, start = self._integer(at)
        if length > MAX_HEAD:
            raise Malformed("too_large", f"more than {MAX_HEAD} bytes")
        if start + length > len(self._buffer):
            raise _More
        piece = bytes(self._buffer[start : start + length])
        if pattern.fullmatch(piece) is None:
            raise Malformed("member_value", self._part.value)
        return piece, start + length

    def _take(self, count: int) -> None:
        del self._buffer[:count]


def encode_request(request: Request, content: bytes = b"") -> bytes:
    """Return a request of known length."""
    control = b"".join(map(_sized, (request.method, request.scheme, request.authority, request.path)))
    return b"\x00" + control + _sized(_lines(request.fields)) + _sized(content) + b"\x00"


def encode_response(response: Response, content: bytes = b"") -> bytes:
    """Return a response of known length."""
    return b"\x01" + integer.encode(response.status) + _sized(_lines(response.fields)) + _sized(content) + b"\x00"


def begin_response(response: Response) -> bytes:
    """Return the beginning of a response of indeterminate length; pieces by `piece`, then `END` follow."""
    return b"\x03" + integer.encode(response.status) + _lines(response.fields) + b"\x00"


def piece(content: bytes) -> bytes:
    """Return a piece of content, which is not empty, of a message of indeterminate length."""
    if not content:
        raise AssertionError("an empty piece would be the end")
    return _sized(content)


END: Final = b"\x00\x00"
"""No more content, and no trailers."""


def _lines(fields: Sequence[Field]) -> bytes:
    return b"".join(_sized(name) + _sized(value) for name, value in fields)


def _sized(data: bytes) -> bytes:
    return integer.encode(len(data)) + data
