"""Carries every request of a client as Oblivious HTTP, in chunks, to one address: a relay's. Source: specs/ohttp.md.

A relay's own answers are hints without proof, as all outer answers are: whatever is not sealed counts as busy.
"""

import os
from collections.abc import AsyncIterator, Callable
from typing import Final

import httpx
from privity_protocol.errors import PrivityError
from privity_protocol.ohttp import binary_http, keys
from privity_protocol.ohttp.binary_http import Reader, Request, Response
from privity_protocol.ohttp.encapsulation import ChunkReader, Sent
from privity_protocol.ohttp.forms import CHUNKED

from privity_client.errors import ClientError
from privity_client.relayed.relay import Relay

OK: Final = 200
FOREIGN_KEY: Final = 400
BUSY: Final = 503
_HEADERS: Final = {"content-type": CHUNKED.request_type, "incremental": "?1", "accept-encoding": "identity"}


class Oblivious(httpx.AsyncBaseTransport):
    """A transport: where a request says that it goes is sealed, and all of them go to the relay."""

    def __init__(self, relay: Relay, outer: httpx.AsyncClient, entropy: Callable[[int], bytes] = os.urandom) -> None:
        """`outer` talks to the relay, and is closed with this transport."""
        self._relay = relay
        self._outer = outer
        self._entropy = entropy

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Return the answer inside. Raises ClientError `relay_keys`, httpx.HTTPError."""
        (configuration, *_) = keys.decode(self._relay.keys)
        sent = Sent(configuration, CHUNKED, entropy=self._entropy)
        body = sent.chunks(_sealed(request, await request.aread()))
        asking = self._outer.build_request("POST", self._relay.url, content=body, headers=_HEADERS)
        asking.extensions = {**asking.extensions, **request.extensions}
        answer = await self._outer.send(asking, stream=True)
        if answer.status_code != OK or answer.headers.get("content-type") != CHUNKED.response_type:
            await answer.aclose()
            if answer.status_code == FOREIGN_KEY:
                raise ClientError("relay_keys")
            return httpx.Response(BUSY)
        opening = Opening(answer, sent.open_chunks())
        try:
            head = await opening.head()
        except BaseException:
            await answer.aclose()
            raise
        kinds = [(name, value) for name, value in head.fields if name == b"content-type"]
        return httpx.Response(head.status, headers=kinds, stream=opening)

    async def aclose(self) -> None:
        """Close the connections to the relay."""
        await self._outer.aclose()


class Opening(httpx.AsyncByteStream):
    """The content of an answer, opened as it comes. An answer without its sealed end raises instead of ending."""

    def __init__(self, answer: httpx.Response, chunks: ChunkReader) -> None:
        self._answer = answer
        self._parts = answer.aiter_raw()
        self._chunks = chunks
        self._reader = Reader(response=True)
        self._content = b""
        self._ended = False

    async def head(self) -> Response:
        """Return status and fields. Raises httpx.HTTPError."""
        while self._reader.head is None and not self._ended:
            self._content += await self._next()
        head = self._reader.head
        assert isinstance(head, Response)
        return head

    async def __aiter__(self) -> AsyncIterator[bytes]:
        """Yield the content."""
        content, self._content = self._content, b""
        if content:
            yield content
        while not self._ended:
            if part := await self._next():
                yield part

    async def aclose(self) -> None:
        """Close the connection."""
        await self._answer.aclose()

    async def _next(self) -> bytes:
        data = await anext(self._parts, None)
        try:
            if data is not None:
                return self._reader.feed(self._chunks.feed(data))
            self._ended = True
            content = self._reader.feed(self._chunks.finish())
            self._reader.finish()
        except PrivityError as error:
            raise httpx.RemoteProtocolError(f"the sealed answer: {error.reason}") from error
        return content


def _sealed(request: httpx.Request, content: bytes) -> bytes:
    """The request inside: method, address without its query, type of its content. No other header goes along."""
    url, kind = request.url, request.headers.get("content-type")
    fields = () if kind is None else ((b"content-type", kind.encode("ascii")),)
    head = Request(
        request.method.encode("ascii"), url.scheme.encode(), url.netloc, url.raw_path.partition(b"?")[0], fields
    )
    return binary_http.encode_request(head, content)
