"""A proxy that writes down every byte it passes on, with direction and time, as somebody on the path would."""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Literal


@dataclass
class Passed:
    """One piece as it was read: `way` is from the one who connected ("up") or back ("down")."""

    at: float
    connection: int
    way: Literal["up", "down"]
    data: bytes


@dataclass
class Recorder:
    """What passed. `cut` breaks all connections as a failing network would."""

    port: int
    passed: list[Passed] = field(default_factory=list)
    refusing: bool = False
    _writers: list[asyncio.StreamWriter] = field(default_factory=list)
    _connections: int = 0

    def everything(self) -> bytes:
        """All bytes, each connection's directions put together in order."""
        keys = sorted({(one.connection, one.way) for one in self.passed})
        return b"\n".join(self.flow(connection, way) for connection, way in keys)

    def flow(self, connection: int, way: str) -> bytes:
        """The bytes of one direction of one connection."""
        return b"".join(one.data for one in self.passed if (one.connection, one.way) == (connection, way))

    def streams(self, path: bytes) -> list[list[Passed]]:
        """What came down on each connection whose request went to `path`."""
        asked = [c for c in range(1, self._connections + 1) if b"POST " + path in self.flow(c, "up")]
        return [[one for one in self.passed if one.connection == c and one.way == "down"] for c in asked]

    def cut(self) -> None:
        """Break every connection without a goodbye."""
        for writer in self._writers:
            writer.transport.abort()
        self._writers.clear()

    async def carry(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, target: int) -> None:
        """One connection."""
        if self.refusing:
            writer.transport.abort()
            return
        self._connections += 1
        number = self._connections
        try:
            there, back = await asyncio.open_connection("127.0.0.1", target)
        except OSError:
            writer.transport.abort()
            return
        self._writers += [writer, back]
        await asyncio.gather(self._pass(number, "up", reader, back), self._pass(number, "down", there, writer))

    async def _pass(
        self, number: int, way: Literal["up", "down"], reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        try:
            while data := await reader.read(65536):
                self.passed.append(Passed(time.monotonic(), number, way, data))
                writer.write(data)
                await writer.drain()
            writer.close()
        except OSError:
            writer.transport.abort()


@asynccontextmanager
async def recording(target: int, port: int = 0) -> AsyncIterator[Recorder]:
    """Pass connections on to `target`."""
    recorder = Recorder(port)
    tasks: set[asyncio.Task[None]] = set()

    async def accept(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        tasks.add(task)
        try:
            await recorder.carry(reader, writer, target)
        finally:
            tasks.discard(task)

    server = await asyncio.start_server(accept, "127.0.0.1", port)
    recorder.port = server.sockets[0].getsockname()[1]
    try:
        yield recorder
    finally:
        server.close()
        recorder.cut()
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
