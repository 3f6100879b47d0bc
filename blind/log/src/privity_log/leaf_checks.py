"""What a monitor makes of the leaves of a log: known kinds only, revocations without a gap, the web bundle as rebuilt.

Source of the kinds: specs/leaves.md. Reading a kind in full is the business of its clients; here a leaf must be one
that they could read, and nothing that nobody expects.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from privity_log import revocations
from privity_log.surprise import Surprise
from privity_log.web_bundle import compare_web

KINDS: Final[Mapping[str, frozenset[str]]] = {
    "release": frozenset({"release", "web", "fleet", "policy", "revocations"}),
    "keys": frozenset({"directory", "issuers"}),
}
REMEMBERED: Final = frozenset({"web", "revocations"})
Newest = dict[str, bytes]
"""The newest leaf of each kind that is remembered; a follower keeps it between two visits."""


@dataclass(frozen=True, slots=True)
class LeafChecks:
    """The kinds that may stand in a log, and the folder with the rebuilt web bundle, None when nobody rebuilt it."""

    kinds: frozenset[str]
    web: Path | None

    def surprises(self, origin: str, index: int, entry: bytes, newest: Newest) -> list[Surprise]:
        """Return what is surprising about a new leaf, and remember it in `newest` where its kind is."""
        leaf = _document(entry)
        if leaf is None:
            return [Surprise(origin, "leaf_malformed", f"leaf {index} is not a JSON object with a kind")]
        kind = leaf["t"]
        if kind not in self.kinds:
            return [Surprise(origin, "leaf_unknown", f"leaf {index} is a {kind[:64]!r}, which this log never holds")]
        wrong = revocations.shrink(leaf, _document(newest.get(kind, b""))) if kind == "revocations" else None
        if kind in REMEMBERED:
            newest[kind] = entry
        return [] if wrong is None else [Surprise(origin, "leaf_differs", f"leaf {index}, {kind}: {wrong}")]

    def standing(self, origin: str, newest: Newest, now: int) -> list[Surprise]:
        """Return what is surprising about the newest leaves at `now` (Unix seconds), new or not."""
        found: list[Surprise] = []
        web, revoked = (_document(newest.get(kind, b"")) for kind in ("web", "revocations"))
        differs = compare_web(web, self.web) if web is not None and self.web is not None else None
        if differs is not None:
            found.append(Surprise(origin, "leaf_differs", f"the newest web bundle: {differs}"))
        gap = None if revoked is None else revocations.late(revoked, now)
        if gap is not None:
            found.append(Surprise(origin, "leaf_late", f"revocations: {gap}"))
        return found


def checks_for(origin: str, web: Path | None) -> LeafChecks:
    """Return the checks for a log by the last part of its origin; a log of another name may hold every kind."""
    log = origin.rpartition("/")[2]
    return LeafChecks(KINDS.get(log, frozenset().union(*KINDS.values())), web)


def _document(entry: bytes) -> Mapping[str, Any] | None:
    try:
        found = json.loads(entry.decode("utf-8"), object_pairs_hook=_members)
    except (ValueError, RecursionError):
        return None
    return found if isinstance(found, dict) and isinstance(found.get("t"), str) else None


def _members(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a member stands twice")
    return found
