"""Opens what a relay brings, hands it to the application behind as if it had come by itself, and seals the answer.

Source: specs/ohttp.md. A request is read as it comes, an answer goes out as it comes. Whatever cannot be opened is 400.
"""

import asyncio
import os
from collections import Counter
from collections.abc import Callable
from typing import Final

from privity_protocol.errors import PrivityError
from privity_protocol.ohttp import binary_http
from privity_protocol.ohttp.binary_http import Reader, Request, Response
from privity_protocol.ohttp.encapsulation import Answering, Received, request_chunks
from privity_protocol.ohttp.forms import CHUNKED, OPENING, WHOLE
from privity_protocol.ohttp.keys import MEDIA_TYPE

from privity_service.asgi import EXPOSED, NO_SNIFF, App, Message, Receive, Scope, Send, answer, method_not_allowed
from privity_service.gateway.ring import Ring

PATH: Final = "/.well-known/ohttp-gateway"
"""Where a gateway is found and asked (RFC 9540)."""
MAX_WHOLE: Final = 1_048_576
"""Bytes of a request or an answer that is not chunked: it is held in memory."""
MAX_CHUNKED: Final = 36 * 1_048_576
"""Bytes of a chunked request: the longest RUN, and what chunks add."""
HEAD_SECONDS: Final = 30.0  # until the head of the request inside is known
_FOREIGN_KEY: Final = frozenset({"unknown_key", "suite"})
_PROBLEM: Final = (
    b'{"type":"https://iana.org/assignments/http-problem-types#ohttp-key","title":"key identifier unknown"}'
)


class Unreadable(Exception):
    """The request cannot be opened; nothing inside was believed."""

    def __init__(self, reason: str) -> None:
        self.reason = reason
        super().__init__(reason)


class Gone(Exception):
    """The relay closed the connection."""


class Gateway:
    """ASGI application: key configurations, encapsulated requests, and nothing else of the application behind it."""

    def __init__(
        self, ring: Ring, behind: App, counts: Counter[str], entropy: Callable[[int], bytes] = os.urandom
    ) -> None:
        self._ring = ring
        self._behind = behind
        self._counts = counts
        self._entropy = entropy

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["path"] == "/healthz":
            return await answer(send, 200, (*EXPOSED, (b"content-type", b"application/json")), b'{"status":"ready"}')
        if scope["path"] != PATH:
            return await answer(send, 404, EXPOSED)
        if scope["method"] == "GET":
            kind = (b"content-type", MEDIA_TYPE.encode())
            return await answer(send, 200, (NO_SNIFF, (b"cache-control", b"no-store"), kind), self._ring.document)
        if scope["method"] != "POST":
            return await method_not_allowed(send, b"GET, POST")
        types = [value.lower() for name, value in scope["headers"] if name == b"content-type"]
        self._counts["ohttp"] += 1
        if types == [CHUNKED.request_type.encode()]:
            return await self._chunked(receive, send)
        if types == [WHOLE.request_type.encode()]:
            return await self._whole(receive, send)
        return await answer(send, 415, EXPOSED)

    async def _chunked(self, receive: Receive, send: Send) -> None:
        incoming = Incoming(receive, self._ring)
        try:
            async with asyncio.timeout(HEAD_SECONDS):
                request = await incoming.head()
                if request.method != b"POST":
                    await incoming.end()  # nothing behind reads its body, and half a request is none
        except (Unreadable, TimeoutError) as error:
            return await self._refuse(error, send)
        except Gone:
            return None
        outgoing = Outgoing(send, incoming.exchange().answer(self._entropy))
        await self._behind(inner(request), incoming.receive, outgoing.send)
        if incoming.failure is not None and not outgoing.begun:
            await self._refuse(incoming.failure, send)
        return None

    async def _whole(self, receive: Receive, send: Send) -> None:
        try:
            async with asyncio.timeout(HEAD_SECONDS):
                data = await _all(receive)
            received = Received(data[:OPENING], WHOLE, self._ring.keys)
            reader = Reader(response=False)
            content = reader.feed(received.open(data[OPENING:], final=False))
            request = reader.finish()
        except (PrivityError, Unreadable, TimeoutError) as error:
            return await self._refuse(error, send)
        except Gone:
            return None
        assert isinstance(request, Request)
        held = Held()
        await self._behind(inner(request), Given(content, receive).receive, held.send)
        if held.response is None:
            return await answer(send, 503, EXPOSED)  # what came was cut, or too long to be held
        kind = (b"content-type", WHOLE.response_type.encode())
        message = binary_http.encode_response(held.response, bytes(held.body))
        return await answer(send, 200, (*EXPOSED, kind), received.answer(self._entropy).whole(message))

    async def _refuse(self, error: Exception, send: Send) -> None:
        self._counts["refused"] += 1
        close = (b"connection", b"close")
        if getattr(error, "reason", "") in _FOREIGN_KEY:
            return await answer(send, 400, (*EXPOSED, close, (b"content-type", b"application/problem+json")), _PROBLEM)
        status = 413 if getattr(error, "reason", "") == "too_large" else 400
        return await answer(send, status, (*EXPOSED, close))


