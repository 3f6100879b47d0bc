"""Intel's signed JSON, read after its signature is checked: bounded, no duplicate members, no fractions.

The text is ASCII without escapes, as Intel writes it; members that this reader does not know are ignored, for the
vendor may add some. The browser's reader accepts and refuses the same texts.
"""

import json
import re
from datetime import UTC, datetime
from typing import Final, NoReturn

MAX_TEXT: Final = 64 * 1024
MAX_DEPTH: Final = 8
MAX_DIGITS: Final = 10
_TEXT: Final = re.compile(rb"[\t\n\r -\[\]-~]*")  # printable ASCII and white space, no backslash
_NO_BRACKET: Final = re.compile(rb'"[^"]*"|[^\[\]{}"]+')
_EMPTY: Final = re.compile(rb"\[\]|\{\}")
_TIME: Final = re.compile(r"([0-9]{4})-([0-9]{2})-([0-9]{2})T([0-9]{2}):([0-9]{2}):([0-9]{2})Z")
_HEX: Final = re.compile(r"[0-9A-Fa-f]*")

Object = dict[str, object]


class IntelJsonError(Exception):
    """The text is not of the expected form; the only error of this module."""


def decode(text: bytes) -> Object:
    """Return the object that `text` holds. Raises IntelJsonError."""
    if len(text) > MAX_TEXT or not _TEXT.fullmatch(text):
        raise IntelJsonError("text")
    _bound_depth(text)
    try:
        value: object = json.loads(
            text.decode("ascii"),
            object_pairs_hook=_object,
            parse_int=_integer,
            parse_float=_refuse,
            parse_constant=_refuse,
        )
    except ValueError as error:
        raise IntelJsonError("not JSON") from error
    if not isinstance(value, dict):
        raise IntelJsonError("no object")
    return value


def _bound_depth(text: bytes) -> None:
    # Before parsing: the parser recurses, and would fail at a depth of its own. Each round takes the innermost level.
    brackets = _NO_BRACKET.sub(b"", text)
    for _ in range(MAX_DEPTH):
        brackets = _EMPTY.sub(b"", brackets)
    if brackets:
        raise IntelJsonError("depth")


def _object(pairs: list[tuple[str, object]]) -> Object:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("duplicate member")
    return found


def _integer(text: str) -> int:
    if len(text) > MAX_DIGITS or not text.isdigit():
        raise ValueError("number")
    return int(text)


def _refuse(_text: str) -> NoReturn:
    raise ValueError("number")


def member(value: object, name: str) -> object:
    """Return member `name` of an object. Raises IntelJsonError."""
    if not isinstance(value, dict) or name not in value:
        raise IntelJsonError(name)
    found: object = value[name]
    return found


def text_of(value: object, longest: int) -> str:
    """Return a text of at most `longest` characters. Raises IntelJsonError."""
    if not isinstance(value, str) or len(value) > longest:
        raise IntelJsonError("text")
    return value


def integer_of(value: object, most: int) -> int:
    """Return an integer from 0 to `most`. Raises IntelJsonError."""
    if not isinstance(value, int) or isinstance(value, bool) or value > most:
        raise IntelJsonError("integer")
    return value


def bytes_of(value: object, size: int) -> bytes:
    """Return the `size` bytes that hexadecimal text of either case stands for. Raises IntelJsonError."""
    if not isinstance(value, str) or len(value) != 2 * size or not _HEX.fullmatch(value):
        raise IntelJsonError("hexadecimal")
    return bytes.fromhex(value)


def list_of(value: object, most: int) -> list[object]:
    """Return a list of at most `most` entries. Raises IntelJsonError."""
    if not isinstance(value, list) or len(value) > most:
        raise IntelJsonError("list")
    return value


def time_of(value: object) -> int:
    """Return the Unix seconds of a time as `2026-11-25T00:00:00Z`. Raises IntelJsonError."""
    match = _TIME.fullmatch(value) if isinstance(value, str) else None
    if match is None:
        raise IntelJsonError("time")
    year, month, day, hour, minute, second = map(int, match.groups())
    try:
        return int(datetime(year, month, day, hour, minute, second, tzinfo=UTC).timestamp())
    except ValueError as error:
        raise IntelJsonError("time") from error
