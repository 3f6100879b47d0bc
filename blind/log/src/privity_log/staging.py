"""The batch on its way into the tree: written whole before anything else, so that a crash can only repeat it.

On disk (specs/log-service.md): a line `privity-log-staged 1`, a line with old size, new size and new root in base64,
then the new entries as in an entry bundle.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from privity_tlog import tiles
from privity_tlog.errors import TlogError
from privity_tlog.spelling import HASH, decimal, from_base64, to_base64

from privity_log.errors import StoreError

_FIRST: Final = b"privity-log-staged 1"


@dataclass(frozen=True, slots=True)
class Staged:
    """The entries that follow a tree of `old` leaves, and the root that they lead to."""

    old: int
    root: bytes
    entries: tuple[bytes, ...]

    @property
    def new(self) -> int:
        """Return the size of the tree with these entries."""
        return self.old + len(self.entries)


def encode(old: int, root: bytes, entries: Sequence[bytes]) -> bytes:
    """Return the bytes of a staged batch."""
    line = f"{old} {old + len(entries)} {to_base64(root)}".encode("ascii")
    return b"\n".join((_FIRST, line, tiles.bundle(list(entries))))


def decode(data: bytes) -> Staged:
    """Return the staged batch. Raises StoreError `store_damaged`."""
    try:
        first, line, rest = data.split(b"\n", 2)
        old, new, root = line.decode("ascii").split(" ")
        before, after = decimal(old, "tile_malformed"), decimal(new, "tile_malformed")
        entries = tiles.entries(rest, after - before)
        staged = Staged(before, from_base64(root, "tile_malformed", size=HASH), entries)
    except (ValueError, TlogError) as error:
        raise StoreError("store_damaged", "staged batch") from error
    if first != _FIRST:
        raise StoreError("store_damaged", "staged batch")
    return staged
