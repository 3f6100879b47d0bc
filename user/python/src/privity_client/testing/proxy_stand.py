"""A proxy that listens on a real port before a node that speaks EC1 with the real protocol code."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import uvicorn

from privity_client.channel import Channel
from privity_client.discovery import NodeSource
from privity_client.nodes import VerifiedNode
from privity_client.proxy.application import Proxy
from privity_client.proxy.asking import Asking
from privity_client.proxy.gate import Gate
from privity_client.proxy.key import Key
from privity_client.proxy.listening import bound, configuration
from privity_client.proxy.receipts import Receipts
from privity_client.proxy.summary import Facts
from privity_client.testing.fake_node import FakeNetwork, FakeNode, FixedSource

KEY = Key("privity-secret-of-the-tests-secret-of-the-tests", Path("key"), fresh=False)
FACTS = Facts("https://server.test", "local", "p1", "", "0")
BEARER = {"authorization": f"Bearer {KEY.text}"}
MODEL = "demonstration"


class Server(uvicorn.Server):
    """Leaves the signals of the test process alone."""

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Capture none."""
        yield


@dataclass
class Stand:
    """A running proxy, the node behind it, and a client that holds the key."""

    node: FakeNode
    network: FakeNetwork
    asking: Asking
    port: int
    http: httpx.AsyncClient

    async def chat(self, text: str = "Hello", **members: object) -> httpx.Response:
        """Ask for a chat completion."""
        return await self.http.post("/v1/chat/completions", json=asked(text, **members))

    async def until(self, condition: Callable[[], bool]) -> None:
        """Let everything go on until the condition holds; the test's own time limit ends a wait in vain."""
        while not condition():  # noqa: ASYNC110
            await asyncio.sleep(0.002)


def asked(text: str = "Hello", **members: object) -> dict[str, object]:
    """A chat request."""
    return {"model": MODEL, "messages": [{"role": "user", "content": text}]} | members


def events_of(data: bytes) -> list[dict[str, Any]]:
    """The events of a stream, without the mark at its end."""
    lines = [line for line in data.split(b"\n") if line.startswith(b"data: ") and line != b"data: [DONE]"]
    return [json.loads(line.removeprefix(b"data: ")) for line in lines]


@asynccontextmanager
async def listening(
    nodes: NodeSource, asking: Asking, *, clock: Callable[[], int], aliases: Mapping[str, str] | None = None
) -> AsyncIterator[int]:
    """Run a proxy in this process; yield its port."""
    sockets = bound(0)
    port: int = sockets[0].getsockname()[1]
    server = Server(configuration(Proxy(Gate(KEY, port), nodes, asking, FACTS, aliases or {}, clock)))
    serving = asyncio.ensure_future(server.serve(sockets))
    try:
        yield port
    finally:
        server.should_exit = True
        await serving
        for one in sockets:
            one.close()
        await asking.close()


@asynccontextmanager
async def standing(
    node: FakeNode | None = None,
    *,
    source: NodeSource | None = None,
    clock: Callable[[], int] = lambda: 1000,
    aliases: Mapping[str, str] | None = None,
    receipts: Path | None = None,
    ahead: bool = False,
) -> AsyncIterator[Stand]:
    """Run a proxy before one node, whose clock stands still; its evidence is empty, so that no receipt holds."""
    node = node or FakeNode()
    network = FakeNetwork(node)
    nodes = source or FixedSource(node.verified())

    async def no_evidence(_node: VerifiedNode) -> bytes:
        return b""

    async def no_pause(_seconds: float) -> None:
        await asyncio.sleep(0)

    async with httpx.AsyncClient(transport=network.transport()) as client:
        kept = None if receipts is None else Receipts(receipts, no_evidence)
        asking = Asking(
            Channel(client, nodes, clock=clock, sleep=no_pause), "p1", lambda: (), receipts=kept, ahead=ahead
        )
        async with listening(nodes, asking, clock=clock, aliases=aliases) as port:
            address = f"http://127.0.0.1:{port}"
            async with httpx.AsyncClient(base_url=address, headers=BEARER, trust_env=False, timeout=60) as http:
                yield Stand(node, network, asking, port, http)
