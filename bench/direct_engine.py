"""The engine process of the node, started without the node and asked over its own socket: the yardstick."""

import asyncio
import contextlib
import json
import os
import sys
import tempfile
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import aiohttp
from privity_enclave.engine import child
from privity_enclave.engine.supervisor import threads

LONGEST_LINE = 2**20


@dataclass(frozen=True)
class Timing:
    """Seconds to the first text and to the end; tokens of prompt and answer."""

    first: float
    total: float
    prompt: int
    tokens: int


class DirectEngine:
    """Asks in the OpenAI shape, as the node does; `origin` is any name where the session knows one way only."""

    def __init__(self, session: aiohttp.ClientSession, key: str, origin: str = "http://engine") -> None:
        self._session = session
        self._origin = origin
        self._headers = {"Authorization": f"Bearer {key}"}

    async def ask(self, prompt: str, tokens: int) -> Timing:
        """One streamed answer, read to its end."""
        messages = [{"role": "user", "content": prompt}]
        more = {"temperature": 0, "seed": 1, "stream_options": {"include_usage": True}}
        body = {"model": "random", "messages": messages, "max_tokens": tokens, "stream": True} | more
        began, first, usage = time.perf_counter(), 0.0, {"prompt_tokens": 0, "completion_tokens": 0}
        url = f"{self._origin}/v1/chat/completions"
        async with self._session.post(url, json=body, headers=self._headers) as response:
            async for line in response.content:
                if not line.startswith(b"data: {"):
                    continue
                event = json.loads(line[6:])
                if not first and event["choices"] and event["choices"][0]["delta"].get("content"):
                    first = time.perf_counter() - began
                usage = event.get("usage") or usage
        return Timing(first, time.perf_counter() - began, usage["prompt_tokens"], usage["completion_tokens"])


@contextlib.asynccontextmanager
async def direct_engine(model: Path, *, slots: int, context: int) -> AsyncIterator[DirectEngine]:
    """Run the engine with the node's settings."""
    weights = os.open(model, os.O_RDONLY)
    with tempfile.TemporaryDirectory() as folder:
        socket, key = f"{folder}/e.sock", "bench"
        orders = {"model": weights, "socket": socket, "key": key, "slots": slots, "context": context}
        orders |= {"threads": threads(), "template": None, "network_isolation": "best_effort"}
        pipe = asyncio.subprocess.PIPE
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-I", child.__file__, stdin=pipe, stdout=pipe, env={}, pass_fds=(weights,)
        )
        try:
            assert process.stdin is not None
            assert process.stdout is not None
            process.stdin.write(json.dumps(orders).encode() + b"\n")
            words = [(await process.stdout.readline()).strip() for _ in range(2)]
            assert words[1] == b"loaded", words
            connector = aiohttp.UnixConnector(path=socket, limit=0, force_close=True)
            async with aiohttp.ClientSession(connector=connector, read_bufsize=LONGEST_LINE) as session:
                yield DirectEngine(session, key)
        finally:
            process.kill()
            await process.wait()
            os.close(weights)