def inner(request: Request) -> Scope:
    """The scope of the request inside. Its fields stay here: nothing behind needs one, and one could name somebody."""
    path = request.path.partition(b"?")[0].decode("ascii")
    return {"type": "http", "method": request.method.decode("ascii"), "path": path, "headers": [], "query_string": b""}


class Incoming:
    """The request inside as an ASGI body, opened chunk by chunk."""

    def __init__(self, receive: Receive, ring: Ring) -> None:
        self.failure: Unreadable | None = None
        self._receive = receive
        self._chunks, self.exchange = request_chunks(ring.keys)
        self._reader = Reader(response=False)
        self._content = b""
        self._taken = 0
        self._complete = False
        self._handed = False

    async def head(self) -> Request:
        """Return the head, with whatever content came beside it kept for `receive`. Raises Unreadable, Gone."""
        while self._reader.head is None and not self._complete:
            self._content += await self._next()
        head = self._reader.head
        assert isinstance(head, Request)
        return head

    async def end(self) -> None:
        """Take the rest of a request whose content nobody wants. Raises Unreadable, Gone."""
        while not self._complete:
            await self._next()

    async def receive(self) -> Message:
        """Return the next message for the application behind: a part, its end, or that the client is gone."""
        if self._handed:
            return await self._after()
        part, self._content = self._content, b""
        try:
            while not part and not self._complete:
                part = await self._next()
        except Unreadable as error:
            self.failure = error
            return {"type": "http.disconnect"}
        except Gone:
            return {"type": "http.disconnect"}
        self._handed = self._complete
        return {"type": "http.request", "body": part, "more_body": not self._complete}

    async def _next(self) -> bytes:
        message = await self._receive()
        if message["type"] == "http.disconnect":
            raise Gone
        data: bytes = message.get("body", b"")
        self._taken += len(data)
        if self._taken > MAX_CHUNKED:
            raise Unreadable("too_large")
        try:
            content = self._reader.feed(self._chunks.feed(data))
            if not message.get("more_body", False):
                content += self._reader.feed(self._chunks.finish())
                self._reader.finish()
                self._complete = True
        except PrivityError as error:
            raise Unreadable(error.reason) from error
        return content

    async def _after(self) -> Message:
        while (message := await self._receive())["type"] != "http.disconnect":
            pass
        return message


class Outgoing:
    """The answer of the application behind, sealed as it comes. Without its end the connection is cut."""

    def __init__(self, send: Send, answering: Answering) -> None:
        self.begun = False
        self._send = send
        self._answering = answering

    async def send(self, message: Message) -> None:
        """Take one ASGI message of the answer."""
        if message["type"] == "http.response.start":
            self.begun = True
            kind = (b"content-type", CHUNKED.response_type.encode())
            headers = [*EXPOSED, kind, (b"incremental", b"?1")]
            await self._send({"type": "http.response.start", "status": 200, "headers": headers})
            begin = binary_http.begin_response(_response(message))
            await self._part(self._answering.opening + self._answering.chunks(begin))
            return
        body: bytes = message.get("body", b"")
        if body:
            await self._part(self._answering.chunks(binary_http.piece(body)))
        if not message.get("more_body", False):
            await self._send({"type": "http.response.body", "body": self._answering.last(binary_http.END)})

    async def _part(self, data: bytes) -> None:
        await self._send({"type": "http.response.body", "body": data, "more_body": True})


class Given:
    """A whole body as ASGI messages."""

    def __init__(self, content: bytes, receive: Receive) -> None:
        self._content: bytes | None = content
        self._receive = receive

    async def receive(self) -> Message:
        """Return the body, then that the client is gone, once it is."""
        content, self._content = self._content, None
        if content is not None:
            return {"type": "http.request", "body": content, "more_body": False}
        while (message := await self._receive())["type"] != "http.disconnect":
            pass
        return message


class Held:
    """An answer that is held until it is whole; `response` stays None when it was cut or too long."""

    def __init__(self) -> None:
        self.response: Response | None = None
        self.body = bytearray()
        self._start: Response | None = None

    async def send(self, message: Message) -> None:
        """Take one ASGI message of the answer."""
        if message["type"] == "http.response.start":
            self._start = _response(message)
            return
        if len(self.body) <= MAX_WHOLE:
            self.body += message.get("body", b"")
        if not message.get("more_body", False) and len(self.body) <= MAX_WHOLE:
            self.response = self._start


async def _all(receive: Receive) -> bytes:
    data = bytearray()
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise Gone
        data += message.get("body", b"")
        if len(data) > MAX_WHOLE:
            raise Unreadable("too_large")
        if not message.get("more_body", False):
            return bytes(data)


def _response(message: Message) -> Response:
    kinds = [(name, value) for name, value in message["headers"] if name == b"content-type"]
    return Response(message["status"], tuple(kinds))
