"""What a monitor makes of the leaves of a log: every leaf in its form, each kind by its rules, nothing unexpected.

Source: specs/leaves.md, specs/log-service.md. Each kind is read as its clients read it; of a release only what says
when it may run, and for what.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any, Final

from privity_protocol import directory
from privity_protocol.errors import Malformed
from privity_tlog.leaves import fleet, issuers, reading, trust, web
from privity_tlog.leaves import revocations as revoked

from privity_log import release_leaf, revocations
from privity_log.surprise import Surprise
from privity_log.web_bundle import compare_web

DIRECTORY: Final = "directory"
SKEW: Final = 300  # seconds
KINDS: Final[Mapping[str, Mapping[str, Callable[[bytes], Any]]]] = {
    "release": {
        release_leaf.KIND: release_leaf.decode,
        web.KIND: web.decode,
        fleet.KIND: fleet.decode,
        trust.KIND: trust.decode,
        revoked.KIND: revoked.decode,
    },
    "keys": {DIRECTORY: directory.decode, issuers.KIND: issuers.decode},
}
"""Reader of each kind, by the last part of a log's origin."""
DATED: Final = frozenset({fleet.KIND, trust.KIND, revoked.KIND, issuers.KIND})
"""Kinds with a `time`, of which the newest leaf replaces the older ones."""
Newest = dict[str, bytes]
"""The newest leaf of each kind; a follower keeps it between two visits."""


@dataclass(frozen=True, slots=True)
class Moment:
    """Unix seconds of this visit, and of the one before, 0 at the first: new leaves appeared in between."""

    now: int
    before: int


@dataclass(frozen=True, slots=True)
class LeafChecks:
    """The kinds that may stand in a log, and the folder with the rebuilt web bundle, None when nobody rebuilt it."""

    kinds: Mapping[str, Callable[[bytes], Any]]
    web: Path | None

    def surprises(self, origin: str, index: int, entry: bytes, newest: Newest, at: Moment) -> list[Surprise]:
        """Return what is surprising about a new leaf, and remember it in `newest` when it is in its form."""
        try:
            kind = reading.kind_of(entry)
            read = self.kinds.get(kind)
            if read is None:
                detail = f"leaf {index} is a {kind[:64]!r}, which this log never holds"
                return [Surprise(origin, "leaf_unknown", detail)]
            leaf = read(entry)
        except Malformed as error:
            return [Surprise(origin, "leaf_malformed", f"leaf {index}: {error.reason}")]
        before = newest.get(kind)
        newest[kind] = entry
        found = _wrong(kind, leaf, None if before is None else (before, read(before)), at)
        return [Surprise(origin, reason, f"leaf {index}, {kind}: {detail}") for reason, detail in found]

    def standing(self, origin: str, newest: Newest, now: int) -> list[Surprise]:
        """Return what is surprising about the newest leaves at `now` (Unix seconds), new or not."""
        found: list[Surprise] = []
        build, latest = newest.get(web.KIND), newest.get(revoked.KIND)
        differs = None if build is None or self.web is None else compare_web(web.decode(build).files, self.web)
        if differs is not None:
            found.append(Surprise(origin, "leaf_differs", f"the newest web bundle: {differs}"))
        gap = None if latest is None else revocations.late(revoked.decode(latest), now)
        if latest is None and release_leaf.KIND in newest:
            gap = "none at all, though there are releases"
        if gap is not None:
            found.append(Surprise(origin, "leaf_late", f"revocations: {gap}"))
        return found


def checks_for(origin: str, web: Path | None) -> LeafChecks:
    """Return the checks for a log by the last part of its origin; a log of another name may hold every kind."""
    every = {kind: read for kinds in KINDS.values() for kind, read in kinds.items()}
    return LeafChecks(KINDS.get(origin.rpartition("/")[2], every), web)


def _wrong(kind: str, leaf: Any, before: tuple[bytes, Any] | None, at: Moment) -> list[tuple[str, str]]:
    """Return reason and detail of what breaks the rules of its kind, given the leaf of that kind before."""
    found: list[tuple[str, str | None]] = []
    if kind == release_leaf.KIND:
        found.append(("leaf_early", release_leaf.hasty(leaf, at.before)))
    if kind in DATED:
        ahead = leaf.time > at.now + SKEW
        found.append(("leaf_differs", f"its time {leaf.time} lies in the future" if ahead else None))
        older = before is not None and leaf.time < before[1].time
        found.append(("leaf_differs", f"its time {leaf.time} is before that of the older one" if older else None))
    if kind == revoked.KIND and before is not None:
        found.append(("leaf_differs", revocations.shrink(leaf, before[1])))
    if kind == issuers.KIND and before is not None:
        found.append(("leaf_differs", _exchanged(before[1], leaf)))
    if kind == DIRECTORY:
        follows = leaf.prev == (None if before is None else sha256(before[0]).digest())
        found.append(("leaf_differs", None if follows else "it does not name the one before"))
    return [(reason, detail) for reason, detail in found if detail is not None]


def _exchanged(before: Any, after: Any) -> str | None:
    """Return which token key was exchanged or taken away before its end: one person may have been given it."""
    try:
        issuers.check_follows(before, after)
    except Malformed as error:
        return error.detail
    return None
