"""What inspection returns: words for the file, what it says, and what could be judged of it."""

from collections.abc import Mapping
from dataclasses import dataclass, field, fields, is_dataclass
from typing import Final

from privity_attest.item import ItemRecord

Shown = str | int | bool | list[str] | None
MOST_SHOWN: Final = 64
"""Entries of one list; longer lists are counted instead."""


@dataclass(frozen=True)
class Found:
    """`what` the file is in words, `says` its fields as written and unproven, `record` what was judged of them."""

    what: str
    says: Mapping[str, Shown]
    record: ItemRecord | None = None
    notes: tuple[str, ...] = field(default=())


def said(value: object, *, without: frozenset[str] = frozenset()) -> dict[str, Shown]:
    """Return the fields of a parsed structure, each as something that can be printed."""
    if not is_dataclass(value):
        raise AssertionError("not a parsed structure")
    rows: dict[str, Shown] = {}
    for one in fields(value):
        if one.name in without:
            continue
        inner = getattr(value, one.name)
        if is_dataclass(inner) and not isinstance(inner, type):
            rows |= {f"{one.name} {name}": shown for name, shown in said(inner).items()}
        elif isinstance(inner, Mapping):
            rows |= {f"{one.name} {name}": shown(entry) for name, entry in list(inner.items())[:MOST_SHOWN]}
        else:
            rows[one.name] = shown(inner)
    return rows


def shown(value: object) -> Shown:
    """Return a field as text, number, yes or no, or a list of texts."""
    if value is None or isinstance(value, bool | int | str):
        return value
    if isinstance(value, bytes):
        return value.hex() if any(value) else f"{len(value)} zero bytes"
    if isinstance(value, tuple | list):
        if len(value) > MOST_SHOWN:
            return f"{len(value)} entries"
        return [str(shown(one)) if not is_dataclass(one) else _line(one) for one in value]
    return str(value)


def _line(value: object) -> str:
    return ", ".join(f"{name} {inner}" for name, inner in said(value).items())
