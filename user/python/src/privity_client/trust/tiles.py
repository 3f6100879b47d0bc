"""Consistency paths of a log, computed from the tiles that it publishes; who hands them out is trusted for nothing."""

from collections.abc import Callable, Mapping
from typing import Final

import httpx
from privity_tlog.errors import TlogError
from privity_tlog.limits import TILE_WIDTH
from privity_tlog.spelling import HASH
from privity_tlog.tiles import Tile, Tree

from privity_client import fetch
from privity_client.errors import ClientError

MOST_TILES: Final = 128
"""Tiles of one run: a log of 10^9 leaves needs fewer than 16 for a path."""


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

    def _reader(self, origin: str) -> Callable[[Tile], bytes]:
        def read(tile: Tile) -> bytes:
            if (origin, tile) not in self._known:
                raise _Needed(tile)
            return self._known[origin, tile]

        return read

    async def _fetch(self, origin: str, tile: Tile) -> None:
        address = self._addresses.get(origin)
        if address is None:
            raise ClientError("log_unreadable", f"the server does not say where {origin} can be read")
        if len(self._known) >= MOST_TILES:
            raise ClientError("log_unreadable", f"more than {MOST_TILES} tiles")
        data = await fetch.get(self._client, f"{address}/{tile.path}", limit=TILE_WIDTH * HASH)
        if len(data) != tile.width * HASH:
            raise TlogError("tile_malformed", "length")
        self._known[origin, tile] = data
