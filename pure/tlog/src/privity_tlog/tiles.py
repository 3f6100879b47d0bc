"""Tiles and entry bundles: the static files of a log, and proofs computed from them. Source: C2SP tlog-tiles.

A tile holds up to 256 hashes of one level; level L counts in units of 256^L leaves. Nothing here fetches: a source of
tiles is given, and every hash that matters is checked against a root by whoever uses the proof.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Final

from privity_tlog.errors import TlogError
from privity_tlog.limits import MAX_ENTRY, TILE_HEIGHT, TILE_WIDTH
from privity_tlog.merkle import EMPTY_ROOT, node_hash
from privity_tlog.spelling import HASH

ENTRIES: Final = "entries"
MAX_LEVEL: Final = 6  # 256^7 leaves exceed what is counted here


@dataclass(frozen=True, slots=True)
class Tile:
    """A tile of hashes: its level, its index, and how many hashes of 256 it has."""

    level: int
    index: int
    width: int

    @property
    def path(self) -> str:
        """Return the path of the tile below the log's prefix."""
        return f"tile/{self.level}/{_number(self.index)}{_partial(self.width)}"


def bundle_path(index: int, width: int) -> str:
    """Return the path of the entry bundle at `index` with `width` entries."""
    return f"tile/{ENTRIES}/{_number(index)}{_partial(width)}"


def _number(index: int) -> str:
    digits = f"{index:03d}"
    digits = digits.zfill(-(-len(digits) // 3) * 3)
    parts = [digits[at : at + 3] for at in range(0, len(digits), 3)]
    return "/".join([*(f"x{part}" for part in parts[:-1]), parts[-1]])


def _partial(width: int) -> str:
    if not 1 <= width <= TILE_WIDTH:
        raise TlogError("tile_malformed", "width")
    return "" if width == TILE_WIDTH else f".p/{width}"


def width_at(size: int, level: int, index: int) -> int:
    """Return how many hashes tile `index` of `level` has in a tree of `size` leaves, 0 when it does not exist."""
    return max(0, min(TILE_WIDTH, (size >> TILE_HEIGHT * level) - index * TILE_WIDTH))


def tiles_of(old: int, new: int) -> Iterator[Tile]:
    """Yield the tiles of a tree of `new` leaves that differ from those of `old` leaves, lowest level first."""
    level = 0
    while new >> TILE_HEIGHT * level:
        first = (old >> TILE_HEIGHT * level) // TILE_WIDTH
        last = ((new >> TILE_HEIGHT * level) - 1) // TILE_WIDTH
        for index in range(first, last + 1):
            width = width_at(new, level, index)
            if width != width_at(old, level, index):
                yield Tile(level, index, width)
        level += 1


def hashes(data: bytes, width: int) -> tuple[bytes, ...]:
    """Return the hashes of a tile of `width`. Raises TlogError `tile_malformed`."""
    if len(data) != width * HASH:
        raise TlogError("tile_malformed", "length")
    return tuple(data[at : at + HASH] for at in range(0, len(data), HASH))


def entries(data: bytes, width: int) -> tuple[bytes, ...]:
    """Return the entries of a bundle of `width`. Raises TlogError `tile_malformed`."""
    found: list[bytes] = []
    position = 0
    while position < len(data):
        end = position + 2 + int.from_bytes(data[position : position + 2])
        if len(found) == width or end > len(data):
            raise TlogError("tile_malformed", "entry")
        found.append(data[position + 2 : end])
        position = end
    if len(found) != width:
        raise TlogError("tile_malformed", "entries")
    return tuple(found)


def bundle(found: list[bytes]) -> bytes:
    """Return the bytes of an entry bundle. Raises TlogError `log_too_large`."""
    if any(len(entry) > MAX_ENTRY for entry in found):
        raise TlogError("log_too_large", f"an entry of more than {MAX_ENTRY} bytes")
    return b"".join(len(entry).to_bytes(2) + entry for entry in found)


ReadTile = Callable[[Tile], bytes]


class Tree:
    """A tree of `size` leaves, read through its tiles. Each tile is asked for once; short or long ones are refused."""

    def __init__(self, size: int, read: ReadTile) -> None:
        self.size = size
        self._read = read
        self._known: dict[Tile, tuple[bytes, ...]] = {}

    def root(self) -> bytes:
        """Return the root hash."""
        return self.hash_of(0, self.size) if self.size else EMPTY_ROOT

    def inclusion(self, index: int) -> tuple[bytes, ...]:
        """Return the path of leaf `index`, sibling first (RFC 6962 section 2.1.1). Raises TlogError `inclusion`."""
        if not 0 <= index < self.size:
            raise TlogError("inclusion", "index")
        path: list[bytes] = []
        start, end = 0, self.size
        while end - start > 1:
            middle = start + _split(end - start)
            if index < middle:
                path.append(self.hash_of(middle, end))
                end = middle
            else:
                path.append(self.hash_of(start, middle))
                start = middle
        return tuple(reversed(path))

    def consistency(self, old: int) -> tuple[bytes, ...]:
        """Return the path from a tree of `old` leaves to this one (RFC 6962 section 2.1.2). Raises TlogError."""
        if not 0 <= old <= self.size:
            raise TlogError("consistency", "size")
        if old in (0, self.size):
            return ()
        path: list[bytes] = []
        start, end, whole = 0, self.size, True
        while True:
            if old == end:
                if not whole:
                    path.append(self.hash_of(start, end))
                return tuple(reversed(path))
            middle = start + _split(end - start)
            if old <= middle:
                path.append(self.hash_of(middle, end))
                end = middle
            else:
                path.append(self.hash_of(start, middle))
                start, whole = middle, False

    def hash_of(self, start: int, end: int) -> bytes:
        """Return the hash over leaves `start` to `end`, a subtree of this tree."""
        count = end - start
        if count & (count - 1) == 0:
            return self._complete(start, count.bit_length() - 1)
        middle = start + _split(count)
        return node_hash(self.hash_of(start, middle), self.hash_of(middle, end))

    def _complete(self, start: int, height: int) -> bytes:
        """Return the hash of the complete subtree of 2^height leaves at `start`: from the tile that holds it."""
        level, within = divmod(height, TILE_HEIGHT)
        first = start >> TILE_HEIGHT * level
        tile = Tile(level, first // TILE_WIDTH, width_at(self.size, level, first // TILE_WIDTH))
        row = list(self._tile(tile)[first % TILE_WIDTH : first % TILE_WIDTH + (1 << within)])
        while len(row) > 1:
            row = [node_hash(row[at], row[at + 1]) for at in range(0, len(row), 2)]
        return row[0]

    def _tile(self, tile: Tile) -> tuple[bytes, ...]:
        if tile not in self._known:
            self._known[tile] = hashes(self._read(tile), tile.width)
        return self._known[tile]


def _split(count: int) -> int:
    """Return the largest power of two below `count`."""
    return 1 << (count - 1).bit_length() - 1
