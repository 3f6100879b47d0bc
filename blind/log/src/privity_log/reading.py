"""Reading a store's tiles: nothing counts that does not hash to the tree's own right edge."""

from collections.abc import Callable

from privity_tlog import merkle, tiles
from privity_tlog.errors import TlogError
from privity_tlog.limits import TILE_WIDTH
from privity_tlog.spelling import HASH
from privity_tlog.tiles import ReadTile, Tile, Tree

from privity_log.edge import Edge, complete
from privity_log.errors import StoreError
from privity_log.store import Store

PUBLIC = "public"


def public(path: str) -> str:
    """Return the store's name of a file that the log publishes."""
    return f"{PUBLIC}/{path}"


def read_tile(store: Store, tile: Tile) -> bytes:
    """Return a tile's hashes; a partial one may have been replaced by the full one. Raises StoreError."""
    data = store.read(public(tile.path))
    if data is None and tile.width < TILE_WIDTH:
        data = store.read(public(Tile(tile.level, tile.index, TILE_WIDTH).path))
        data = None if data is None else data[: tile.width * HASH]
    if data is None:
        raise StoreError("store_damaged", f"{tile.path} is missing")
    return data


def read_bundle(store: Store, index: int, width: int) -> tuple[bytes, ...]:
    """Return the entries of a bundle as it stood with `width` entries. Raises StoreError."""
    path = tiles.bundle_path(index, width)
    for name, held in ((path, width), (tiles.bundle_path(index, TILE_WIDTH), TILE_WIDTH)):
        data = store.read(public(name))
        if data is not None:
            try:
                return tiles.entries(data, held)[:width]
            except TlogError as error:
                raise StoreError("store_damaged", name) from error
    raise StoreError("store_damaged", f"{path} is missing")


class CheckedTiles:
    """The full tiles of a tree, each checked against the level above, up to the edge that was checked already."""

    def __init__(self, store: Store, edge: Edge) -> None:
        self._store = store
        self._edge = edge
        self._known: dict[tuple[int, int], tuple[bytes, ...]] = {}

    def row(self, level: int, index: int) -> tuple[bytes, ...]:
        """Return the hashes of tile `index` of `level`. Raises StoreError."""
        if (level, index) not in self._known:
            self._known[level, index] = self._checked(level, index)
        return self._known[level, index]

    def _checked(self, level: int, index: int) -> tuple[bytes, ...]:
        width = tiles.width_at(self._edge.size, level, index)
        if width < TILE_WIDTH:
            return self._edge.rows[level]
        tile = Tile(level, index, width)
        try:
            row = tiles.hashes(read_tile(self._store, tile), width)
        except TlogError as error:
            raise StoreError("store_damaged", tile.path) from error
        if complete(row) != self.row(level + 1, index // TILE_WIDTH)[index % TILE_WIDTH]:
            raise StoreError("store_damaged", f"{tile.path} does not hash to its place")
        return row


def newest_leaves(store: Store, edge: Edge, most: int) -> list[bytes]:
    """Return the hashes of the newest leaves, oldest first: about `most`, in whole tiles. Raises StoreError."""
    checked = CheckedTiles(store, edge)
    first = max(0, -(-(edge.size - most) // TILE_WIDTH))
    return [leaf for index in range(first, -(-edge.size // TILE_WIDTH)) for leaf in checked.row(0, index)]


class _Remembering(Tree):
    """A tree that computes no subtree twice: leaves that stand together share most of their paths."""

    def __init__(self, size: int, read: ReadTile) -> None:
        super().__init__(size, read)
        self._hashes: dict[tuple[int, int], bytes] = {}

    def hash_of(self, start: int, end: int) -> bytes:
        """Return the hash over leaves `start` to `end`."""
        if (start, end) not in self._hashes:
            self._hashes[start, end] = super().hash_of(start, end)
        return self._hashes[start, end]


def prover(store: Store, size: int, root: bytes) -> Callable[[int], tuple[bytes, ...]]:
    """Return what makes verified paths of leaves below a root. It raises StoreError, TlogError `inclusion`."""
    held: dict[Tile, bytes] = {}

    def read(tile: Tile) -> bytes:
        if tile not in held:
            held[tile] = read_tile(store, tile)
        return held[tile]

    tree = _Remembering(size, read)

    def path(index: int) -> tuple[bytes, ...]:
        found = tree.inclusion(index)
        at = index // TILE_WIDTH
        tile = Tile(0, at, tiles.width_at(size, 0, at))
        start = HASH * (index % TILE_WIDTH)
        leaf = read(tile)[start : start + HASH]
        merkle.verify_inclusion(leaf, index, size, found, root)
        return found

    return path


def consistency(store: Store, old: int, size: int) -> tuple[bytes, ...]:
    """Return the path from a tree of `old` leaves to this one, of `old` at most its size. Raises StoreError."""
    try:
        return Tree(size, lambda tile: read_tile(store, tile)).consistency(old)
    except TlogError as error:
        raise StoreError("store_damaged", str(error)) from error
