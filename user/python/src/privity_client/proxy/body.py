"""A request's body, whole and bounded in size and time, before anything is done with it."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any, Final, TypeVar

from privity_client.openai_api.errors import ApiError

MAX_BODY: Final = 32 * 2**20
"""Bytes, as many as a RUN may have."""
MAX_UNREAD: Final = 4 * MAX_BODY
"""Bytes that are still taken, and thrown away, so that a program that sends too much can read why it was refused."""
BODY_SECONDS: Final = 60.0
"""Seconds for a whole body."""

LARGE: Final = 65_536
"""Bytes from which a body is read in a thread, so that other answers go on meanwhile."""

T = TypeVar("T")
Receive = Callable[[], Awaitable[Any]]


class Gone(Exception):
    """The program has closed its connection."""


async def read_body(receive: Receive) -> bytes:
    """Return the body. Raises ApiError 408 and 413, Gone."""
    try:
        async with asyncio.timeout(BODY_SECONDS):
            return await _read(receive)
    except TimeoutError:
        raise ApiError(408, f"The body did not come within {BODY_SECONDS:.0f} seconds.", code="timeout") from None


async def _read(receive: Receive) -> bytes:
    body, size, more = bytearray(), 0, True
    while more:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise Gone
        part = message.get("body", b"")
        size += len(part)
        if size <= MAX_BODY:
            body += part
        else:
            body.clear()
        more = message.get("more_body", False) and size <= MAX_UNREAD
    if size > MAX_BODY:
        raise ApiError(413, f"The body has more than {MAX_BODY} bytes.", code="too_large")
    return bytes(body)


async def unless_gone(receive: Receive, work: Awaitable[None]) -> None:
    """Do `work` unless the program goes away: then it is cancelled, and that has ended when this returns."""
    working, going = asyncio.ensure_future(work), asyncio.ensure_future(_gone(receive))
    try:
        await asyncio.wait({working, going}, return_when=asyncio.FIRST_COMPLETED)
        if working.done():
            await working
    finally:
        working.cancel()
        going.cancel()
        await asyncio.gather(working, going, return_exceptions=True)


async def _gone(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass


async def read(data: bytes, reader: Callable[[bytes], T]) -> T:
    """Return what `reader` makes of a body. Raises what it raises."""
    return reader(data) if len(data) < LARGE else await asyncio.to_thread(reader, data)
