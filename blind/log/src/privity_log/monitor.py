"""The monitor: reads every leaf of a log, computes its tree, and tells people of whatever should not be.

A visit either finds the log whole, or surprises. Nothing counts as seen before it was told: when the alarm fails, the
next visit finds and tells the same again. Contradicting notes are kept, since they convict the log.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from privity_tlog import head as heads
from privity_tlog.errors import TlogError
from privity_tlog.head import Head
from privity_tlog.witness_policy import WitnessPolicy

from privity_log import followed as kept
from privity_log.alarm import Alarm
from privity_log.errors import LogError
from privity_log.follow import Chunk, follow
from privity_log.followed import Evidence, Followed
from privity_log.leaf_checks import LeafChecks, Moment, Newest
from privity_log.source import Source
from privity_log.store import Store
from privity_log.surprise import Surprise

SKEW_SECONDS: Final = 300
TOLD: Final = "state/told"
MAX_TOLD: Final = 4096
MOST: Final = 1000
"""Surprises of one visit; a log with more is told about these."""


@dataclass(frozen=True, slots=True)
class Watched:
    """One log to watch: where, by which policy, how old its head may be in seconds, and what its leaves must be."""

    origin: str
    source: Source
    policy: WitnessPolicy
    most_age: int
    checks: LeafChecks


@dataclass(frozen=True, slots=True)
class Visit:
    """What a visit found: leaves that are new, the size reached, and surprises (those already told included)."""

    new: int
    size: int
    surprises: tuple[Surprise, ...]


def visit(watched: Watched, store: Store, alarm: Alarm, *, now: int) -> Visit:
    """Visit a log once. Raises LogError `source_…` (the log could not be read), `not_told`, StoreError."""
    known = kept.load(store)
    found: list[Surprise] = []
    newest: Newest = dict(known.leaves)
    reached = known
    try:
        head, data = kept.next_head(watched.source, watched.policy, watched.origin)
        found += _age(watched, head, data, now)
        reached = Followed(known.edge, data, newest, now)
        for chunk in _chunks(watched, known, head, data):
            for index, entry in enumerate(chunk.entries, chunk.first):
                wrong = watched.checks.surprises(watched.origin, index, entry, newest, Moment(now, known.visited))
                found += wrong[: max(0, MOST - len(found))]
            reached = Followed(chunk.edge, data, newest, now)
        found += watched.checks.standing(watched.origin, newest, now)
    except Evidence as evidence:
        reached = known
        found.append(Surprise(watched.origin, evidence.reason, evidence.detail, evidence.notes))
    except LogError:
        # Whoever hides the log hides it until its last head is too old: that must wake somebody too.
        _tell(store, alarm, _stale(watched, known, now))
        raise
    _tell(store, alarm, found)
    if reached is not known:
        kept.save(store, reached)
    return Visit(reached.edge.size - known.edge.size, reached.edge.size, tuple(found))


def _chunks(watched: Watched, known: Followed, head: Head, data: bytes) -> Iterator[Chunk]:
    try:
        yield from follow(watched.source, known.edge, head.checkpoint)
    except TlogError as error:
        raise Evidence(error, tuple(note for note in (known.note, data) if note)) from error
    except LogError as error:
        if error.reason != "source_missing":
            raise
        # The head is signed: what it speaks of must be there.
        raise Evidence(TlogError("inclusion", f"{error.detail} is missing"), (data,)) from error


def _age(watched: Watched, head: Head, data: bytes, now: int) -> list[Surprise]:
    try:
        heads.check_age(head, now=now, most=watched.most_age, skew=SKEW_SECONDS)
    except TlogError as error:
        # Without the number of seconds: a stale head is one surprise, and not a new one at every visit.
        return [Surprise(watched.origin, error.reason, f"size {head.checkpoint.size}", (data,))]
    return []


def _stale(watched: Watched, known: Followed, now: int) -> list[Surprise]:
    if not known.note:
        return []
    try:
        head = heads.verify(known.note, watched.policy, origin=watched.origin)
    except TlogError:
        return []  # the policy has changed since: its witnesses never saw that head
    return _age(watched, head, known.note, now)


def _tell(store: Store, alarm: Alarm, found: list[Surprise]) -> None:
    before = store.read(TOLD)
    told = [] if before is None else before.decode("ascii", "replace").split()
    new = [one for one in found if one.id not in told]
    if not new:
        return
    for one in new:
        store.put({f"evidence/{one.id}/{number}": note for number, note in enumerate(one.notes)})
    alarm(new)
    told = [*told, *(one.id for one in new)][-MAX_TOLD:]
    store.replace(TOLD, "\n".join(told).encode(), expected=before)
