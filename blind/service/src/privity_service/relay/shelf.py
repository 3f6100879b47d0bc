"""What was fetched a moment ago: small public files, kept in memory so that one question serves all who ask.

Trusted? No: clients verify every byte. Altered or lost: asked for again. Rolled back: clients notice by the log.
"""

import asyncio
from collections import OrderedDict
from collections.abc import Awaitable, Callable
from typing import Final

MOST: Final = 32 * 1_048_576  # bytes of all that is kept
Fetch = Callable[[], Awaitable[bytes]]


class Shelf:
    """Files by path, each until its time is over; the one that was not asked for longest goes first."""

    def __init__(self, clock: Callable[[], float], most: int = MOST) -> None:
        self._clock = clock
        self._most = most
        self._size = 0
        self._kept: OrderedDict[str, tuple[float, bytes]] = OrderedDict()
        self._fetching: dict[str, asyncio.Task[bytes]] = {}

    async def get(self, path: str, seconds: float, fetch: Fetch) -> bytes:
        """Return what is kept of `path`, or fetch it, once for all who wait. Raises what `fetch` raises."""
        held = self._kept.get(path)
        if held is not None and self._clock() < held[0]:
            self._kept.move_to_end(path)
            return held[1]
        task = self._fetching.get(path)
        if task is None:
            task = asyncio.get_running_loop().create_task(self._fetched(path, seconds, fetch))
            self._fetching[path] = task
            task.add_done_callback(lambda done: self._done(path, done))
        # One of those who wait may leave; the others still want it.
        return await asyncio.shield(task)

    async def close(self) -> None:
        """End what is being fetched."""
        tasks = list(self._fetching.values())
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _fetched(self, path: str, seconds: float, fetch: Fetch) -> bytes:
        data = await fetch()
        self._drop(path)
        self._kept[path] = (self._clock() + seconds, data)
        self._size += len(data)
        while self._size > self._most:
            self._drop(next(iter(self._kept)))
        return data

    def _drop(self, path: str) -> None:
        held = self._kept.pop(path, None)
        if held is not None:
            self._size -= len(held[1])

    def _done(self, path: str, task: asyncio.Task[bytes]) -> None:
        self._fetching.pop(path, None)
        if not task.cancelled():
            task.exception()  # seen by whoever waited; if all have left, nobody else needs it
