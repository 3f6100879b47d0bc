"""An engine behind a node that calls tools and can speak without end, and a proxy in this process that reaches it.

The engine is scripted, in the shape of vLLM's server; everything between it and a program is real.
"""

import asyncio
import json
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from installation import MODEL, Installation
from privity_attest.simulated.document import pin_of_pem
from privity_client import fetch
from privity_client.channel import Channel, unix_time
from privity_client.proxy.asking import Asking
from privity_client.serve.plan import DEPLOY
from privity_client.testing import proxy_stand
from scripted_engine import STREAM, chunk, whole
from unlogged import Unlogged

ENDLESS = "Speak without end"
CALL = [
    {"index": 0, "id": "call_1", "type": "function", "function": {"name": "look", "arguments": '{"at"'}},
    {"index": 0, "function": {"arguments": ': "door"}'}},
]


class Engine:
    """Calls a tool when it may; asked to, it speaks without end, until nobody listens; else it says one word."""

    def __init__(self) -> None:
        self.asked: list[dict] = []
        self.left = asyncio.Event()

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One connection with one request."""
        head = await reader.readuntil(b"\r\n\r\n")
        path = head.split(b" ")[1]
        if path == b"/version":
            writer.write(whole({"version": "0.33.0"}))
        elif path == b"/v1/models":
            writer.write(whole({"data": [{"id": MODEL}]}))
        else:
            length = re.search(rb"content-length: (\d+)", head.lower())
            self.asked.append(json.loads(await reader.readexactly(int(length[1]) if length else 0)))
            writer.write(STREAM)
            if "tools" in self.asked[-1]:
                self._say(writer, [{"tool_calls": [piece]} for piece in CALL], "tool_calls")
            elif self.asked[-1]["messages"][-1]["content"] == ENDLESS:
                await self._speak(reader, writer)
            else:
                self._say(writer, [{"content": "word"}], "stop")
            await writer.drain()
        writer.close()

    def _say(self, writer: asyncio.StreamWriter, deltas: list[dict], reason: str) -> None:
        for delta in deltas:
            writer.write(chunk({"choices": [{"index": 0, "delta": delta}]}))
        writer.write(chunk({"choices": [{"index": 0, "delta": {}, "finish_reason": reason}]}))
        writer.write(chunk({"choices": [], "usage": {"prompt_tokens": 9, "completion_tokens": 4}}))
        writer.write(b"data: [DONE]\n\n")

    async def _speak(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        going = asyncio.ensure_future(reader.read(1))
        while not going.done():
            writer.write(chunk({"choices": [{"index": 0, "delta": {"content": "word "}}]}))
            await asyncio.wait([going], timeout=0.02)
        self.left.set()


@dataclass(frozen=True)
class Reached:
    """The engine, and where a program reaches it with which key."""

    engine: Engine
    base_url: str
    key: str


@asynccontextmanager
async def reached(folder: Path) -> AsyncIterator[Reached]:
    """Run engine, node, relay and proxy."""
    engine = Engine()
    server = await asyncio.start_server(engine.serve, "127.0.0.1", 0)
    url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    installation = Installation(folder, None, engine_url=url)
    try:
        await installation.start()
        async with fetch.new_client(installation.origin) as http:
            pin = pin_of_pem((installation.root / "root.pem").read_bytes())
            nodes = Unlogged(http, installation.origin, DEPLOY, pin, unix_time)
            asking = Asking(Channel(http, nodes), "p0", lambda: ())
            async with proxy_stand.listening(nodes, asking, clock=unix_time) as port:
                yield Reached(engine, f"http://127.0.0.1:{port}/v1", proxy_stand.KEY.text)
    finally:
        await installation.stop()
        server.close()
