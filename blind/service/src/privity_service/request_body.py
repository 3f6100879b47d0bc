"""The body of one request as it arrives: bounded before it is read, and watched for a client that goes away."""

import asyncio
from collections.abc import AsyncIterator
from typing import Final

from privity_protocol.admission import OuterError

from privity_service.asgi import Receive, Scope

DISCARD_SECONDS: Final = 1.0  # for which a refused body is still taken, so that the refusal is not lost in a reset
DISCARD_BYTES: Final = 262_144


class Refused(Exception):
    """The request is answered with an outer error."""

    def __init__(self, error: OuterError) -> None:
        self.error = error
        super().__init__(error.reason)


class ClientGone(Exception):
    """The client closed the connection; nobody is left to answer."""


def declared_length(scope: Scope) -> int | None:
    """Return the Content-Length, None when the body comes in chunks. Raises Refused."""
    lengths = [value for name, value in scope["headers"] if name == b"content-length"]
    if not lengths:
        return None
    if len(lengths) > 1 or not lengths[0].isdigit() or len(lengths[0]) > 12:
        raise Refused(OuterError.MALFORMED)
    return int(lengths[0])


class RequestBody:
    """Reads a body of `least` to `most` bytes from ASGI messages."""

    def __init__(self, receive: Receive, *, least: int, most: int) -> None:
        self.length: int | None = None
        self.complete = False
        self.failure: Refused | ClientGone | None = None
        self._receive = receive
        self._least = least
        self._most = most
        self._read = 0
        self._pending = b""
        self._finished = asyncio.Event()

    def declare(self, length: int | None) -> None:
        """Judge the declared length before anything is read. Raises Refused."""
        if length is not None and length > self._most:
            raise Refused(OuterError.TOO_LARGE)
        if length is not None and length < self._least:
            raise Refused(OuterError.MALFORMED)
        self.length = length

    async def header(self, size: int) -> bytes:
        """Return the first `size` bytes, which `parts` will yield again. Raises Refused, ClientGone."""
        while len(self._pending) < size and not self.complete:
            self._pending += await self._next()
        if len(self._pending) < size:
            raise Refused(OuterError.MALFORMED)
        return self._pending[:size]

    async def parts(self) -> AsyncIterator[bytes]:
        """Yield the body as it arrives. Raises Refused, ClientGone."""
        if self._pending:
            yield self._pending
        while not self.complete:
            part = await self._next()
            if part:
                yield part
        self._finished.set()

    async def until_gone(self) -> None:
        """Wait until the client goes away after its body is complete; then raise ClientGone."""
        await self._finished.wait()
        while (await self._receive())["type"] != "http.disconnect":
            pass
        raise ClientGone

    async def discard(self) -> None:
        """Take what is still coming of a refused body, within bounds; the connection is closed after it."""
        taken = 0
        try:
            async with asyncio.timeout(DISCARD_SECONDS):
                while not self.complete and taken < DISCARD_BYTES:
                    message = await self._receive()
                    if message["type"] == "http.disconnect":
                        return
                    taken += len(message.get("body", b""))
                    self.complete = not message.get("more_body", False)
        except TimeoutError:
            return

    async def _next(self) -> bytes:
        message = await self._receive()
        if message["type"] == "http.disconnect":
            raise self._failed(ClientGone())
        part: bytes = message.get("body", b"")
        self._read += len(part)
        self.complete = not message.get("more_body", False)
        if self._read > self._most:
            raise self._failed(Refused(OuterError.TOO_LARGE))
        if self.complete and self._read < self._least:
            raise self._failed(Refused(OuterError.MALFORMED))
        return part

    def _failed(self, failure: Refused | ClientGone) -> Refused | ClientGone:
        # Raised inside aiohttp's upload it would be swallowed: kept for the one who asks why the upload failed.
        self.failure = failure
        return failure
