"""A hybrid logical clock: which of two writings of a field is the later one. Source: specs/merge.md, section "Clock".

A stamp that a person saw is always followed by a later one, whatever the clock on the wall says. A stamp from the far
future moves nobody's clock.
"""

from dataclasses import dataclass, replace
from typing import Final

from privity_protocol.stored.members import U32

MAX_MILLIS: Final = 2**48 - 1
"""Largest time in Unix milliseconds: the year 10889."""
MAX_DRIFT_MS: Final = 3_600_000
"""How far ahead of this device's clock another one is believed: an hour."""


@dataclass(frozen=True, slots=True, order=True)
class Stamp:
    """When and by which device (16 bytes) a field was written; the higher triple is the later one."""

    millis: int
    counter: int
    device: bytes


NEVER: Final = Stamp(0, 0, bytes(16))
"""The stamp of a field that nobody has written: it loses against every other."""


@dataclass(frozen=True, slots=True)
class Clock:
    """One device's clock: the newest moment that it gave out or believed. Stored with what it stamped."""

    device: bytes
    millis: int = 0
    counter: int = 0


def tick(clock: Clock, now: int) -> tuple[Clock, Stamp]:
    """Return the clock after one more event at `now` (Unix milliseconds), and the event's stamp.

    Stamps of one clock rise even when `now` falls.
    """
    moment = (min(max(now, 0), MAX_MILLIS), 0)
    if moment <= (clock.millis, clock.counter):
        moment = _after(clock.millis, clock.counter)
    ticked = replace(clock, millis=moment[0], counter=moment[1])
    return ticked, Stamp(*moment, clock.device)


def observe(clock: Clock, stamp: Stamp, now: int) -> Clock:
    """Return the clock after it saw another device's stamp: what it gives out from now on is later.

    A stamp that is too far ahead of `now` is not followed.
    """
    if is_ahead(stamp, now) or (stamp.millis, stamp.counter) <= (clock.millis, clock.counter):
        return clock
    return replace(clock, millis=stamp.millis, counter=stamp.counter)


def is_ahead(stamp: Stamp, now: int) -> bool:
    """Whether a stamp is more than MAX_DRIFT_MS ahead of this device's clock, so that it tells nothing."""
    return stamp.millis > now + MAX_DRIFT_MS


def _after(millis: int, counter: int) -> tuple[int, int]:
    """The next moment. At the end of time it stands still: MAX_DRIFT_MS keeps honest clocks far away from it."""
    if counter < U32:
        return millis, counter + 1
    return (millis + 1, 0) if millis < MAX_MILLIS else (millis, counter)
