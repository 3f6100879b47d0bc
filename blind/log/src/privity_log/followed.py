"""What a follower keeps of a log between two visits: the edge of the tree that it computed, and the head that it made.

Stored as one file, replaced whole. Trusted: yes. Lost: the log is read again from the start, and a rollback to before
that moment goes unnoticed by this follower. Rolled back: leaves are checked twice.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from privity_tlog import checkpoint, note
from privity_tlog.checkpoint import Checkpoint
from privity_tlog.errors import TlogError
from privity_tlog.head import Head
from privity_tlog.limits import TILE_HEIGHT, TILE_WIDTH
from privity_tlog.witness_policy import WitnessPolicy

from privity_log import edge as edges
from privity_log.edge import Edge
from privity_log.errors import StoreError
from privity_log.follow import fetch_head
from privity_log.source import Source
from privity_log.store import Store

FOLLOWED: Final = "state/followed"


@dataclass(frozen=True, slots=True)
class Followed:
    """A computed edge, the note of the head that equals it, the newest leaf of each kind, and when that was read.

    Before the first visit the note is empty and `visited` (Unix seconds) 0.
    """

    edge: Edge
    note: bytes
    leaves: Mapping[str, bytes] = field(default_factory=dict)
    visited: int = 0


NOTHING: Final = Followed(edges.EMPTY, b"")


class Evidence(TlogError):
    """Two notes of one log that cannot both belong to one history, or the one note that does not hold."""

    def __init__(self, error: TlogError, notes: tuple[bytes, ...]) -> None:
        super().__init__(error.reason, error.detail)
        self.notes = notes


def next_head(source: Source, policy: WitnessPolicy, origin: str) -> tuple[Head, bytes]:
    """Return the log's newest head, verified, and its note. Raises LogError `source_…`, Evidence."""
    try:
        return fetch_head(source, policy, origin)
    except TlogError as error:
        raise Evidence(error, ()) from error


def load(store: Store) -> Followed:
    """Return what was kept. Raises StoreError `store_damaged`."""
    data = store.read(FOLLOWED)
    if data is None:
        return NOTHING
    try:
        kept = json.loads(data)
        size = int(kept["size"])
        rows = tuple(tuple(bytes.fromhex(one) for one in row) for row in kept["rows"])
        leaves = {str(kind): str(leaf).encode() for kind, leaf in kept["leaves"].items()}
        found = Followed(Edge(size, rows), str(kept["note"]).encode(), leaves, int(kept["visited"]))
        widths = [(size >> TILE_HEIGHT * level) % TILE_WIDTH for level in range(edges.LEVELS)]
        head = _head(found.note)
        whole = [len(row) for row in rows] == widths and (head.size, head.root) == (size, found.edge.root())
    except (ValueError, TypeError, LookupError, AttributeError, OverflowError, TlogError) as error:
        raise StoreError("store_damaged", FOLLOWED) from error
    if not whole:
        raise StoreError("store_damaged", FOLLOWED)
    return found


def save(store: Store, followed: Followed) -> None:
    """Keep what was followed. Raises StoreError."""
    rows = [[one.hex() for one in row] for row in followed.edge.rows]
    leaves = {kind: leaf.decode() for kind, leaf in followed.leaves.items()}
    kept = {"size": followed.edge.size, "rows": rows, "note": followed.note.decode(), "leaves": leaves}
    kept["visited"] = followed.visited
    store.replace(FOLLOWED, json.dumps(kept).encode(), expected=store.read(FOLLOWED))


def _head(data: bytes) -> Checkpoint:
    return checkpoint.decode(note.decode(data).text)
