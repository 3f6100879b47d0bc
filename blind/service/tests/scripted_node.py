"""A node or another upstream by script, on a real socket, and a raw client.

The node is a hand-written HTTP server, so that it can also misbehave: hang, die, lie about lengths, never end.
"""

import asyncio
import json
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from hashlib import sha256

Script = Callable[["Heard", asyncio.StreamWriter], Awaitable[None]]
NOW = 1_790_000_000


@dataclass
class Heard:
    """A request as the node heard it."""

    path: str
    head: bytes
    body: bytes


@dataclass
class Answer:
    """An answer as the client read it: `whole` is False when the connection ended before the answer did."""

    status: int
    headers: dict[str, str]
    body: bytes
    whole: bool


async def read_body(reader: asyncio.StreamReader, headers: dict[str, str]) -> tuple[bytes, bool]:
    """The body that follows, and whether its end was seen."""
    if headers.get("transfer-encoding") != "chunked":
        length = int(headers.get("content-length", "0"))
        try:
            return await reader.readexactly(length), True
        except asyncio.IncompleteReadError as error:
            return error.partial, False
    body = b""
    try:
        while size := int((await reader.readuntil(b"\r\n"))[:-2], 16):
            body += await reader.readexactly(size)
            await reader.readexactly(2)
        await reader.readexactly(2)
    except (asyncio.IncompleteReadError, ConnectionError):
        return body, False
    return body, True


def parse_head(head: bytes) -> tuple[str, dict[str, str]]:
    """First line and headers of a head."""
    first, *rest = head.decode("latin-1").split("\r\n")
    pairs = [line.split(":", 1) for line in rest if line]
    return first, {name.lower(): value.strip() for name, value in pairs}


def reply(status: int, body: bytes = b"", *headers: bytes) -> Script:
    """A script that answers whole."""

    async def script(_heard: Heard, writer: asyncio.StreamWriter) -> None:
        lines = [b"HTTP/1.1 %d X" % status, b"content-length: %d" % len(body), *headers, b"", body]
        writer.write(b"\r\n".join(lines))

    return script


def stream_of(records: list[bytes], *, end: bool = True, pause: float = 0.0) -> Script:
    """A script that streams records in chunks and ends, or is cut when `end` is False."""

    async def script(_heard: Heard, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n")
        for record in records:
            writer.write(b"%x\r\n%s\r\n" % (len(record), record))
            await writer.drain()
            await asyncio.sleep(pause)
        if end:
            writer.write(b"0\r\n\r\n")

    return script


async def silent(_heard: Heard, _writer: asyncio.StreamWriter) -> None:
    """A script that never answers."""
    await asyncio.Event().wait()


async def dead(_heard: Heard, writer: asyncio.StreamWriter) -> None:
    """A script that hangs up without a word."""
    writer.transport.abort()


class FakeNode:
    """A node that answers by script, and announces `documents`."""

    def __init__(self, *documents: bytes) -> None:
        self.documents = documents or (b"node document",)
        self.script: dict[str, Script] = {}
        self.heard: list[Heard] = []
        self.closed = asyncio.Event()
        self.window_changes: dict[str, object] = {}
        self.port = 0
        self.path: str | None = None
        self._tasks: set[asyncio.Task[None]] = set()

    def window(self, document: bytes, **changes: object) -> dict[str, object]:
        """What the node announces about one document."""
        window: dict[str, object] = {
            "nd": sha256(document).hexdigest(),
            "plat": {"type": "simulated", "id": "11" * 32},
            "rel": "22" * 32,
            "cap": ["demo"],
            "w": 1,
            "nbf": NOW - 10,
            "exp": NOW + 7000,
        }
        return window | self.window_changes | changes

    def kid(self, number: int = 0) -> bytes:
        """The key id of one of its documents."""
        return sha256(self.documents[number]).digest()[:8]

    @property
    def address(self) -> str:
        """Where it listens, as the configuration says it."""
        return f"tcp:127.0.0.1:{self.port}" if self.path is None else f"unix:{self.path}"

    @asynccontextmanager
    async def listen(self) -> AsyncIterator["FakeNode"]:
        """Serve on a free port."""
        if self.path is not None:
            listener = await asyncio.start_unix_server(self._serve, self.path)
        else:
            listener = await asyncio.start_server(self._serve, "127.0.0.1", self.port)
            self.port = listener.sockets[0].getsockname()[1]
        try:
            yield self
        finally:
            listener.close()
            for task in self._tasks:
                task.cancel()
            await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        try:
            await self._answer(reader, writer)
        except (ConnectionError, asyncio.IncompleteReadError, asyncio.CancelledError):
            pass
        finally:
            self.closed.set()
            writer.close()
            self._tasks.discard(task)

    async def _answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = await reader.readuntil(b"\r\n\r\n")
        first, headers = parse_head(head)
        path = first.split(" ")[1]
        if (early := self.script.get("early " + path)) is not None:
            return await early(Heard(path, head, b""), writer)
        body, whole = await read_body(reader, headers)
        if not whole:
            return None
        heard = Heard(path, head, body)
        self.heard.append(heard)
        script = self.script.get(path) or self._announcement(path)
        await script(heard, writer)
        await writer.drain()
        return None

    def _announcement(self, path: str) -> Script:
        if path == "/ec1/node":
            windows = [self.window(document) for document in self.documents]
            return reply(200, json.dumps({"windows": windows}).encode())
        for document in self.documents:
            if path == f"/ec1/bundle/{sha256(document).hexdigest()}":
                return reply(200, b"bundle of " + document)
        return reply(404)


async def read_answer(reader: asyncio.StreamReader) -> Answer:
    """One answer from a raw connection."""
    first, headers = parse_head(await reader.readuntil(b"\r\n\r\n"))
    body, whole = await read_body(reader, headers)
    return Answer(int(first.split(" ")[1]), headers, body, whole)


def post_request(path: str, body: bytes, *headers: str) -> bytes:
    """The bytes of a POST."""
    lines = [f"POST {path} HTTP/1.1", "host: x", f"content-length: {len(body)}", *headers, "", ""]
    return "\r\n".join(lines).encode() + body


def hello_request(kid: bytes) -> bytes:
    """Bytes of a HELLO whose content is opaque here."""
    return b"EC1\x01\x00\x01" + kid + b"\x00\x00" + b"h" * 2416


def run_request(kid: bytes, records: int = 2) -> bytes:
    """Bytes of a RUN whose content is opaque here."""
    return b"EC1\x02\x00\x01" + kid + b"\x00\x00" + b"s" * 16 + b"c" * 32 + b"r" * (4096 * records)


async def until(condition: Callable[[], bool], seconds: float = 20.0) -> None:
    """Wait for a condition that other tasks bring about; AssertionError when it never comes."""
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "never happened"
        await asyncio.sleep(0.005)
