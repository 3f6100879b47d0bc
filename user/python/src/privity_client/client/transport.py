"""A transport for `httpx` under which the OpenAI API is answered by verified enclaves, in this process.

Whatever host a program names, no request leaves by that name: there is nothing here that could send it. Routes, errors
and headers are those of the proxy (specs/proxy.md); there is no key, since nobody else can reach it.
"""

import asyncio
import os
import weakref
from collections.abc import AsyncIterator, Iterable, Iterator
from contextlib import AsyncExitStack
from typing import Any, Final

import httpx
from privity_protocol import jsontext
from privity_protocol.errors import PrivityError

from privity_client.client.failures import Closed
from privity_client.client.link import Opening, Server
from privity_client.client.loop_thread import LoopThread
from privity_client.client.policy import STRICT, Policy
from privity_client.client.progress import Tell, silent
from privity_client.openai_api.errors import ApiError, of_failure
from privity_client.proxy.application import Proxy

WAITING: Final = 4
"""Pieces of an answer that wait for their reader; beyond that the node waits."""
SECONDS: Final = 600.0
"""For an answer that does not begin, or does not go on, unless the program says otherwise."""


class Anyone:
    """The gate of a proxy that nobody but this program can reach."""

    def refusal(self, _headers: Iterable[tuple[bytes, bytes]], _path: str) -> ApiError | None:
        """Refuse nobody."""
        return None


