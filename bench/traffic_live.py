"""The question of `traffic_shape`, asked of real processes: node, relay and sockets, with their real clocks.

A scripted engine says the answers of the two corpora; what is judged is the time and size of every piece that a client
reads from its socket, so also what a busy machine does to the clock while one kind of answer is written.
"""

import asyncio
import random
import sys
import tempfile
import time
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
from figure import Figure, at_most, plain
from scripted_engine import scripted_engine
from traffic_shape import CHANCE, Trace, answer, separability

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tests/system"))

from installation import MODEL, Installation

LIMITS = {"concurrent_runs": 256}


class Heard(httpx.AsyncByteStream):
    """A response body that notes when each piece came and how long it was."""

    def __init__(self, stream: httpx.AsyncByteStream, trace: Trace, began: float) -> None:
        self._stream, self._trace, self._began = stream, trace, began

    async def __aiter__(self) -> AsyncIterator[bytes]:
        async for piece in self._stream:
            self._trace.append((time.perf_counter() - self._began, len(piece)))
            yield piece

    async def aclose(self) -> None:
        await self._stream.aclose()


class Listening(httpx.AsyncBaseTransport):
    """A transport that keeps the trace of every RUN; a trace begins with the opening of the response."""

    def __init__(self) -> None:
        self.traces: list[Trace] = []
        self._inner = httpx.AsyncHTTPTransport(limits=httpx.Limits(max_connections=None))

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        response = await self._inner.handle_async_request(request)
        if request.url.path == "/ec1/run":
            self.traces.append([])
            assert isinstance(response.stream, httpx.AsyncByteStream)
            response.stream = Heard(response.stream, self.traces[-1], time.perf_counter())
        return response

    async def aclose(self) -> None:
        await self._inner.aclose()


async def worker(installation: Installation, profile: str, places: list[int], traces: dict[int, Trace]) -> None:
    """One client: asks for its answers one after the other, in one chain of sessions."""
    listening = Listening()
    async with installation.client(listening) as client:
        for place in places:
            said = await client.follow(client.request(f"answer {place}", tokens=1000, profile=profile))
            assert said.answer.state == "complete"
            traces[place] = listening.traces[-1]


async def measure(folder: Path, profile: str, count: int, clients: int) -> float:
    """The area that the classifier reaches on `count` answers."""
    rng = random.Random(11)
    labels = [rng.randrange(2) for _ in range(count)]
    scripts = [answer(rng, label) for label in labels]
    traces: dict[int, Trace] = {}
    async with scripted_engine(MODEL, scripts) as url:
        installation = Installation(folder, None, engine_url=url, slots=256, limits=LIMITS)
        try:
            await installation.start()
            shares = [list(range(first, count, clients)) for first in range(clients)]
            await asyncio.gather(*(worker(installation, profile, share, traces) for share in shares))
        finally:
            await installation.stop()
    return separability([traces[place] for place in range(count)], labels)


def run(*, quick: bool) -> list[Figure]:
    """The figures of this benchmark."""
    count, clients = (240, 40) if quick else (1500, 50)
    areas = {}
    for profile in ("p1", "p0"):
        with tempfile.TemporaryDirectory() as name:
            areas[profile] = asyncio.run(measure(Path(name), profile, count, clients))
    title = f"traffic shape, real processes, {{}}: AUC over {count} answers"
    if quick:  # too few answers for a verdict: chance alone spreads by 0.04
        return [plain(title.format(profile), area, "", 3) for profile, area in areas.items()]
    return [at_most(title.format("p1"), areas["p1"], CHANCE, "", 3), plain(title.format("p0"), areas["p0"], "", 3)]


if __name__ == "__main__":
    from figure import table

    print(table(run(quick="--quick" in sys.argv)))
