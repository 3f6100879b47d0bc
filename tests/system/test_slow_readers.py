"""Readers that stop reading, through the whole installation: each costs a little memory, and nobody waits for them.

The engine is a server that says as much as it is let. Between it and the node lie socket buffers of its own making,
some megabytes, which is why a flood is so large.
"""

import asyncio
import json
from collections.abc import Iterator, Sequence
from contextlib import AsyncExitStack, aclosing
from pathlib import Path
from typing import overload

import psutil
import pytest
from installation import MODEL, Client, Installation
from privity_client.commands import Complete, Line, Resuming
from privity_protocol.lines import Text
from scripted_engine import scripted_engine
from traffic_shape import Spoken

pytestmark = [pytest.mark.system, pytest.mark.slow]
PIECE = 4096  # characters
FLOOD = 5000  # pieces: 20 MiB
STOPPED = 8
GROWTH = 4_000_000  # bytes of one process for each of them


class Flood(Sequence[Spoken]):
    """A script of numbered pieces, each made when it is its turn; `said` counts them."""

    def __init__(self, pieces: int) -> None:
        self.said = 0
        self._pieces = pieces

    def __len__(self) -> int:
        return self._pieces

    @overload
    def __getitem__(self, index: int) -> Spoken: ...
    @overload
    def __getitem__(self, index: slice) -> Sequence[Spoken]: ...
    def __getitem__(self, index: int | slice) -> Spoken | Sequence[Spoken]:
        numbers = range(self._pieces)[index]
        if isinstance(numbers, range):
            return [self[number] for number in numbers]
        return Spoken(0.0, f"{numbers:>{PIECE}}")

    def __iter__(self) -> Iterator[Spoken]:
        for number in range(self._pieces):
            self.said += 1
            yield self[number]


class Reader:
    """A client that asks for a script and reads nothing between its first words and `go_on`."""

    def __init__(self, client: Client, script: int, profile: str) -> None:
        self.stopped = asyncio.Event()
        self.go_on = asyncio.Event()
        self.resumed = 0
        self.complete = asyncio.Event()
        self._client = client
        self._request = client.request(f"answer {script}", profile=profile)
        self._parts: list[str] = []

    @property
    def text(self) -> str:
        """All that came."""
        return "".join(self._parts)

    async def read(self) -> None:
        """Ask, stop, and after `go_on` read to the end."""
        async with aclosing(self._client.channel.ask(self._request, self._client.chain)) as events:
            async for event in events:
                match event:
                    case Line(Text(d)):
                        self._parts.append(d)
                        if not self.stopped.is_set():
                            self.stopped.set()
                            await self.go_on.wait()
                    case Resuming():
                        self.resumed += 1
                    case Complete():
                        self.complete.set()


def outcomes(installation: Installation) -> list[str]:
    """How the node's answers have ended so far."""
    events = [json.loads(line) for line in installation.node.err.read_text().splitlines()]
    return [event["outcome"] for event in events if event["event"] == "answered"]


async def reader(stack: AsyncExitStack, i: Installation, script: int, profile: str = "p0") -> Reader:
    """A reader, with a client of its own, that has stopped after its first words."""
    made = Reader(await stack.enter_async_context(i.client()), script, profile)
    task = asyncio.create_task(made.read())

    async def end() -> None:
        task.cancel()
        await asyncio.wait([task])

    stack.push_async_callback(end)
    await made.stopped.wait()
    return made


async def until_complete(one: Reader) -> None:
    """Let it read on, to its end."""
    one.go_on.set()
    await asyncio.wait_for(one.complete.wait(), 120)


def test_stopped_readers_are_cut_and_resume_while_others_chat_on_and_memory_stays_bounded(tmp_path: Path) -> None:
    short = [Spoken(0.0, "A few words.")]
    floods = [Flood(FLOOD) for _ in range(STOPPED)]

    async def scenario() -> None:
        async with scripted_engine(MODEL, [short, *floods]) as url, AsyncExitStack() as stack:
            i = Installation(tmp_path, None, engine_url=url, slots=STOPPED + 2)
            stack.push_async_callback(i.stop)
            await i.start()
            other = await stack.enter_async_context(i.client())
            assert (await other.ask("Before.")).answer.state == "complete"
            processes = [psutil.Process(process.pid) for process in i.processes]
            before = [process.memory_info().rss for process in processes]

            paced = await reader(stack, i, 0, "p1")
            stopped = [await reader(stack, i, number) for number in range(1, STOPPED + 1)]
            while outcomes(i).count("slow_reader") < STOPPED:
                assert (await other.ask("Meanwhile.")).answer.state == "complete"
            # The model waited: it did not speak on into anybody's memory.
            assert max(flood.said for flood in floods) < FLOOD
            after = [process.memory_info().rss for process in processes]
            assert max(map(int.__sub__, after, before)) < STOPPED * GROWTH

            # At p1 an answer of this length fits into what the network holds; nothing was cut.
            await until_complete(paced)
            assert (paced.text, paced.resumed) == ("A few words.", 0)
            await until_complete(stopped[0])
            assert stopped[0].resumed > 0
            assert stopped[0].text == "".join(spoken.text for spoken in Flood(FLOOD))
            assert (await other.ask("Afterwards.")).answer.state == "complete"

    asyncio.run(scenario())
