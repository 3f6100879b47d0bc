"""The right edge of a growing tree: of each level the hashes of its last tile, at most 255. All that appending needs.

A tree of any size is held in seven rows; the root, and every tile that a batch changes, follow from them.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from privity_tlog import tiles
from privity_tlog.limits import TILE_HEIGHT, TILE_WIDTH
from privity_tlog.merkle import EMPTY_ROOT, node_hash
from privity_tlog.tiles import Tile

Rows = tuple[tuple[bytes, ...], ...]
LEVELS: Final = tiles.MAX_LEVEL + 1


@dataclass(frozen=True, slots=True)
class Edge:
    """Size of the tree in leaves, and per level the hashes of its incomplete tile."""

    size: int
    rows: Rows

    def root(self) -> bytes:
        """Return the root hash: complete subtrees, the smallest and rightmost first."""
        found: bytes | None = None
        for row in self.rows:
            for piece in reversed(_pieces(row)):
                found = piece if found is None else node_hash(piece, found)
        return EMPTY_ROOT if found is None else found

    def grown(self, leaves: Iterable[bytes]) -> "tuple[Edge, dict[Tile, bytes]]":
        """Return the edge after these leaf hashes, and all tiles of the new tree that the old one did not have."""
        rows = [list(row) for row in self.rows]
        size, found = self.size, dict[Tile, bytes]()
        for leaf in leaves:
            size += 1
            node, level = leaf, 0
            rows[0].append(node)
            while len(rows[level]) == TILE_WIDTH:
                found[Tile(level, (size >> TILE_HEIGHT * (level + 1)) - 1, TILE_WIDTH)] = b"".join(rows[level])
                node = complete(rows[level])
                rows[level].clear()
                level += 1
                rows[level].append(node)
        for tile in tiles.tiles_of(self.size, size):
            if tile.width < TILE_WIDTH:
                found[tile] = b"".join(rows[tile.level])
        return Edge(size, tuple(tuple(row) for row in rows)), found


EMPTY: Final = Edge(0, ((),) * LEVELS)


def complete(row: Sequence[bytes]) -> bytes:
    """Return the hash over a complete row: a power of two of hashes."""
    while len(row) > 1:
        row = [node_hash(row[at], row[at + 1]) for at in range(0, len(row), 2)]
    return row[0]


def load(size: int, read: Callable[[Tile], bytes]) -> Edge:
    """Return the edge of a tree of `size` leaves from its tiles; whoever uses it compares its root.

    Raises TlogError `tile_malformed`, and what `read` raises.
    """
    rows: list[tuple[bytes, ...]] = []
    for level in range(LEVELS):
        count = size >> TILE_HEIGHT * level
        width = count % TILE_WIDTH
        rows.append(tiles.hashes(read(Tile(level, count // TILE_WIDTH, width)), width) if width else ())
    return Edge(size, tuple(rows))


def _pieces(row: Sequence[bytes]) -> list[bytes]:
    """Return the hashes of the complete subtrees that a row falls into, largest and leftmost first."""
    found: list[bytes] = []
    start = 0
    while start < len(row):
        width = 1 << (len(row) - start).bit_length() - 1
        found.append(complete(row[start : start + width]))
        start += width
    return found
