"""Judges an archive before a byte of it is unpacked. Source: specs/export.md, section "Listing"."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from privity_vault.errors import VaultError

MAX_ENTRIES: Final = 100_000
MAX_UNPACKED: Final = 2 * 2**30
MAX_RATIO: Final = 200
"""Unpacked bytes per packed one: text shrinks to a tenth, a bomb to a thousandth."""
MAX_NAME: Final = 512
_FORBIDDEN: Final = frozenset('\\:*?"<>|')


@dataclass(frozen=True, slots=True)
class Listed:
    """One entry as the archive's directory announces it, in bytes."""

    name: str
    size: int
    packed: int


def check(entries: Sequence[Listed]) -> int:
    """Return the bytes that unpacking will write, and not one more may be written.

    Raises VaultError: `export.too_large`, `export.path`.
    """
    if len(entries) > MAX_ENTRIES:
        raise VaultError("export.too_large", f"{len(entries)} entries, at most {MAX_ENTRIES}")
    if any(one.size < 0 or one.packed < 0 for one in entries):
        raise VaultError("export.malformed", "a negative size")
    total, packed = sum(one.size for one in entries), sum(one.packed for one in entries)
    if total > MAX_UNPACKED:
        raise VaultError("export.too_large", f"{total} bytes unpacked, at most {MAX_UNPACKED}")
    if total > MAX_RATIO * max(packed, 1):
        raise VaultError("export.too_large", f"unpacks to more than {MAX_RATIO} times its size")
    seen: set[str] = set()
    for one in entries:
        check_name(one.name)
        if one.name.casefold() in seen:
            raise VaultError("export.path", "a name twice")
        seen.add(one.name.casefold())
    return total


def check_name(name: str) -> None:
    """Raises VaultError `export.path` for a name that leaves the folder, or is none on some system."""
    if not name or len(name.encode("utf-8", "replace")) > MAX_NAME:
        raise VaultError("export.path", "an empty or long name")
    if any(not part or part[-1] in " ." for part in name.removesuffix("/").split("/")):
        raise VaultError("export.path", "a part that leads elsewhere")
    if any(ord(letter) < 32 or letter in _FORBIDDEN or "\ud800" <= letter <= "\udfff" for letter in name):
        raise VaultError("export.path", "a character that is no part of a name")
