"""Strict JSON for what people and models write: any spelling, but one meaning. Source: specs/application.md.

Documents of ours that are hashed are canonical instead (specs/canonical.md).
"""

import json
import math
import re
from typing import Final, NoReturn

from privity_protocol.errors import Malformed

# The possessive quantifier keeps the scan linear: an unclosed string swallows the rest instead of being retried.
_TOKEN: Final = re.compile(rb'"(?:[^"\\]|\\.)*+"?|[\[\]{}]', re.DOTALL)
_LONGEST_NUMBER: Final = 32
_LARGEST_INTEGER: Final = 2**53 - 1


def decode(data: bytes, *, max_depth: int) -> object:
    """Return the value of UTF-8 JSON text: dict, list, str, int, float, bool or None.

    Raises Malformed `not_utf8` (also a lone surrogate), `too_deep`, `duplicate_member`, `not_json` (also NaN, Infinity,
    an integer of 2^53 or more, a number that overflows or has more than 32 characters).
    """
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError:
        raise Malformed("not_utf8", "JSON text") from None
    bound_depth(data, max_depth)
    try:
        value: object = json.loads(
            text, object_pairs_hook=_members, parse_int=_integer, parse_float=_float, parse_constant=refuse
        )
    except ValueError:
        raise Malformed("not_json", f"{len(data)} bytes that are no JSON text") from None
    if "\\" in text:
        encode(value)  # finds half a character, which only an escape can spell
    return value


def encode(value: object) -> bytes:
    """Return compact UTF-8 JSON, members in the given order. Raises Malformed `not_utf8` for a lone surrogate."""
    try:
        return json.dumps(value, ensure_ascii=False, allow_nan=False, separators=(",", ":")).encode("utf-8")
    except UnicodeEncodeError:
        raise Malformed("not_utf8", "lone surrogate") from None


def bound_depth(data: bytes, max_depth: int) -> None:
    """Raise Malformed `too_deep` for more levels, before parsing: the parser recurses, to a depth of its own."""
    depth = 0
    for token in _TOKEN.findall(data):
        if token in b"[{":
            depth += 1
            if depth > max_depth:
                raise Malformed("too_deep", f"more than {max_depth} levels")
        elif token in b"]}":
            depth -= 1


def _members(pairs: list[tuple[str, object]]) -> dict[str, object]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise Malformed("duplicate_member", "a member name occurs twice in one object")
    return found


def _integer(text: str) -> int:
    if len(text) > _LONGEST_NUMBER or abs(value := int(text)) > _LARGEST_INTEGER:
        raise ValueError("number")
    return value


def _float(text: str) -> float:
    if len(text) > _LONGEST_NUMBER or not math.isfinite(value := float(text)):
        raise ValueError("number")
    return value


def refuse(_text: str) -> NoReturn:
    """Refuse a number that the format does not have."""
    raise ValueError("number")
