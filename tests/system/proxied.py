"""`privity proxy` as a person starts it, beside a whole installation; and recorders on all that it sends outwards."""

import asyncio
import subprocess
import threading
from collections.abc import Iterator
from contextlib import AsyncExitStack, contextmanager

from openai import OpenAI
from recording import Recorder, recording
from served import PRIVITY, Served


class Proxied:
    """A running proxy: where it is, and the key it showed at its first start."""

    def __init__(self, served: Served, *options: str, server: str | None = None) -> None:
        argv = [*PRIVITY, "proxy", server or served.url, "--port", "0", "--allow-simulated", *options]
        pipe = subprocess.PIPE
        self._process = subprocess.Popen(
            argv, env=served.environment, text=True, stdout=pipe, stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL
        )
        assert self._process.stdout is not None
        said = []
        for line in self._process.stdout:
            said.append(line)
            if line.startswith("Privity's OpenAI interface is at "):
                break
        else:
            raise AssertionError("".join(said))
        self.said = "".join(said)
        self.base_url = said[-1].split()[-1]
        self.port = int(self.base_url.removesuffix("/v1").rsplit(":", 1)[1])
        self.key = (served.home.root / "proxy/key").read_text().strip()

    def openai(self) -> OpenAI:
        """What a program does: the address and the key, and nothing else changes."""
        return OpenAI(base_url=self.base_url, api_key=self.key, max_retries=0, timeout=120)

    def stop(self) -> str:
        """End it; return what it said after its start."""
        self._process.terminate()
        said, _ = self._process.communicate(timeout=60)
        return said


@contextmanager
def proxied(served: Served, *options: str, server: str | None = None) -> Iterator[Proxied]:
    """Run a proxy."""
    made = Proxied(served, *options, server=server)
    try:
        yield made
    finally:
        made.stop()


@contextmanager
def recorders(*targets: int) -> Iterator[list[Recorder]]:
    """A recorder before each port, in a thread of its own."""
    ready, over = threading.Event(), asyncio.Event()
    found: list[Recorder] = []
    loop = asyncio.new_event_loop()

    async def run() -> None:
        async with AsyncExitStack() as stack:
            found.extend([await stack.enter_async_context(recording(target)) for target in targets])
            ready.set()
            await over.wait()

    thread = threading.Thread(target=lambda: loop.run_until_complete(run()))
    thread.start()
    try:
        assert ready.wait(60)
        yield found
    finally:
        loop.call_soon_threadsafe(over.set)
        thread.join()
        loop.close()
