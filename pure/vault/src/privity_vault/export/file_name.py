"""Names for files out of titles and names that people gave. Source: specs/export.md, section "File names"."""

from collections import Counter
from collections.abc import Sequence
from typing import Final

MAX_LETTERS: Final = 80
_FORBIDDEN: Final = frozenset('\\/:*?"<>|')
_DEVICES: Final = frozenset(
    {"con", "prn", "aux", "nul", *(f"{port}{number}" for port in ("com", "lpt") for number in range(10))}
)
"""Names that Windows keeps for itself, with any ending."""
_CASELESS: Final = ((0x590, 0x109F), (0x3000, 0x9FFF), (0xAC00, 0xD7A3), (0x1F300, 0x1FAFF))
"""Scripts without capitals."""


def safe(name: str) -> str:
    """Return a name that is a file's on every system: at most 80 code points, never empty."""
    kept = "".join(" " if ord(one) < 32 or one in _FORBIDDEN or one == "\x7f" else one for one in name)
    short = "".join("" if "\ud800" <= one <= "\udfff" else one for one in kept)[:MAX_LETTERS].strip(" .")
    if not short:
        return "Untitled"
    return f"_{short}" if _ascii_lower(short).split(".")[0].rstrip(" ") in _DEVICES else short


def distinct(titles: Sequence[tuple[bytes, str]]) -> dict[bytes, str]:
    """Return a file name for each title, no two alike on a system that ignores case: alike ones carry their ids."""
    names = {id_: safe(title) for id_, title in titles}
    alike = Counter(_folded(name) for name in names.values())
    return {id_: name if alike[_folded(name)] == 1 else f"{name} {id_.hex()}" for id_, name in names.items()}


def _ascii_lower(text: str) -> str:
    return "".join(chr(ord(one) + 32) if "A" <= one <= "Z" else one for one in text)


def _folded(name: str) -> str:
    """What stays of a name when all letters that may have a capital elsewhere look alike."""
    return "".join(
        one if one.isascii() or any(first <= ord(one) <= last for first, last in _CASELESS) else "?"
        for one in _ascii_lower(name)
    )
