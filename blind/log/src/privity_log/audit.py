"""The audit of a whole log from its files alone: every leaf, every tile, every signed head."""

from collections.abc import Callable
from dataclasses import dataclass

from privity_tlog import checkpoint, note
from privity_tlog.checkpoint import Checkpoint
from privity_tlog.errors import TlogError
from privity_tlog.witness_policy import WitnessPolicy

from privity_log import edge as edges
from privity_log.follow import fetch_head, follow
from privity_log.source import Source


@dataclass(frozen=True, slots=True)
class Audited:
    """What was established: size and root of the published head, and how many bytes of leaves make it."""

    head: Checkpoint
    bytes: int


def audit(
    source: Source,
    policy: WitnessPolicy,
    origin: str,
    *,
    committed: bytes | None = None,
    progress: Callable[[int, int], None] = lambda _done, _of: None,
) -> Audited:
    """Audit the published head, then that the head which the sequencer committed to continues it.

    Raises LogError, TlogError.
    """
    head, _ = fetch_head(source, policy, origin)
    edge, total = edges.EMPTY, 0
    goals = [head.checkpoint]
    if committed is not None:
        goals.append(_continuing(committed, head.checkpoint))
    for goal in goals:
        for chunk in follow(source, edge, goal):
            edge = chunk.edge
            total += sum(map(len, chunk.entries)) if goal is head.checkpoint else 0
            progress(edge.size, goals[-1].size)
    return Audited(head.checkpoint, total)


def _continuing(committed: bytes, published: Checkpoint) -> Checkpoint:
    found = checkpoint.decode(note.decode(committed).text)
    if found.origin != published.origin:
        raise TlogError("log_unknown", found.origin)
    return found
