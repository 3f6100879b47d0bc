"""One measured figure beside its goal, and the table of them."""

from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True)
class Figure:
    """`goal` is the text of the goal, empty for a figure printed for comparison; `met` None where there is none."""

    what: str
    value: str
    goal: str = ""
    met: bool | None = None


def at_most(what: str, value: float, limit: float, unit: str, digits: int = 2) -> Figure:
    """A figure that should be small."""
    return Figure(what, f"{value:.{digits}f} {unit}".strip(), f"<= {limit:g} {unit}".strip(), value <= limit)


def at_least(what: str, value: float, limit: float, unit: str, digits: int = 2) -> Figure:
    """A figure that should be large."""
    return Figure(what, f"{value:.{digits}f} {unit}".strip(), f">= {limit:g} {unit}".strip(), value >= limit)


def plain(what: str, value: float, unit: str, digits: int = 2) -> Figure:
    """A figure without a goal."""
    return Figure(what, f"{value:.{digits}f} {unit}".strip())


def table(figures: Iterable[Figure]) -> str:
    """The figures as aligned lines."""
    rows = [(one.what, one.value, one.goal, {True: "met", False: "MISSED", None: ""}[one.met]) for one in figures]
    widths = [max((len(row[column]) for row in rows), default=0) for column in range(3)]
    lines = [
        f"{what:<{widths[0]}}  {value:>{widths[1]}}  {goal:<{widths[2]}}  {met}".rstrip()
        for what, value, goal, met in rows
    ]
    return "\n".join(lines)


def median(values: list[float]) -> float:
    """The middle of a list that is not empty."""
    return sorted(values)[len(values) // 2]


def quantile(values: list[float], share: float) -> float:
    """The value below which `share` of the list lies."""
    return sorted(values)[min(len(values) - 1, int(len(values) * share))]
