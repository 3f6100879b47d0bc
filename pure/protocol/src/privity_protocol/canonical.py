"""Canonical JSON: one spelling per value, so that documents are hashed and compared as bytes.

Source: specs/canonical.md. ASCII, integers below 2^53 in absolute value, depth at most 8, member names of printable
ASCII sorted bytewise, no white space; accepted only when equal to its own re-serialisation.
"""

import json
import re
from base64 import urlsafe_b64decode, urlsafe_b64encode
from typing import Final

from privity_protocol.errors import Malformed
from privity_protocol.jsontext import bound_depth, refuse

MAX_INTEGER: Final = 2**53 - 1  # largest integer that JavaScript keeps exact
MAX_DEPTH: Final = 8
_NAME = re.compile(r"[ !#-\[\]-~]*")
_SURROGATE = re.compile("[\ud800-\udfff]")
_BASE64URL = re.compile(r"[A-Za-z0-9_-]*")


def decode(data: bytes, *, max_bytes: int, max_depth: int = MAX_DEPTH) -> object:
    """Return the value of canonical JSON `data`: dict, list, str, int, bool or None.

    Raises Malformed: `too_large`, `too_deep`, `not_canonical`.
    """
    if len(data) > max_bytes:
        raise Malformed("too_large", f"{len(data)} bytes, at most {max_bytes}")
    if not data.isascii():
        raise Malformed("not_canonical", "not ASCII")
    bound_depth(data, max_depth)
    try:
        value: object = json.loads(data.decode("ascii"), parse_float=refuse, parse_constant=refuse, parse_int=_integer)
    except ValueError as error:
        raise Malformed("not_canonical", "not JSON of integers, strings, lists and objects") from error
    if encode(value) != data:
        raise Malformed("not_canonical", "differs from its own re-serialisation")
    return value


def encode(value: object) -> bytes:
    """Return the one spelling of `value`. Raises Malformed `not_canonical` for what canonical JSON cannot say."""
    _check(value)
    return json.dumps(value, ensure_ascii=True, sort_keys=True, separators=(",", ":")).encode("ascii")


def _integer(text: str) -> int:
    if len(text) > 17:
        raise ValueError("number")
    return int(text)


def _check(value: object) -> None:
    match value:
        case None | bool():
            return
        case int():
            if abs(value) > MAX_INTEGER:
                raise Malformed("not_canonical", "integer of 2^53 or more")
        case str():
            if _SURROGATE.search(value):
                raise Malformed("not_canonical", "lone surrogate")
        case list():
            for entry in value:
                _check(entry)
        case dict():
            for name, member in value.items():
                if not isinstance(name, str) or not _NAME.fullmatch(name):
                    raise Malformed("not_canonical", "member name")
                _check(member)
        case _:
            raise Malformed("not_canonical", type(value).__name__)


def members(value: object, names: frozenset[str], what: str) -> dict[str, object]:
    """Return `value` as an object with exactly the members `names`; `what` names it in errors.

    Raises Malformed: `member_type`, `missing_member`, `unknown_member`.
    """
    if not isinstance(value, dict):
        raise Malformed("member_type", f"{what} is not an object")
    missing = sorted(names - value.keys())
    if missing:
        raise Malformed("missing_member", f"{what}.{missing[0]}")
    unknown = sorted(value.keys() - names)
    if unknown:
        raise Malformed("unknown_member", f"{what}.{unknown[0][:64]}")
    return value


def text(value: object, what: str, *, longest: int, pattern: str = "[ -~]+") -> str:
    """Return `value` as text of at most `longest` characters that matches `pattern`. Raises Malformed."""
    if not isinstance(value, str):
        raise Malformed("member_type", f"{what} is not text")
    if len(value) > longest or not re.fullmatch(pattern, value):
        raise Malformed("member_value", what)
    return value


def integer(value: object, what: str, *, least: int = 0, most: int = MAX_INTEGER) -> int:
    """Return `value` as an integer from `least` to `most`, both included. Raises Malformed."""
    if not isinstance(value, int) or isinstance(value, bool):
        raise Malformed("member_type", f"{what} is not an integer")
    if not least <= value <= most:
        raise Malformed("member_value", what)
    return value


def boolean(value: object, what: str) -> bool:
    """Return `value` as true or false. Raises Malformed."""
    if not isinstance(value, bool):
        raise Malformed("member_type", f"{what} is not true or false")
    return value


def entries(value: object, what: str, *, most: int, least: int = 0) -> list[object]:
    """Return `value` as a list of `least` to `most` entries. Raises Malformed."""
    if not isinstance(value, list):
        raise Malformed("member_type", f"{what} is not a list")
    if not least <= len(value) <= most:
        raise Malformed("member_value", what)
    return value


def from_hex(value: object, what: str, *, size: int) -> bytes:
    """Return the `size` bytes that lower-case hexadecimal text stands for. Raises Malformed."""
    return bytes.fromhex(text(value, what, longest=2 * size, pattern=f"[0-9a-f]{{{2 * size}}}"))


def from_base64url(value: object, what: str, *, size: int) -> bytes:
    """Return the `size` bytes of unpadded canonical base64url text. Raises Malformed."""
    data = base64url_decode(text(value, what, longest=-(-4 * size // 3), pattern=_BASE64URL.pattern))
    if data is None or len(data) != size:
        raise Malformed("member_value", what)
    return data


def base64url_decode(value: str) -> bytes | None:
    """Return the bytes of unpadded base64url with zero spare bits, None when it is anything else."""
    if len(value) % 4 == 1 or not _BASE64URL.fullmatch(value):
        return None
    data = urlsafe_b64decode(value + "=" * (-len(value) % 4))
    return data if base64url_encode(data) == value else None


def base64url_encode(data: bytes) -> str:
    """Return unpadded base64url (RFC 4648 section 5)."""
    return urlsafe_b64encode(data).rstrip(b"=").decode("ascii")
