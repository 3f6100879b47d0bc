"""An engine in the shape of vLLM's server that says scripted answers token by token at scripted times.

The number in the user's message, `answer 17`, chooses the script; anything else is answered by one word.
"""

import asyncio
import contextlib
import json
import re
from collections.abc import AsyncIterator, Sequence

from traffic_shape import Spoken

STREAM = b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\nconnection: close\r\n\r\n"


def chunk(value: dict[str, object]) -> bytes:
    """One event of the stream."""
    return b"data: " + json.dumps(value).encode() + b"\n\n"


def whole(value: dict[str, object]) -> bytes:
    """An answer that is not a stream."""
    body = json.dumps(value).encode()
    return b"HTTP/1.1 200 OK\r\ncontent-length: %d\r\nconnection: close\r\n\r\n" % len(body) + body


class ScriptedEngine:
    """Serves one model."""

    def __init__(self, model: str, scripts: Sequence[Sequence[Spoken]]) -> None:
        self._model = model
        self._scripts = scripts

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One connection with one request."""
        with contextlib.suppress(ConnectionError, asyncio.IncompleteReadError):
            head = await reader.readuntil(b"\r\n\r\n")
            path = head.split(b" ")[1]
            if path == b"/version":
                writer.write(whole({"version": "0.33.0"}))
            elif path == b"/v1/models":
                writer.write(whole({"data": [{"id": self._model}]}))
            else:
                length = re.search(rb"content-length: (\d+)", head.lower())
                body = json.loads(await reader.readexactly(int(length[1]) if length else 0))
                await self._say(body["messages"][-1]["content"], writer)
            await writer.drain()
        writer.close()

    async def _say(self, asked: str, writer: asyncio.StreamWriter) -> None:
        named = re.fullmatch(r"answer (\d+)", asked)
        script = self._scripts[int(named[1])] if named else [Spoken(0.0, "yes")]
        writer.write(STREAM)
        clock = asyncio.get_running_loop().time
        began = clock()
        for one in script:
            if (pause := began + one.at - clock()) > 0:
                await asyncio.sleep(pause)
            writer.write(chunk({"choices": [{"index": 0, "delta": {"content": one.text}}]}))
            await writer.drain()
        writer.write(chunk({"choices": [{"index": 0, "delta": {}, "finish_reason": "stop"}]}))
        details = {"prompt_tokens_details": {"cached_tokens": 0}}
        usage = {"prompt_tokens": 20, "completion_tokens": len(script)} | details
        writer.write(chunk({"choices": [], "usage": usage}) + b"data: [DONE]\n\n")


@contextlib.asynccontextmanager
async def scripted_engine(model: str, scripts: Sequence[Sequence[Spoken]]) -> AsyncIterator[str]:
    """Run the engine; yields its address."""
    engine = ScriptedEngine(model, scripts)
    server = await asyncio.start_server(engine.serve, "127.0.0.1", 0)
    try:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    finally:
        server.close()
