"""What a program does to the engine behind the node, through the proxy: it calls tools, and it goes away.

The engine is scripted, in the shape of vLLM's server; everything between is real.
"""

import asyncio
import json
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from installation import MODEL, Installation
from openai import AsyncOpenAI
from privity_attest.simulated.document import pin_of_pem
from privity_client import fetch
from privity_client.channel import Channel, unix_time
from privity_client.proxy.asking import Asking
from privity_client.serve.plan import DEPLOY
from privity_client.testing import proxy_stand
from scripted_engine import STREAM, chunk, whole
from unlogged import Unlogged

pytestmark = [pytest.mark.system, pytest.mark.slow]
ASKED = [{"role": "user", "content": "Hello"}]
ENDLESS = [{"role": "user", "content": "Speak without end"}]
LOOK = {"type": "function", "function": {"name": "look", "parameters": {"type": "object"}}}
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
            elif self.asked[-1]["messages"][-1]["content"] == ENDLESS[0]["content"]:
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


@asynccontextmanager
async def program(folder: Path) -> AsyncIterator[tuple[Engine, AsyncOpenAI]]:
    """A program, and the engine that it reaches through proxy, relay and node."""
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
            async with (
                proxy_stand.listening(nodes, asking, clock=unix_time) as port,
                AsyncOpenAI(base_url=f"http://127.0.0.1:{port}/v1", api_key=proxy_stand.KEY.text) as client,
            ):
                yield engine, client
    finally:
        await installation.stop()
        server.close()


def test_a_tool_is_called_and_a_program_that_goes_away_stops_the_engine(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with program(tmp_path) as (engine, client):
            await calls_a_tool(engine, client)
            await goes_away(engine, client)

    asyncio.run(scenario())


async def calls_a_tool(engine: Engine, client: AsyncOpenAI) -> None:
    """A call, its result, and the same as a response."""
    asked = {"model": MODEL, "tools": [LOOK], "tool_choice": "required"}
    called = await client.chat.completions.create(messages=ASKED, **asked)
    (choice,) = called.choices
    (call,) = choice.message.tool_calls
    assert (choice.finish_reason, call.id) == ("tool_calls", "call_1")
    assert (call.function.name, json.loads(call.function.arguments)) == ("look", {"at": "door"})
    result = {"role": "tool", "tool_call_id": call.id, "content": "A door."}
    stream = await client.chat.completions.create(messages=[*ASKED, choice.message, result], stream=True, **asked)
    pieces = [one async for part in stream for one in part.choices[0].delta.tool_calls or []]
    assert "".join(piece.function.arguments for piece in pieces) == '{"at": "door"}'
    assert engine.asked[-1]["messages"][-1]["content"] == "A door."

    response = await client.responses.create(
        model=MODEL, input="Hello", tools=[{"type": "function", "name": "look", "parameters": {}}]
    )
    assert [item.type for item in response.output] == ["function_call"]


async def goes_away(engine: Engine, client: AsyncOpenAI) -> None:
    """A stream that is closed after its first word."""
    stream = await client.chat.completions.create(model=MODEL, messages=ENDLESS, stream=True)
    async for part in stream:
        if part.choices[0].delta.content:
            break
    assert not engine.left.is_set()
    await stream.close()
    await engine.left.wait()
