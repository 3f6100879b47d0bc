"""The mirror: copies a log's files into a folder that any web server can serve, each checked before it is kept.

The checkpoint is copied last, so what the mirror shows is always whole. A mirror signs nothing: whoever reads it checks
the log's and the witnesses' signatures, as everywhere.
"""

from collections.abc import Callable

from privity_tlog.errors import TlogError
from privity_tlog.witness_policy import WitnessPolicy

from privity_log import followed as kept
from privity_log.follow import follow
from privity_log.followed import Evidence, Followed
from privity_log.reading import public
from privity_log.sequencer import CHECKPOINT
from privity_log.source import Source
from privity_log.store import Store


def copy(
    source: Source,
    policy: WitnessPolicy,
    origin: str,
    store: Store,
    *,
    progress: Callable[[int, int], None] = lambda _done, _of: None,
) -> int:
    """Copy what is new; return the size reached. Raises LogError, StoreError, Evidence."""
    known = kept.load(store)
    head, data = kept.next_head(source, policy, origin)
    edge = known.edge
    try:
        for chunk in follow(source, edge, head.checkpoint):
            store.put({public(path): content for path, content in chunk.files.items()})
            edge = chunk.edge
            progress(edge.size, head.checkpoint.size)
    except TlogError as error:
        raise Evidence(error, tuple(note for note in (known.note, data) if note)) from error
    store.replace(CHECKPOINT, data, expected=store.read(CHECKPOINT))
    kept.save(store, Followed(edge, data))
    return edge.size
