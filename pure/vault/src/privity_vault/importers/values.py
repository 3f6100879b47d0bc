"""Values of documents that others wrote: what has another type counts as absent. Source: specs/importers.md."""

import json
import math
import re
from datetime import date
from decimal import Decimal
from typing import Any, Final

from privity_protocol import jsontext

from privity_vault.clock import MAX_MILLIS
from privity_vault.errors import VaultError, reading
from privity_vault.importers.conversation import MAX_DEPTH, MAX_IMPORT

MAX_CONVERSATIONS: Final = 100_000
MAX_ID: Final = 128
_TIME: Final = re.compile(
    r"(\d{4})-(\d{2})-(\d{2})[T ](\d{2}):(\d{2}):(\d{2})(?:\.(\d{1,9}))?(?:Z|([+-])(\d{2}):(\d{2}))", re.ASCII
)
_EPOCH: Final = date(1970, 1, 1).toordinal()

Members = dict[str, Any]


def conversations(data: bytes) -> list[Members]:
    """Return the objects of a file that is a JSON list of them, other entries left out.

    Raises VaultError `export.malformed`, `export.too_large`.
    """
    if len(data) > MAX_IMPORT:
        raise VaultError("export.too_large", f"{len(data)} bytes of conversations, at most {MAX_IMPORT}")
    with reading("export.malformed"):
        value = jsontext.decode(data, max_depth=MAX_DEPTH)
    if not isinstance(value, list) or len(value) > MAX_CONVERSATIONS:
        raise VaultError("export.malformed", "not a list of conversations")
    return [one for one in value if isinstance(one, dict)]


def text(value: object) -> str:
    """A text, else the empty one."""
    return value if isinstance(value, str) else ""


def id_of(value: object) -> str:
    """An id of 1 to 128 characters, else the empty text."""
    return value if isinstance(value, str) and len(value) <= MAX_ID else ""


def members(value: object) -> Members:
    """An object, else an empty one."""
    return value if isinstance(value, dict) else {}


def listed(value: object) -> list[Any]:
    """A list, else an empty one."""
    return value if isinstance(value, list) else []


def written(value: object) -> str:
    """JSON in one spelling: members by code point, no white space, numbers as ECMAScript writes them."""
    match value:
        case dict():
            return "{" + ",".join(f"{written(key)}:{written(value[key])}" for key in sorted(value)) + "}"
        case list():
            return "[" + ",".join(map(written, value)) + "]"
        case float():
            return _number(value)
    return json.dumps(value, ensure_ascii=False)


def _number(value: float) -> str:
    """ECMA-262, Number::toString: the fewest digits that mean this number, which Python finds too."""
    sign, found, exponent = Decimal(repr(value)).normalize().as_tuple()
    assert isinstance(exponent, int)
    digits = "".join(map(str, found))
    count, point = len(digits), len(digits) + exponent
    if count <= point <= 21:
        text_ = digits + "0" * (point - count)
    elif 0 < point <= 21:
        text_ = f"{digits[:point]}.{digits[point:]}"
    elif -6 < point <= 0:
        text_ = "0." + "0" * -point + digits
    else:
        fraction = f".{digits[1:]}" if count > 1 else ""
        text_ = f"{digits[0]}{fraction}e{point - 1:+d}"
    return "0" if value == 0 else "-" * sign + text_


def seconds(value: object) -> int | None:
    """Unix seconds, perhaps with a fraction, in milliseconds rounded down."""
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= MAX_MILLIS / 1000:
        return None
    return math.floor(value * 1000)


def moment(value: object) -> int | None:
    """A time of RFC 3339 in Unix milliseconds, rounded down; None before 1970 and for what is no time."""
    found = _TIME.fullmatch(value) if isinstance(value, str) else None
    if found is None:
        return None
    year, month, day, hour, minute, second = (int(one) for one in found.groups()[:6])
    try:
        days = date(year, month, day).toordinal() - _EPOCH
    except ValueError:
        return None
    if hour > 23 or minute > 59 or second > 60:
        return None
    sign = {"+": -1, "-": 1}.get(found[8] or "", 0)
    offset = sign * (int(found[9] or 0) * 60 + int(found[10] or 0))
    millis = int((found[7] or "").ljust(3, "0")[:3])
    total = ((days * 24 + hour) * 60 + minute + offset) * 60_000 + second * 1000 + millis
    return total if total >= 0 else None
