"""The verified nodes for all requests of the proxy: found once for those who ask at the same time, sent by a relay."""

import asyncio
from dataclasses import replace

from privity_protocol.errors import PrivityError

from privity_client.discovery import NodeSource
from privity_client.nodes import VerifiedNode


class VerifiedNodes:
    """A node source that many requests share. `relay` is the origin that carries the channel instead of the server's.

    A relay sees who asks and how much; the operator then sees the relay. It is believed in nothing: what it carries is
    sealed to the verified keys.
    """

    def __init__(self, source: NodeSource, *, relay: str = "") -> None:
        self._source = source
        self._relay = relay.rstrip("/")
        self._searching = asyncio.Lock()
        self._searches = 0
        self._failure: PrivityError | None = None

    async def nodes(self, model: str, *, refresh: bool) -> list[VerifiedNode]:
        """Return the verified nodes that offer `model`. A search that ended while this one waited counts for it too.

        Raises what the source raises.
        """
        before = self._searches
        async with self._searching:
            waited = before != self._searches
            if waited and self._failure is not None:
                raise self._failure.with_traceback(None)
            found = await self._search(model, refresh=refresh and not waited)
        return [replace(node, origin=self._relay) for node in found] if self._relay else found

    async def contradicted(self, node: VerifiedNode) -> None:
        """Hand on that a node has seen another history."""
        await self._source.contradicted(node)

    async def _search(self, model: str, *, refresh: bool) -> list[VerifiedNode]:
        try:
            found = await self._source.nodes(model, refresh=refresh)
        except PrivityError as error:
            self._failure = error
            self._searches += 1
            raise
        self._failure = None
        self._searches += refresh
        return found
