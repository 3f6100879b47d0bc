"""A place between two others, as text: folders are moved without renumbering the rest. Source: specs/contents.md."""

import re
from typing import Final

from privity_vault.errors import VaultError

DIGITS: Final = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
MAX_PLACE: Final = 256
_PLACE: Final = re.compile(r"[0-9A-Za-z]{0,255}[1-9A-Za-z]")


def is_place(text: str) -> bool:
    """Whether this is a place: 1 to 256 digits, the last one not 0, so that another fits before it."""
    return _PLACE.fullmatch(text) is not None


def between(before: str | None, after: str | None) -> str:
    """Return a place after `before` and before `after`; None is the beginning and the end.

    Raises VaultError: `object.malformed` (no places, or not in this order), `object.too_large` (write them all anew:
    `spread`).
    """
    if any(one is not None and not is_place(one) for one in (before, after)):
        raise VaultError("object.malformed", "not a place")
    if before is not None and after is not None and before >= after:
        raise VaultError("object.malformed", "nothing lies between them")
    low, high, found = before or "", after, ""
    while True:
        least = DIGITS.index(low[0]) if low else 0
        most = len(DIGITS) if high is None else DIGITS.index(high[0])
        if most - least > 1:
            found += DIGITS[(least + most) // 2]
            break
        if most > least and high is not None and len(high) > 1:
            found += high[0]
            break
        found += DIGITS[least]
        low, high = low[1:], high[1:] if high is not None and most == least else None
    if len(found) > MAX_PLACE:
        raise VaultError("object.too_large", "no room between them")
    return found


def spread(count: int) -> list[str]:
    """Return so many places in rising order, far from each other. Raises VaultError `object.too_large` above 65,536."""
    if not 0 <= count <= 65_536:
        raise VaultError("object.too_large", f"{count} places")
    size = len(DIGITS)
    step = size**4 // (count + 1)
    numbers = ((at + 1) * step for at in range(count))
    return ["".join(DIGITS[number // size**power % size] for power in (3, 2, 1, 0)).rstrip("0") for number in numbers]
