"""What a client remembers of each log, so that a rollback or a second history shows.

The largest head that was believed is kept; a new one must continue it. Two heads of one log that cannot both belong to
one history are evidence: both notes together convict the log.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from privity_tlog import merkle
from privity_tlog.checkpoint import Checkpoint
from privity_tlog.errors import TlogError


@dataclass(frozen=True, slots=True)
class View:
    """The largest head believed of one log, and the note that says so."""

    head: Checkpoint
    note: bytes


def advance(known: View | None, new: View, path: Sequence[bytes] | None) -> View:
    """Return the view after `new` was verified: it must continue `known`, shown by the consistency `path`.

    A head of the known size needs no path; a smaller one never replaces a larger one. Raises TlogError:
    `log_unknown` (another log), `split_view` (equal size, another root), `checkpoint_rollback` (smaller),
    `consistency` (no path, or one that does not show it).
    """
    if known is None:
        return new
    old = known.head
    if old.origin != new.head.origin:
        raise TlogError("log_unknown", new.head.origin)
    if new.head.size == old.size:
        if new.head.root != old.root:
            raise TlogError("split_view", f"size {old.size}")
        return new
    if new.head.size < old.size:
        raise TlogError("checkpoint_rollback", f"{new.head.size} after {old.size}")
    if path is None:
        raise TlogError("consistency", f"nothing shows that {new.head.size} continues {old.size}")
    merkle.verify_consistency(old.size, new.head.size, path, old.root, new.head.root)
    return new


def same_history(older: View, newer: View, path: Sequence[bytes]) -> None:
    """Check that an older head belongs to the history of a newer one of the same log.

    Raises TlogError `log_unknown`, `split_view`, `consistency`.
    """
    if older.head.origin != newer.head.origin:
        raise TlogError("log_unknown", newer.head.origin)
    if older.head.size == newer.head.size and older.head.root != newer.head.root:
        raise TlogError("split_view", f"size {older.head.size}")
    merkle.verify_consistency(older.head.size, newer.head.size, path, older.head.root, newer.head.root)
