"""The verified nodes for all requests of the proxy: found once for those who ask at the same time."""

import asyncio

from privity_protocol.errors import PrivityError

from privity_client.discovery import NodeSource
from privity_client.nodes import VerifiedNode


class VerifiedNodes:
    """A node source that many requests share."""

    def __init__(self, source: NodeSource) -> None:
        self._source = source
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
            return await self._search(model, refresh=refresh and not waited)

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
