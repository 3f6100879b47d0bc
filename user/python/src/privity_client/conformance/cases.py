"""The result of one case, and what judges agree on."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class CaseResult:
    """One case: `file` below the folder, what was expected, what happened."""

    file: str
    case: str
    expected: str
    got: str
    ok: bool


Case = tuple[str, str, Callable[[], str]]
"""Name, expected outcome, and the work that gives the outcome."""

Judge = Callable[[Any], Iterator[Case]]
"""Parsed file to its cases."""


def b(text: str) -> bytes:
    """Bytes of a hexadecimal field."""
    return bytes.fromhex(text)


def same(**pairs: tuple[object, object]) -> str:
    """`equal`, or the names of the pairs that differ."""
    wrong = [name for name, (one, other) in pairs.items() if one != other]
    return f"different: {', '.join(wrong)}" if wrong else "equal"
