"""The relay: carries the bytes of one request to the node that its header names, and the answer back as it comes.

Source: specs/relay.md. Only the fixed header is read. No header of the client travels on; what the node answers is
reduced to status and bytes. Every wait has a deadline that only moved bytes push back.
"""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from typing import Final, Protocol

import aiohttp
from privity_protocol import envelope
from privity_protocol.admission import OuterError, from_status
from privity_protocol.errors import Malformed
from privity_protocol.limits import (
    HELLO_HEADER,
    HELLO_REQUEST,
    HELLO_RESPONSE,
    KID,
    MAX_BUNDLE,
    MAX_REQUEST_RECORDS,
    RANDOM,
    REQUEST_RECORD,
    RUN_HEADER,
)

from privity_service.asgi import EXPOSED, Receive, Scope, Send, answer, method_not_allowed, preflight, refuse
from privity_service.request_body import ClientGone, Refused, RequestBody, declared_length
from privity_service.streams import Streams
from privity_service.upstream import Address, Upstreams

CHALLENGE: Final = KID + 32  # bytes: whose evidence, over which nonce


@dataclass(frozen=True, slots=True)
class Deadlines:
    """Seconds without a moved byte after which a request is given up."""

    upload: float = 30.0
    upload_whole: float = 300.0
    answer: float = 60.0
    stream: float = 60.0


@dataclass(frozen=True, slots=True)
class Route:
    """One forwarded route: sizes in bytes, and how its header names a node. `answer_most` None means a stream.

    `path` is where it is asked, empty for `/ec1/NAME`; `sent_type` is what the request goes on as.
    """

    name: str
    header: int
    least: int
    most: int
    kid: Callable[[bytes], bytes]
    media_type: str
    answer_least: int = 0
    answer_most: int | None = None
    path: str = ""
    sent_type: str = envelope.MEDIA_TYPE

    @property
    def asked(self) -> str:
        """Return the path, here and where it goes."""
        return self.path or f"/ec1/{self.name}"


HELLO: Final = Route(
    name="hello",
    header=HELLO_HEADER,
    least=HELLO_REQUEST,
    most=HELLO_REQUEST,
    kid=lambda header: envelope.parse_hello_header(header).kid,
    media_type=envelope.MEDIA_TYPE,
    answer_least=HELLO_RESPONSE,
    answer_most=HELLO_RESPONSE,
)
RUN: Final = Route(
    name="run",
    header=RUN_HEADER,
    least=RUN_HEADER + RANDOM + 2 * REQUEST_RECORD,
    most=RUN_HEADER + RANDOM + MAX_REQUEST_RECORDS * REQUEST_RECORD,
    kid=lambda header: envelope.parse_run_header(header).kid,
    media_type=envelope.MEDIA_TYPE,
)
CHALLENGE_ROUTE: Final = Route(
    name="challenge",
    header=KID,
    least=CHALLENGE,
    most=CHALLENGE,
    kid=lambda header: header,
    media_type="application/cmw+json",
    answer_least=1,
    answer_most=MAX_BUNDLE,
)


class Destinations(Protocol):
    """Where the requests for a key go; None where nobody has announced it."""

    def address(self, kid: bytes) -> Address | None: ...


class NodeLost(Exception):
    """The node cannot be reached, answered nonsense, or went away in the middle."""