class AsyncTransport(httpx.AsyncBaseTransport):
    """Opens at the first request, and after a failure at the next. One event loop, one process."""

    def __init__(self, opening: Opening) -> None:
        self._opening = opening
        self._held = AsyncExitStack()
        self._proxy: Proxy | None = None
        self._place: tuple[int, asyncio.AbstractEventLoop] | None = None
        self._opens = asyncio.Lock()
        self._answers: set[_Answer] = set()
        self._closed = False

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Answer one request. Raises httpx.ReadTimeout, httpx.RemoteProtocolError, and Closed."""
        body = await request.aread()
        try:
            proxy = await self._opened()
        except PrivityError as error:
            if isinstance(error, Closed):
                raise
            failure = of_failure(error)
            headers = {"content-type": "application/json"}
            return httpx.Response(failure.status, headers=headers, content=jsontext.encode(failure.body()))
        answer = _Answer(request, body, self._answers)
        return await answer.begin(proxy)

    async def aclose(self) -> None:
        """End what is being answered, tell the nodes, and close."""
        self._closed = True
        for answer in list(self._answers):
            await answer.aclose()
        await self._held.aclose()
        self._proxy = None

    async def _opened(self) -> Proxy:
        here = (os.getpid(), asyncio.get_running_loop())
        if self._place not in (None, here):
            raise Closed("it was opened in another process or event loop")
        async with self._opens:
            if self._closed:
                raise Closed("it was closed")
            if self._proxy is None:
                link = await self._held.enter_async_context(self._opening())
                self._proxy = Proxy(Anyone(), link.nodes, link.asking, link.facts, clock=link.clock)
                self._place = here
            return self._proxy


class _Answer(httpx.AsyncByteStream):
    """One request on its way through the application; it is the body of its response."""

    def __init__(self, request: httpx.Request, body: bytes, answers: "set[_Answer]") -> None:
        self._request = request
        self._body: bytes | None = body
        self._answers = answers
        self._seconds = request.extensions.get("timeout", {}).get("read", SECONDS)
        self._messages: asyncio.Queue[dict[str, Any] | None] = asyncio.Queue(WAITING)
        self._left = asyncio.Event()
        self._task: asyncio.Task[None] | None = None

    async def begin(self, proxy: Proxy) -> httpx.Response:
        """Return the response once it has begun."""
        self._task = asyncio.ensure_future(self._run(proxy))
        self._answers.add(self)
        try:
            started = await self._next()
        except BaseException:
            await self.aclose()
            raise
        return httpx.Response(started["status"], headers=started["headers"], stream=self)

    async def __aiter__(self) -> AsyncIterator[bytes]:
        more = True
        while more:
            message = await self._next()
            more = message.get("more_body", False)
            if message["body"]:
                yield message["body"]

    async def aclose(self) -> None:
        """The program has what it wants: end the answer, and wait until it has ended."""
        self._left.set()
        self._answers.discard(self)
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    async def _next(self) -> dict[str, Any]:
        try:
            async with asyncio.timeout(self._seconds):
                message = await self._messages.get()
        except TimeoutError:
            raise httpx.ReadTimeout("the answer did not go on in time", request=self._request) from None
        if message is None:
            raise httpx.RemoteProtocolError("the answer is not complete", request=self._request)
        return message

    async def _run(self, proxy: Proxy) -> None:
        path = self._request.url.path
        scope = {"type": "http", "method": self._request.method, "path": path, "headers": self._headers()}
        try:
            await proxy(scope, self._receive, self._messages.put)
        finally:
            # Read after the end of a whole answer by nobody, after that of a cut one by its reader.
            ended = self._task is not None and self._task.cancelling()
            if not ended and not self._left.is_set():
                await self._messages.put(None)

    def _headers(self) -> list[tuple[bytes, bytes]]:
        return [(name.lower(), value) for name, value in self._request.headers.raw]

    async def _receive(self) -> dict[str, Any]:
        if self._body is not None:
            body, self._body = self._body, None
            return {"type": "http.request", "body": body, "more_body": False}
        await self._left.wait()
        return {"type": "http.disconnect"}


class Transport(httpx.BaseTransport):
    """The same for programs that wait: any thread of one process may use it."""

    def __init__(self, opening: Opening) -> None:
        self._loop = LoopThread()
        self._inner = AsyncTransport(opening)
        # Also of a transport that a program forgot, and at the end of the process.
        self._end = weakref.finalize(self, _close, self._loop, self._inner)

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """Answer one request. Raises as AsyncTransport does."""
        body = request.read()
        asked = httpx.Request(
            request.method, request.url, headers=request.headers, content=body, extensions=request.extensions
        )
        answer = self._loop.run(self._inner.handle_async_request(asked))
        assert isinstance(answer.stream, httpx.AsyncByteStream)
        stream = _Stream(self._loop, answer.stream)
        return httpx.Response(answer.status_code, headers=answer.headers, stream=stream, request=request)

    def close(self) -> None:
        """End what is being answered, and the thread."""
        self._end()


class _Stream(httpx.SyncByteStream):
    def __init__(self, loop: LoopThread, stream: httpx.AsyncByteStream) -> None:
        self._loop = loop
        self._stream = stream
        self._pieces = aiter(stream)

    def __iter__(self) -> Iterator[bytes]:
        while True:
            piece = self._loop.run(_following(self._pieces))
            if piece is None:
                return
            yield piece

    def close(self) -> None:
        self._loop.run(self._stream.aclose())


async def _following(pieces: AsyncIterator[bytes]) -> bytes | None:
    return await anext(pieces, None)


def _close(loop: LoopThread, inner: AsyncTransport) -> None:
    try:
        if loop.started:
            loop.run(inner.aclose())
    except Closed:
        return
    finally:
        loop.close()


def http_client(
    url: str, policy: Policy = STRICT, *, profile: str = "p1", relay: str = "", progress: Tell = silent
) -> httpx.Client:
    """Return the `http_client` for `openai.OpenAI`: all that it asks is answered by the verified enclaves of `url`."""
    opening = Server(url, policy, profile, relay, progress)
    return httpx.Client(transport=Transport(opening), timeout=SECONDS, trust_env=False)


def async_http_client(
    url: str, policy: Policy = STRICT, *, profile: str = "p1", relay: str = "", progress: Tell = silent
) -> httpx.AsyncClient:
    """Return the `http_client` for `openai.AsyncOpenAI`."""
    opening = Server(url, policy, profile, relay, progress)
    return httpx.AsyncClient(transport=AsyncTransport(opening), timeout=SECONDS, trust_env=False)
