"""A stand for the service: a scripted node on a real socket, both applications on free ports, and a raw client.

    async with stand(tmp_path) as s:
        s.node.script["/ec1/run"] = stream_of([b"a" * 512] * 3)
        answer = await s.post("/ec1/run", run_request())

The node is that of `scripted_node`, which can also misbehave.
"""

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

from privity_service.applications import State, relay_application, service_application
from privity_service.configuration import Configuration, Limits, Listener
from privity_service.events import Events
from privity_service.forwarding import Deadlines
from privity_service.listening import Silence, bind, server
from privity_service.poller import Poller
from privity_service.published import Published
from privity_service.shelf import DIRECTORY, Shelf
from scripted_node import (
    NOW,
    Answer,
    FakeNode,
    Heard,
    dead,
    hello_request,
    post_request,
    read_answer,
    reply,
    run_request,
    silent,
    stream_of,
    until,
)

__all__ = [
    "NOW",
    "Answer",
    "FakeNode",
    "Heard",
    "Stand",
    "configuration",
    "dead",
    "hello_request",
    "post_request",
    "read_answer",
    "reply",
    "run_request",
    "silent",
    "stand",
    "stream_of",
    "until",
]


@dataclass
class Stand:
    """The running service with one or more nodes."""

    nodes: list[FakeNode]
    state: State
    poller: Poller
    logged: list[str]
    service_port: int = 0
    relay_port: int = 0
    clock: list[int] = field(default_factory=lambda: [NOW])
    connections: set[object] = field(default_factory=set)

    @property
    def node(self) -> FakeNode:
        """The first node."""
        return self.nodes[0]

    async def poll(self, times: int = 1) -> None:
        """Poll every node."""
        for _ in range(times):
            for index in range(len(self.nodes)):
                await self.poller.poll(index)

    async def open(self, *, relay: bool = True) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        """A raw connection."""
        port = self.relay_port if relay else self.service_port
        return await asyncio.open_connection("127.0.0.1", port, limit=2**22)

    async def ask(self, raw: bytes, *, relay: bool = True) -> Answer:
        """Send raw bytes and read one answer."""
        reader, writer = await self.open(relay=relay)
        try:
            writer.write(raw)
            return await read_answer(reader)
        finally:
            writer.close()

    async def get(self, path: str, *headers: str, relay: bool = False, method: str = "GET") -> Answer:
        """A request without a body."""
        lines = [f"{method} {path} HTTP/1.1", "host: x", "connection: close", *headers, "", ""]
        return await self.ask("\r\n".join(lines).encode(), relay=relay)

    async def post(self, path: str, body: bytes, *headers: str) -> Answer:
        """A POST with a length to the relay."""
        return await self.ask(post_request(path, body, *headers))


def configuration(state: Path, nodes: list[str], published: Path | None = None, **limits: int) -> Configuration:
    """A configuration on free ports."""
    anywhere = Listener(host="127.0.0.1", port=0)
    return Configuration(
        v=1,
        deploy="local",
        service=anywhere,
        relay=anywhere,
        nodes=nodes,
        state=str(state),
        public_run_origin="http://localhost:8081",
        published=None if published is None else str(published),
        logs=[],
        limits=Limits(**limits),
    )


@asynccontextmanager
async def stand(
    folder: Path,
    *nodes: FakeNode,
    deadlines: Deadlines | None = None,
    polled: bool = True,
    published: Path | None = None,
    **limits: int,
) -> AsyncIterator[Stand]:
    """Run nodes, both listeners, and poll once."""
    all_nodes = list(nodes) or [FakeNode()]
    async with AsyncNodes(all_nodes):
        chosen = configuration(folder, [node.address for node in all_nodes], published, **limits)
        shelf = Shelf(folder)
        state = State.of(chosen, shelf.read(DIRECTORY, 2**20))
        state.deadlines = deadlines or Deadlines()
        logged: list[str] = []
        clock = [NOW]
        events = Events(logged.append)
        watcher = Silence(events)
        logging.getLogger("uvicorn.error").addHandler(watcher)
        keeper = None if published is None else Published(published)
        poller = Poller(state.registry, state.publication, shelf, state.upstreams, events, lambda: clock[0], keeper)
        running = Stand(all_nodes, state, poller, logged, clock=clock)
        servers = []
        for relay in (False, True):
            bound = bind(chosen.relay if relay else chosen.service)
            port = bound.getsockname()[1]
            origin = f"http://localhost:{port}"
            application = relay_application(state) if relay else service_application(state, origin)
            listening = server(application, chosen.limits.connections)
            running.relay_port, running.service_port = (port, running.service_port) if relay else (0, port)
            servers.append((listening, asyncio.create_task(listening.serve([bound]))))
            await listening.listening.wait()
        running.connections = servers[1][0].server_state.connections  # type: ignore[assignment]
        if polled:
            await running.poll()
        try:
            yield running
        finally:
            for listening, task in servers:
                listening.should_exit = listening.force_exit = True
                for connection in list(listening.server_state.connections):
                    connection.transport.abort()
                await task
            await state.upstreams.close()
            logging.getLogger("uvicorn.error").removeHandler(watcher)


class AsyncNodes:
    """Starts and stops several nodes together."""

    def __init__(self, nodes: list[FakeNode]) -> None:
        self._contexts = [node.listen() for node in nodes]

    async def __aenter__(self) -> None:
        for context in self._contexts:
            await context.__aenter__()

    async def __aexit__(self, *details: object) -> None:
        for context in self._contexts:
            await context.__aexit__(None, None, None)