class Forwarder:
    """ASGI application of one forwarded route."""

    def __init__(
        self,
        route: Route,
        destinations: Destinations,
        upstreams: Upstreams,
        counts: Counter[str],
        streams: Streams,
        deadlines: Deadlines | None = None,
    ) -> None:
        self._route = route
        self._destinations = destinations
        self._upstreams = upstreams
        self._counts = counts
        self._streams = streams
        self._deadlines = deadlines or Deadlines()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["method"] == "OPTIONS":
            return await preflight(send, b"POST")
        if scope["method"] != "POST":
            return await method_not_allowed(send, b"POST, OPTIONS")
        self._counts[self._route.name] += 1
        body = RequestBody(receive, least=self._route.least, most=self._route.most)
        try:
            with self._streams.one():
                await self._admit(scope, body, send)
        except Refused as refused:
            self._counts["refused"] += 1
            await refuse(send, refused.error, body.discard)
        except ClientGone:
            self._counts["gone"] += 1
        return None

    async def _admit(self, scope: Scope, body: RequestBody, send: Send) -> None:
        body.declare(declared_length(scope))
        started = False
        try:
            async with asyncio.timeout(self._deadlines.upload) as deadline:
                header = await body.header(self._route.header)
                try:
                    kid = self._route.kid(header)
                except Malformed as error:
                    raise Refused(OuterError.MALFORMED) from error
                address = self._destinations.address(kid)
                if address is None:
                    raise Refused(OuterError.UNKNOWN_KEY)
                exchange = Exchange(self._route, body, send, deadline, self._deadlines)
                try:
                    await exchange.carry(self._upstreams.session(address), address.base)
                finally:
                    started = exchange.started
        except (NodeLost, TimeoutError) as error:
            if started:
                self._counts["cut"] += 1
                return  # returned without an end: the server cuts the connection, so nobody takes it for complete
            if isinstance(error, TimeoutError) and not body.complete:
                raise Refused(OuterError.MALFORMED) from error
            self._counts["unreachable"] += 1
            raise Refused(OuterError.BUSY) from error


class Exchange:
    """One request on its way to a node and the answer on its way back."""

    def __init__(
        self, route: Route, body: RequestBody, send: Send, deadline: asyncio.Timeout, deadlines: Deadlines
    ) -> None:
        self.started = False
        self._route = route
        self._body = body
        self._send = send
        self._deadline = deadline
        self._deadlines = deadlines
        self._clock = asyncio.get_running_loop().time
        self._upload_end = self._clock() + deadlines.upload_whole

    async def carry(self, session: aiohttp.ClientSession, base: str) -> None:
        """Forward the request and stream the answer. Raises Refused, NodeLost, ClientGone, TimeoutError."""
        headers = {"Content-Type": self._route.sent_type}
        if self._body.length is not None:
            headers["Content-Length"] = str(self._body.length)
        url = base + self._route.asked
        request = session.post(url, data=self._upload(), headers=headers, allow_redirects=False)
        try:
            async with asyncio.TaskGroup() as group:
                watch = group.create_task(self._body.until_gone())
                async with request as response:
                    await self._answer(response)
                watch.cancel()
        except ExceptionGroup as group_error:
            raise self._cause(group_error) from None

    def _cause(self, group: ExceptionGroup[Exception]) -> Exception:
        if self._body.failure is not None:
            return self._body.failure
        if group.subgroup(ClientGone) is not None:
            return ClientGone()
        first = group.exceptions[0]
        return NodeLost() if isinstance(first, aiohttp.ClientError | OSError) else first

    async def _upload(self) -> AsyncIterator[bytes]:
        async for part in self._body.parts():
            self._deadline.reschedule(min(self._clock() + self._deadlines.upload, self._upload_end))
            yield part
        self._deadline.reschedule(self._clock() + self._deadlines.answer)

    async def _answer(self, response: aiohttp.ClientResponse) -> None:
        if response.status != 200:
            raise Refused(from_status(response.status))
        if "Content-Length" not in response.headers and not _chunked(response):
            raise NodeLost  # its end could not be told from its death
        if self._route.answer_most is None:
            await self._stream(response)
        else:
            await self._whole(response, self._route.answer_least, self._route.answer_most)

    async def _stream(self, response: aiohttp.ClientResponse) -> None:
        send = self._send
        media_type = (b"content-type", self._route.media_type.encode())
        self.started = True
        await send({"type": "http.response.start", "status": 200, "headers": [*EXPOSED, media_type]})
        reschedule, clock, idle = self._deadline.reschedule, self._clock, self._deadlines.stream
        async for part in response.content.iter_any():
            await send({"type": "http.response.body", "body": part, "more_body": True})
            reschedule(clock() + idle)
        await send({"type": "http.response.body", "body": b""})

    async def _whole(self, response: aiohttp.ClientResponse, least: int, most: int) -> None:
        data = bytearray()
        async for part in response.content.iter_any():
            data += part
            if len(data) > most:
                raise NodeLost
        if len(data) < least:
            raise NodeLost
        self.started = True
        await answer(self._send, 200, (*EXPOSED, (b"content-type", self._route.media_type.encode())), bytes(data))


def _chunked(response: aiohttp.ClientResponse) -> bool:
    return response.headers.get("Transfer-Encoding", "").lower() == "chunked"
