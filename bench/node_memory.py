"""Memory of the node process, its engine not counted, while 200 answers are open at p1."""

import asyncio
import sys
import tempfile
from pathlib import Path

import psutil
from figure import Figure, at_most, plain
from random_model import SHAPES, build

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tests/system"))

from installation import Client, Installation
from privity_client.commands import Accepted, Event

STREAMS = 200
LIMITS = {"concurrent_runs": 256}


async def measure(folder: Path, model: Path) -> tuple[int, int]:
    """Bytes resident in the node before and with the streams."""
    installation = Installation(folder, model, slots=4, limits=LIMITS)
    accepted = asyncio.Semaphore(0)

    def seen(event: Event) -> None:
        if isinstance(event, Accepted):
            accepted.release()

    try:
        await installation.start()
        node = psutil.Process(installation.node.pid)
        async with installation.client() as client:
            await client.ask("Warm.", tokens=2)
            before = node.memory_info().rss
            asked = [
                asyncio.create_task(Client(client.channel).follow(client.request("Wait.", tokens=1500), seen))
                for _ in range(STREAMS)
            ]
            async with asyncio.timeout(120):
                for _ in range(STREAMS):
                    await accepted.acquire()
            await asyncio.sleep(2)
            with_streams = node.memory_info().rss
            for task in asked:
                task.cancel()
            await asyncio.gather(*asked, return_exceptions=True)
            return before, with_streams
    finally:
        await installation.stop()


def run(*, quick: bool) -> list[Figure]:
    """The figures of this benchmark."""
    del quick
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        model = folder / "random.gguf"
        build(model, SHAPES["tiny"])
        before, with_streams = asyncio.run(measure(folder, model))
    return [
        plain("node memory, idle", before / 2**20, "MB", 0),
        at_most(f"node memory, {STREAMS} open streams", with_streams / 2**20, 150, "MB", 0),
    ]


if __name__ == "__main__":
    from figure import table

    print(table(run(quick=True)))
