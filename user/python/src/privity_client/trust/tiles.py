"""What a log publishes: tiles, for consistency paths, and entries. Who hands them out is trusted for nothing."""

from collections.abc import Callable, Mapping
from typing import Final

import httpx
from privity_tlog import merkle, tiles
from privity_tlog.checkpoint import Checkpoint
from privity_tlog.errors import TlogError
from privity_tlog.limits import MAX_ENTRY, TILE_WIDTH
from privity_tlog.spelling import HASH
from privity_tlog.tiles import Tile, Tree

from privity_client import fetch
from privity_client.errors import ClientError

MOST_TILES: Final = 128
"""Tiles of one run: a log of 10^9 leaves needs fewer than 16 for a path."""

MOST_ENTRIES: Final = 65_536
"""Leaves of a log that is read whole: a release log gets a few a month."""
MAX_BUNDLE: Final = TILE_WIDTH * (2 + MAX_ENTRY)  # bytes


class _Needed(Exception):
    def __init__(self, tile: Tile) -> None:
        self.tile = tile
        super().__init__()


class Tiles:
    """Reads tiles by log, each once. `addresses` say below which address a log's tiles are: hints of the server."""

    def __init__(self, client: httpx.AsyncClient, addresses: Mapping[str, str]) -> None:
        self._client = client
        self._addresses = addresses
        self._known: dict[tuple[str, Tile], bytes] = {}

    async def consistency(self, origin: str, old: int, new: int) -> tuple[bytes, ...]:
        """Return the path from `old` to `new` leaves, to be verified by the caller.

        Raises ClientError `unreachable`, `not_privity`, `too_much`, `log_unreadable`; TlogError `tile_malformed`.
        """
        while True:
            try:
                return Tree(new, self._reader(origin)).consistency(old)
            except _Needed as needed:
                await self._fetch(origin, needed.tile)

    async def entries(self, head: Checkpoint) -> list[bytes]:
        """Return every leaf of the log whose head this is, in order; their root is the head's.

        Raises ClientError `unreachable`, `not_privity`, `too_much`, `log_unreadable`; TlogError `tile_malformed`.
        """
        if head.size > MOST_ENTRIES:
            raise ClientError("log_unreadable", f"{head.origin} has more than {MOST_ENTRIES} leaves")
        found: list[bytes] = []
        for number in range(-(-head.size // TILE_WIDTH)):
            found += await self._bundle(head.origin, number, tiles.width_at(head.size, 0, number))
        if merkle.root_of([merkle.leaf_hash(one) for one in found]) != head.root:
            raise ClientError("log_unreadable", f"the leaves of {head.origin} are not those of its head")
        return found

    async def _bundle(self, origin: str, number: int, width: int) -> tuple[bytes, ...]:
        address = self._address(origin)
        try:
            path = tiles.bundle_path(number, width)
            return tiles.entries(await fetch.get(self._client, f"{address}/{path}", limit=MAX_BUNDLE), width)
        except ClientError as error:
            if error.reason != "not_privity" or width == TILE_WIDTH:
                raise
        # A partial bundle may be gone once the full one is there.
        path = tiles.bundle_path(number, TILE_WIDTH)
        return tiles.entries(await fetch.get(self._client, f"{address}/{path}", limit=MAX_BUNDLE), TILE_WIDTH)[:width]

    def _reader(self, origin: str) -> Callable[[Tile], bytes]:
        def read(tile: Tile) -> bytes:
            if (origin, tile) not in self._known:
                raise _Needed(tile)
            return self._known[origin, tile]

        return read

    async def _fetch(self, origin: str, tile: Tile) -> None:
        address = self._address(origin)
        if len(self._known) >= MOST_TILES:
            raise ClientError("log_unreadable", f"more than {MOST_TILES} tiles")
        data = await fetch.get(self._client, f"{address}/{tile.path}", limit=TILE_WIDTH * HASH)
        if len(data) != tile.width * HASH:
            raise TlogError("tile_malformed", "length")
        self._known[origin, tile] = data

    def _address(self, origin: str) -> str:
        address = self._addresses.get(origin)
        if address is None:
            raise ClientError("log_unreadable", f"the server does not say where {origin} can be read")
        return address
