"""The one HTTP client of the node: speaks OpenAI chat completions to an engine over a Unix socket or loopback.

Source: specs/engine-profiles.md. One connection for each request, because engines close idle ones while we write;
closing it is how a generation is stopped.
"""

import asyncio
from collections.abc import AsyncGenerator, Sequence
from dataclasses import dataclass
from typing import Final

import aiohttp
import msgspec
from privity_protocol.lines import Done, Embedding, Usage

from privity_enclave.engine.interface import EngineError, EngineEvent
from privity_enclave.engine.stream import MAX_ERROR, AnswerReader, failure, vector

CHAT: Final = "/v1/chat/completions"
EMBED: Final = "/v1/embeddings"
MAX_ANSWER: Final = 2**20  # bytes of a vector, or of an answer to a question about the engine itself
CONNECT_SECONDS: Final = 5
_PIECE: Final = 16384  # bytes taken at once: they wait in memory while a reader is slow


@dataclass(frozen=True, slots=True)
class Deadlines:
    """Seconds: to the first event (prompts are read before), between two pieces, and for the whole answer."""

    first: float
    idle: float
    total: float


NO_CHAT: Final = Deadlines(0, 0, 0)
"""Of an adapter that only asks."""


class Adapter:
    """A connection to one engine at `url` (`http://...` or `unix:/path`), with its key if it has one."""

    def __init__(self, url: str, *, key: str | None = None, context: int = 0, deadlines: Deadlines = NO_CHAT) -> None:
        self._base = "http://engine" if url.startswith("unix:") else url.rstrip("/")
        self._path = url.removeprefix("unix:") if url.startswith("unix:") else None
        self._key = key
        self._context = context
        self._deadlines = deadlines
        self._session: aiohttp.ClientSession | None = None

    def open(self) -> None:
        """Make the client; a running event loop is needed."""
        connector: aiohttp.BaseConnector = (
            aiohttp.TCPConnector(force_close=True, limit=0)
            if self._path is None
            else aiohttp.UnixConnector(self._path, force_close=True, limit=0)
        )
        headers = {"Accept-Encoding": "identity", "Content-Type": "application/json"}
        if self._key is not None:
            headers["Authorization"] = f"Bearer {self._key}"
        self._session = aiohttp.ClientSession(
            connector=connector,
            headers=headers,
            skip_auto_headers=("User-Agent",),
            cookie_jar=aiohttp.DummyCookieJar(),
            timeout=aiohttp.ClientTimeout(total=None, sock_connect=CONNECT_SECONDS),
            auto_decompress=False,
            trust_env=False,
        )

    async def close(self) -> None:
        """Drop every connection."""
        if self._session is not None:
            await self._session.close()
            self._session = None

    async def ask(self, path: str, body: bytes | None = None) -> tuple[int, object]:
        """Return status and JSON (None where it is none) of a GET, or a POST. Raises EngineError `unavailable`."""
        method = "GET" if body is None else "POST"
        try:
            async with (
                asyncio.timeout(CONNECT_SECONDS),
                self._open_session().request(method, self._base + path, data=body, allow_redirects=False) as response,
            ):
                data = await _bounded(response, MAX_ANSWER)
                return response.status, msgspec.json.decode(data)
        except (msgspec.DecodeError, RecursionError):
            return response.status, None
        except (aiohttp.ClientError, OSError, TimeoutError):
            raise EngineError("unavailable") from None

    async def chat(self, body: bytes) -> AsyncGenerator[EngineEvent, None]:
        """Post a body of `request.body` and give the events of its answer; closing the generator ends the generation.

        Raises EngineError: `unavailable` before the engine answers, `crashed` when the answer breaks off, `deadline`,
        or what the engine says is wrong.
        """
        clock = asyncio.get_running_loop().time
        end = clock() + self._deadlines.total
        reader = AnswerReader(self._context)
        until = min(clock() + self._deadlines.first, end)
        response = await self._post(CHAT, body, "text/event-stream", until)
        try:
            while not reader.ended:
                piece = await _read(response, until)
                if not piece:
                    reader.eof()
                before = reader.chunks
                for event in reader.feed(piece):
                    yield event
                # Comments that keep a connection alive are no progress.
                if reader.chunks > before:
                    until = min(clock() + self._deadlines.idle, end)
        finally:
            response.close()

    async def embed(self, bodies: Sequence[bytes]) -> AsyncGenerator[EngineEvent, None]:
        """Post the bodies of `request.texts` in turn and give a vector for each, usage and the end.

        Raises EngineError as `chat` does.
        """
        until = asyncio.get_running_loop().time() + self._deadlines.total
        tokens = 0
        for index, body in enumerate(bodies):
            response = await self._post(EMBED, body, "application/json", until)
            try:
                data = b""
                while len(data) < MAX_ANSWER and (piece := await _read(response, until)):
                    data += piece
            finally:
                response.close()
            found, counted = vector(data)
            tokens += counted
            yield Embedding(index, found)
        yield Usage(tokens, 0, 0)
        yield Done("stop")

    async def _post(self, path: str, body: bytes, kind: str, until: float) -> aiohttp.ClientResponse:
        try:
            async with asyncio.timeout_at(until):
                response = await self._open_session().post(self._base + path, data=body, allow_redirects=False)
                if response.status == 200 and response.content_type == kind:
                    return response
                try:
                    raise failure(response.status, await _bounded(response, MAX_ERROR), self._context)
                finally:
                    response.close()
        except TimeoutError:
            raise EngineError("deadline") from None
        except aiohttp.ClientConnectorError:
            raise EngineError("unavailable") from None
        except (aiohttp.ClientError, OSError):
            raise EngineError("crashed") from None

    def _open_session(self) -> aiohttp.ClientSession:
        if self._session is None:
            raise EngineError("unavailable")
        return self._session


async def _read(response: aiohttp.ClientResponse, until: float) -> bytes:
    try:
        async with asyncio.timeout_at(until):
            return await response.content.read(_PIECE)
    except TimeoutError:
        raise EngineError("deadline") from None
    except (aiohttp.ClientError, OSError):
        raise EngineError("crashed") from None


async def _bounded(response: aiohttp.ClientResponse, limit: int) -> bytes:
    data = b""
    while len(data) < limit and (piece := await response.content.readany()):
        data += piece
    return data[:limit]
