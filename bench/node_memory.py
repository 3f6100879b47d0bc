"""Memory of the node process, its engine not counted, while 200 answers are open at p1."""

import asyncio
import sys
import tempfile
from pathlib import Path

import httpx
import psutil
from figure import Figure, at_most, plain
from scripted_engine import scripted_engine
from traffic_shape import Spoken

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tests/system"))

from installation import MODEL, Client, Installation
from privity_client.commands import Accepted, Event

STREAMS = 200
LIMITS = {"concurrent_runs": 256}
LONG = [Spoken(second / 10, "word ") for second in range(600)]


async def measure(folder: Path) -> tuple[int, int]:
    """Bytes resident in the node before and with the streams."""
    accepted = asyncio.Semaphore(0)

    def seen(event: Event) -> None:
        if isinstance(event, Accepted):
            accepted.release()

    async with scripted_engine(MODEL, [LONG]) as url:
        installation = Installation(folder, None, engine_url=url, slots=256, limits=LIMITS)
        transport = httpx.AsyncHTTPTransport(limits=httpx.Limits(max_connections=None))
        try:
            await installation.start()
            node = psutil.Process(installation.node.pid)
            async with installation.client(transport) as client, asyncio.TaskGroup() as group:
                await client.ask("Warm.")
                before = node.memory_info().rss
                followed = [
                    group.create_task(Client(client.channel).follow(client.request("answer 0", tokens=3000), seen))
                    for _ in range(STREAMS)
                ]
                async with asyncio.timeout(40):
                    for _ in range(STREAMS):
                        await accepted.acquire()
                await asyncio.sleep(3)
                with_streams = node.memory_info().rss
                assert not any(task.done() for task in followed), "an answer ended before all were open"
                for task in followed:
                    task.cancel()
            return before, with_streams
        finally:
            await installation.stop()


def run(*, quick: bool) -> list[Figure]:
    """The figures of this benchmark."""
    del quick
    with tempfile.TemporaryDirectory() as name:
        before, with_streams = asyncio.run(measure(Path(name)))
    return [
        plain("node memory, idle", before / 2**20, "MB", 0),
        at_most(f"node memory, {STREAMS} open streams", with_streams / 2**20, 150, "MB", 0),
    ]


if __name__ == "__main__":
    from figure import table

    print(table(run(quick=True)))
