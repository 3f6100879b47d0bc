"""What becomes of an edit when the object changed meanwhile. Source: specs/merge.md.

The log orders versions, so that everybody who read to its end holds the same content. Stamps decide only between an
edit that waits here and what others wrote since it was made. Nothing that a person typed is dropped unreturned.
"""

from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from typing import Any, Final, TypeVar

from privity_protocol import cbor

from privity_vault.clock import Clock, Stamp, is_ahead, observe, tick
from privity_vault.contents.schema import Content, Field, plain
from privity_vault.contents.wallet import Wallet
from privity_vault.errors import VaultError
from privity_vault.title import is_blank

C = TypeVar("C", bound=Content)
TYPED: Final = frozenset({"title", "name", "instructions", "text", "shortcut"})
"""Fields whose text a person may have typed: it is offered, never dropped."""


@dataclass(frozen=True, slots=True, repr=False)
class Lost:
    """A typed text that gave way to one written at the same time: the person is asked what to do with it."""

    member: str
    text: str

    def __repr__(self) -> str:
        return f"Lost({self.member})"


@dataclass(frozen=True, slots=True, repr=False)
class Merged:
    """What to write as the next version, None when `theirs` says it all; and what lost."""

    content: Content | None
    lost: tuple[Lost, ...]

    def __repr__(self) -> str:
        return f"Merged({'write' if self.content else 'nothing'}, {len(self.lost)} lost)"


def edit(content: C, clock: Clock, now: int, **values: Any) -> tuple[Clock, C]:
    """Return the content with these fields changed, later than all that they held. Equal values change nothing.

    Raises VaultError `object.malformed` for a member that is not a field.
    """
    changed = {name: value for name, value in values.items() if _field(content, name).value != value}
    if not changed:
        return clock, content
    for name in changed:
        clock = observe(clock, _field(content, name).stamp, now)
    clock, stamp = tick(clock, now)
    return clock, replace(content, **{name: Field(value, stamp) for name, value in changed.items()})


def observe_all(clock: Clock, content: Content, now: int) -> Clock:
    """Return the clock after it saw a content of another device."""
    for one in _stamps(content):
        clock = observe(clock, one, now)
    return clock


def merge(base: C, mine: C, theirs: C, now: int) -> Merged:
    """Put an edit that turned `base` into `mine` onto `theirs`, the newest version in the log.

    A field that was not edited here is theirs; one that only was edited here is mine; between two edits the later stamp
    wins, unless theirs is too far ahead of `now` to tell anything. What never changes is theirs. Raises VaultError
    `object.malformed` for a wallet, whose claims are made anew.
    """
    if isinstance(theirs, Wallet):
        raise VaultError("object.malformed", "claims are made anew, see wallet.claim")
    kept, found = {}, []
    for one in fields(theirs):
        name = one.name
        was, here, there = getattr(base, name), getattr(mine, name), getattr(theirs, name)
        if not isinstance(there, Field) or here == was:
            continue
        wins = there == was or _later(here, there, now)
        if wins:
            kept[name] = here
        if there != was:
            found += _dropped(name, there if wins else here, here if wins else there)
    content = replace(theirs, **kept)
    return Merged(None if content == theirs else content, tuple(found))


def lost(base: C | None, mine: C) -> tuple[Lost, ...]:
    """The texts typed between `base` and `mine` that go with a deleted object: deletion beats edits.

    `base` None: the object was made here. For a deletion that waits here, `base` is what was seen when the person
    decided, and `mine` the newer version in the log.
    """
    found: list[Lost] = []
    for one in fields(mine):
        was = None if base is None else getattr(base, one.name)
        if getattr(mine, one.name) != was:
            found += _dropped(one.name, getattr(mine, one.name), was)
    return tuple(found)


def settle(objects: Mapping[bytes, C], now: int) -> tuple[bytes, C, tuple[Lost, ...]]:
    """Return what should be one object and was made twice: the smallest id, the later fields, and what lost."""
    (first, content), *others = sorted(objects.items())
    found: list[Lost] = []
    for _, other in others:
        for one in fields(content):
            here, there = getattr(content, one.name), getattr(other, one.name)
            if isinstance(there, Field):
                wins = _later(there, here, now)
                content = replace(content, **{one.name: there}) if wins else content
                found += _dropped(one.name, here if wins else there, there if wins else here)
    return first, content, tuple(found)


def _dropped(name: str, loser: Field[Any], winner: Field[Any] | None) -> list[Lost]:
    """The text of a field that gave way, if it is one that a person typed and that is nowhere else."""
    gone = name in TYPED and (winner is None or winner.value != loser.value) and not is_blank(loser.value)
    return [Lost(name, loser.value)] if gone else []


def _later(mine: Field[Any], theirs: Field[Any], now: int) -> bool:
    """Whether mine is the later one. Equal stamps are told apart by the values: no order of arrival ever counts."""
    if is_ahead(mine.stamp, now) != is_ahead(theirs.stamp, now):
        return is_ahead(theirs.stamp, now)
    if mine.stamp != theirs.stamp:
        return mine.stamp > theirs.stamp
    return cbor.encode(plain(mine.value)) > cbor.encode(plain(theirs.value))


def _field(content: Content, name: str) -> Field[Any]:
    found = getattr(content, name, None)
    if not isinstance(found, Field):
        raise VaultError("object.malformed", f"{name} is no field")
    return found


def _stamps(content: Content) -> list[Stamp]:
    values = (getattr(content, one.name) for one in fields(content))
    return [one.stamp for one in values if isinstance(one, Field)]
