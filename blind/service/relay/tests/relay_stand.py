"""A stand for the relay: one scripted upstream that is service, run origin and log at once, and a raw client.

async with stand() as s:
    s.upstream.script["/ec1/run"] = stream_of([b"a" * 512] * 3)
    answer = await s.post("/ec1/run", run_request(KID))
"""

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from privity_service.events import Events
from privity_service.forwarding import Deadlines
from privity_service.listening import Silence, bind, server
from privity_service.relay.application import State, application
from privity_service.relay.settings import Limits, Listener, Log, Settings
from scripted_node import Answer, FakeNode, post_request, read_answer

KID = b"k" * 8
PUBLIC = "https://relay.example"


@dataclass
class Stand:
    """The running relay and what stands behind it."""

    upstream: FakeNode
    state: State
    port: int
    clock: list[float] = field(default_factory=lambda: [0.0])
    logged: list[str] = field(default_factory=list)

    async def open(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        """A raw connection."""
        return await asyncio.open_connection("127.0.0.1", self.port, limit=2**22)

    async def ask(self, raw: bytes) -> Answer:
        """Send raw bytes and read one answer."""
        reader, writer = await self.open()
        try:
            writer.write(raw)
            return await read_answer(reader)
        finally:
            writer.close()

    async def get(self, path: str, *headers: str, method: str = "GET") -> Answer:
        """A request without a body."""
        lines = [f"{method} {path} HTTP/1.1", "host: x", "connection: close", *headers, "", ""]
        return await self.ask("\r\n".join(lines).encode())

    async def post(self, path: str, body: bytes, *headers: str) -> Answer:
        """A POST with a length."""
        return await self.ask(post_request(path, body, *headers))

    def heard(self, path: str) -> int:
        """How often the upstream was asked for `path`."""
        return sum(one.path == path for one in self.upstream.heard)


def settings(port: int, **limits: int) -> Settings:
    """A configuration whose every upstream is one scripted server."""
    origin = f"http://127.0.0.1:{port}"
    return Settings(
        v=1,
        listen=Listener(host="127.0.0.1", port=0),
        public=PUBLIC,
        service=origin,
        run=origin,
        logs=[
            Log(origin="log.example/release", url=f"{origin}/release"),
            Log(origin="log.example/keys", url=f"{origin}/k"),
        ],
        limits=Limits(**limits),
    )


@asynccontextmanager
async def stand(
    *, deadlines: Deadlines | None = None, answer_seconds: float = 15.0, **limits: int
) -> AsyncIterator[Stand]:
    """Run the upstream and the relay."""
    async with FakeNode().listen() as upstream:
        clock, logged = [0.0], []
        state = State.of(settings(upstream.port, **limits), PUBLIC, lambda: clock[0])
        state.deadlines = deadlines or Deadlines()
        state.answer_seconds = answer_seconds
        watcher = Silence(Events(logged.append))
        logging.getLogger("uvicorn.error").addHandler(watcher)
        bound = bind(state.settings.listen)
        listening = server(application(state), state.settings.limits.connections)
        serving = asyncio.create_task(listening.serve([bound]))
        await listening.listening.wait()
        try:
            yield Stand(upstream, state, bound.getsockname()[1], clock, logged)
        finally:
            listening.should_exit = listening.force_exit = True
            for connection in list(listening.server_state.connections):
                connection.transport.abort()
            await serving
            await state.close()
            logging.getLogger("uvicorn.error").removeHandler(watcher)
