"""Following a log: every leaf is read, the tree is computed anew from the leaves, and must make what the log signed.

Whoever keeps the edge of the tree that it computed needs no consistency proof: the tree continues, or its root differs.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from privity_tlog import head as heads
from privity_tlog import merkle, tiles
from privity_tlog.checkpoint import Checkpoint
from privity_tlog.errors import TlogError
from privity_tlog.head import Head
from privity_tlog.limits import TILE_WIDTH
from privity_tlog.spelling import HASH
from privity_tlog.tiles import Tile
from privity_tlog.witness_policy import WitnessPolicy

from privity_log.edge import Edge
from privity_log.errors import LogError
from privity_log.limits import MAX_ANSWER, MAX_BUNDLE
from privity_log.source import Source

CHUNK: Final = 32  # bundles that are held at once: 8,192 leaves


@dataclass(frozen=True, slots=True)
class Chunk:
    """New leaves from index `first` on, the files that hold them and the tiles above, and the edge after them."""

    first: int
    entries: tuple[bytes, ...]
    files: Mapping[str, bytes]
    edge: Edge


def fetch_head(source: Source, policy: WitnessPolicy, origin: str) -> tuple[Head, bytes]:
    """Return the log's newest head, verified, and its note. Raises LogError, TlogError."""
    data = source.read("checkpoint", MAX_ANSWER)
    if data is None:
        raise LogError("source_missing", "checkpoint")
    return heads.verify(data, policy, origin=origin), data


def follow(source: Source, edge: Edge, head: Checkpoint) -> Iterator[Chunk]:
    """Yield what is new between a computed edge and a signed head; the last chunk has been compared with the root.

    Tiles that the log serves are compared with those computed. Raises LogError `source_unreachable`,
    `source_missing`; TlogError `checkpoint_rollback`, `tile_malformed`, `consistency` (the leaves do not continue the
    known tree, do not make a served tile, or do not make the signed root).
    """
    if head.size < edge.size:
        raise TlogError("checkpoint_rollback", f"{head.size} after {edge.size}")
    while edge.size < head.size:
        first, end = edge.size, min(head.size, (edge.size // TILE_WIDTH + CHUNK) * TILE_WIDTH)
        bundles = {
            index: _bundle(source, index, head.size) for index in range(first // TILE_WIDTH, -(-end // TILE_WIDTH))
        }
        entries = [entry for _, found in bundles.values() for entry in found]
        known = first % TILE_WIDTH
        leaves = [merkle.leaf_hash(entry) for entry in entries]
        if tuple(leaves[:known]) != edge.rows[0]:
            raise TlogError("consistency", f"leaves before {first} were changed")
        edge, made = edge.grown(leaves[known:])
        files = {path: data for path, data in (_file(tile, data, head.size) for tile, data in made.items()) if path}
        for path, data in files.items():
            _compare(source, path, data)
        if edge.size == head.size and edge.root() != head.root:
            raise TlogError("consistency", f"the leaves do not make the root of size {head.size}")
        named = {tiles.bundle_path(index, len(found)): data for index, (data, found) in bundles.items()}
        yield Chunk(first, tuple(entries[known:]), named | files, edge)
    if edge.root() != head.root:
        raise TlogError("split_view", f"size {head.size}")


def read_partial(source: Source, path: str, full: str, most: int) -> tuple[bytes, bool]:
    """Return a file, or the full one that may have taken its place, and whether it is the full one."""
    data = source.read(path, most)
    if data is not None:
        return data, path == full
    data = source.read(full, most) if path != full else None
    if data is None:
        raise LogError("source_missing", path)
    return data, True


def _bundle(source: Source, index: int, size: int) -> tuple[bytes, tuple[bytes, ...]]:
    width = tiles.width_at(size, 0, index)
    path, full = tiles.bundle_path(index, width), tiles.bundle_path(index, TILE_WIDTH)
    data, is_full = read_partial(source, path, full, MAX_BUNDLE)
    found = tiles.entries(data, TILE_WIDTH if is_full else width)[:width]
    return tiles.bundle(list(found)) if is_full and width < TILE_WIDTH else data, found


def _file(tile: Tile, data: bytes, size: int) -> tuple[str, bytes]:
    """Return path and bytes of a tile that the log must serve at this size, an empty path for one in between."""
    return (tile.path if tile.width == tiles.width_at(size, tile.level, tile.index) else ""), data


def _compare(source: Source, path: str, data: bytes) -> None:
    full = path.partition(".p/")[0]
    served, _ = read_partial(source, path, full, TILE_WIDTH * HASH)
    if served[: len(data)] != data or (path == full and len(served) != len(data)):
        raise TlogError("consistency", f"{path} is not what the leaves make")
