"""One HTTP response under our control: records go out, a lost or stalled reader comes back as an exception.

Source: specs/node-http.md, "Streams". Thin: no decisions about content or time.
"""

import asyncio
from typing import Final

from privity_protocol.envelope import MEDIA_TYPE
from starlette.types import Receive, Scope, Send

SLOW_READER: Final = 10.0  # seconds that one write may wait for a reader whose buffers (64 KiB here) are full
HEADERS: Final = [
    (b"content-type", MEDIA_TYPE.encode()),
    (b"cache-control", b"no-store, no-transform"),
    (b"x-accel-buffering", b"no"),
]


class Lost(Exception):
    """The reader has gone, or another connection took its place."""


class Stalled(Exception):
    """The reader stopped reading."""


class Wire:
    """The sending half of one request; made inside a running event loop."""

    def __init__(self, scope: Scope, receive: Receive, send: Send) -> None:
        self._abort = scope.get("extensions", {}).get("privity.abort", lambda: None)
        self._send = send
        self._lost = False
        self._woken = False
        self._sleep: asyncio.Future[None] | None = None
        self._watch = asyncio.create_task(self._watching(receive))

    async def begin(self) -> None:
        """Send status and headers."""
        await self._send({"type": "http.response.start", "status": 200, "headers": HEADERS})

    async def put(self, data: bytes, *, last: bool = False) -> None:
        """Send `data` in one piece. Raises Lost, Stalled."""
        try:
            async with asyncio.timeout(SLOW_READER):
                await self._send({"type": "http.response.body", "body": data, "more_body": not last})
        except TimeoutError:
            raise Stalled from None
        except OSError:
            raise Lost from None
        if self._lost and not last:
            raise Lost

    async def until(self, when: float | None) -> None:
        """Wait for the loop time `when`, or for `wake` when it is None. Raises Lost at once when the reader goes."""
        loop = asyncio.get_running_loop()
        if not self._lost and (when is not None or not self._woken):
            self._sleep = loop.create_future()
            timer = None if when is None else loop.call_at(when, self._end_sleep)
            try:
                await self._sleep
            finally:
                if timer is not None:
                    timer.cancel()
                self._sleep = None
        if self._lost:
            raise Lost
        if when is None:
            self._woken = False

    def wake(self) -> None:
        """End a wait for None, now or the next one."""
        self._woken = True
        if self._sleep is not None:
            self._end_sleep()

    def drop(self) -> None:
        """Give the connection up from our side."""
        self._lost = True
        self._end_sleep()

    async def close(self) -> None:
        """Stop watching; whoever made this object calls it when the response is over."""
        self._watch.cancel()
        await asyncio.wait([self._watch])

    def abort(self) -> None:
        """Cut the connection without waiting for a reader that does not read."""
        self._abort()

    def _end_sleep(self) -> None:
        if self._sleep is not None and not self._sleep.done():
            self._sleep.set_result(None)

    async def _watching(self, receive: Receive) -> None:
        while (await receive())["type"] != "http.disconnect":
            pass
        self.drop()
