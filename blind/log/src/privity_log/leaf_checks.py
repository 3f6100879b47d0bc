"""What a monitor makes of each new leaf: known kinds in their own log, and the web bundle that one can rebuild.

Source of the kinds: specs/leaves.md. Reading a kind in full is the business of its clients; here a leaf must be one
that they could read, and nothing that nobody expects.
"""

import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any, Final

from privity_log.surprise import Surprise

KINDS: Final[Mapping[str, frozenset[str]]] = {
    "release": frozenset({"release", "web", "fleet", "policy", "revocations"}),
    "keys": frozenset({"directory", "issuers"}),
}
Check = Callable[[Mapping[str, Any]], str | None]
"""Returns what is wrong with a leaf of its kind, None when nothing is."""
Newest = dict[str, tuple[int, Mapping[str, Any]]]
"""By kind, the newest leaf's index and the leaf."""


@dataclass(frozen=True, slots=True)
class LeafChecks:
    """The kinds that may stand in a log, and checks of the newest leaf of a kind."""

    kinds: frozenset[str]
    checks: Mapping[str, Check]

    def surprises(self, origin: str, index: int, entry: bytes) -> list[Surprise]:
        """Return what is surprising about a leaf."""
        leaf = _document(entry)
        if leaf is None:
            return [Surprise(origin, "leaf_malformed", f"leaf {index} is not a JSON object with a kind")]
        kind = leaf["t"]
        if kind not in self.kinds:
            return [Surprise(origin, "leaf_unknown", f"leaf {index} is a {kind[:64]!r}, which this log never holds")]
        return []

    def newest(self, entries: Iterable[tuple[int, bytes]]) -> Newest:
        """Return the newest of these leaves of each kind that has a check of its own."""
        found: Newest = {}
        for index, entry in entries:
            leaf = _document(entry)
            if leaf is not None and leaf["t"] in self.checks:
                found[leaf["t"]] = (index, leaf)
        return found

    def compare(self, origin: str, newest: Newest) -> list[Surprise]:
        """Return what is surprising about the newest leaves."""
        wrong = [(index, kind, self.checks[kind](leaf)) for kind, (index, leaf) in newest.items()]
        return [
            Surprise(origin, "leaf_differs", f"leaf {index}, {kind}: {text}") for index, kind, text in wrong if text
        ]


def checks_for(origin: str, web: Path | None) -> LeafChecks:
    """Return the checks for a log by the last part of its origin; a log of another name may hold every kind."""
    log = origin.rpartition("/")[2]
    kinds = KINDS.get(log, frozenset().union(*KINDS.values()))
    return LeafChecks(kinds, {} if web is None else {"web": lambda leaf: compare_web(leaf, web)})


def compare_web(leaf: Mapping[str, Any], folder: Path) -> str | None:
    """Return how a logged web bundle differs from the one rebuilt in `folder`, None when every file is the same."""
    logged = leaf.get("files")
    if not isinstance(logged, dict):
        return "it lists no files"
    built = {
        path.relative_to(folder).as_posix(): sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }
    if logged == built:
        return None
    names = sorted({*logged, *built})
    # Escaped: the names are the log's, and a terminal or a mail must not obey them.
    differing = [ascii(name) for name in names if logged.get(name) != built.get(name)]
    return "not what was rebuilt: " + ", ".join(differing)[:400]


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
