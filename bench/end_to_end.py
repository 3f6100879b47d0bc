"""The whole path (client, relay, node, engine, and back) against the same engine asked over its own socket.

Both run on this machine at once and are asked in turn, so that what else happens here falls on both. Random weights of
28 million parameters: large enough that the engine, not the path, is the work. Where the engine fills every core, the
path's own processes take from it: the figures are those of one machine for everything. Beside tokens a second stands
the processor time a token takes, whoever spends it; other work on the machine disturbs that less.
"""

import asyncio
import secrets
import sys
import tempfile
import time
from collections.abc import Awaitable, Iterable
from dataclasses import dataclass
from pathlib import Path

import psutil
from direct_engine import DirectEngine, Timing, direct_engine
from figure import Figure, at_least, at_most, median, plain
from random_model import SHAPES, build

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tests/system"))

from installation import Client, Installation
from privity_client.commands import Event, Line

SLOTS = 16
CONTEXT = 1024
PROMPT = 165  # characters, which with the template's make about 200 tokens
TICK = 0.1


def prompt() -> str:
    """A prompt that nobody asked before, so that no cache of either side helps."""
    return secrets.token_hex(PROMPT // 2)


async def through(client: Client, profile: str, tokens: int, text: str = "") -> Timing:
    """One answer through the whole path, to `text` or to a prompt that nobody asked before."""
    began, first = time.perf_counter(), 0.0

    def seen(event: Event) -> None:
        nonlocal first
        if isinstance(event, Line) and not first:
            first = time.perf_counter() - began

    said = await client.follow(client.request(text or prompt(), tokens=tokens, profile=profile), seen)
    usage = said.answer.usage
    assert usage is not None
    return Timing(first, time.perf_counter() - began, usage.prompt, usage.completion)


async def first_tokens(client: Client, engine: DirectEngine, rounds: int) -> list[Figure]:
    """Time to the first token, directly and through the path at p0 and p1."""
    direct, p0, p1 = [], [], []
    for _ in range(rounds):
        direct.append((await engine.ask(prompt(), 4)).first)
        p0.append(await through(client, "p0", 4))
        p1.append((await through(client, "p1", 4)).first)
    base = median(direct)
    path = median([one.first for one in p0])
    return [
        plain(f"first token, direct, {p0[0].prompt} prompt tokens", base * 1e3, "ms", 1),
        plain("first token, whole path at p0", path * 1e3, "ms", 1),
        at_most("first token, p0 over direct", path / base, 1.15, "x"),
        at_most("first token, p1 over 1.15 x direct", (median(p1) - 1.15 * base) * 1e3, TICK * 1e3, "ms", 1),
    ]


def processor() -> float:
    """Seconds of processor that this process and all below it have used: both engines, node, relay and clients."""
    own = psutil.Process()
    return sum(sum(process.cpu_times()[:2]) for process in (own, *own.children(recursive=True)))


@dataclass(frozen=True)
class Speed:
    """Tokens a second over all chats, and microseconds of processor for each token, engine and clients included."""

    rate: float
    cost: float


async def timed(asked: Iterable[Awaitable[Timing]]) -> Speed:
    """The speed of answers that are asked for at once."""
    used, began = processor(), time.perf_counter()
    timings = await asyncio.gather(*asked)
    seconds, used = time.perf_counter() - began, processor() - used
    tokens = sum(one.tokens for one in timings)
    return Speed(tokens / seconds, used / tokens * 1e6)


async def speeds(clients: list[Client], engine: DirectEngine, tokens: int, rounds: int) -> list[Figure]:
    """So many chats at once, directly and through the path at p0: medians over the rounds."""
    direct, path = [], []
    for _ in range(rounds):
        direct.append(await timed(engine.ask(prompt(), tokens) for _ in clients))
        path.append(await timed(through(client, "p0", tokens) for client in clients))
    base, rate = (median([one.rate for one in taken]) for taken in (direct, path))
    cost, more = (median([one.cost for one in taken]) for taken in (direct, path))
    chats = f"{len(clients)} chats"
    return [
        plain(f"tokens/s, {chats}, direct", base, "", 0),
        at_least(f"tokens/s, {chats}, p0 over direct", rate / base, 0.95, "x"),
        plain(f"processor a token, {chats}, direct", cost, "us", 0),
        plain(f"processor a token, {chats}, direct over p0", cost / more, "x"),
    ]


async def measure(folder: Path, model: Path, label: str, *, quick: bool, goals: bool) -> list[Figure]:
    """All figures of one model; without `goals` they are printed for comparison only."""
    installation = Installation(folder, model, slots=SLOTS, context=CONTEXT)
    try:
        await installation.start()
        async with (
            direct_engine(model, slots=SLOTS, context=CONTEXT) as engine,
            installation.client() as client,
        ):
            await engine.ask(prompt(), 4)
            await through(client, "p0", 4)
            figures = await first_tokens(client, engine, 3 if quick else 15)
            for chats in (1, 4, 16):
                clients = [Client(client.channel) for _ in range(chats)]
                await asyncio.gather(*(through(each, "p0", 2) for each in clients))
                figures += await speeds(clients, engine, 48 if quick else 96, 1 if quick else 5)
    finally:
        await installation.stop()
    return [Figure(f"{label}: {one.what}", one.value, *((one.goal, one.met) if goals else ())) for one in figures]


def demonstration() -> Path | None:
    """The bundled model, where it is."""
    folder = Path(__file__).resolve().parents[1] / "models/demonstration/src/privity_demonstration"
    return next(iter(sorted(folder.glob("*.gguf"))), None)


def run(*, quick: bool) -> list[Figure]:
    """The figures of this benchmark."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        model = folder / "random.gguf"
        build(model, SHAPES["bench"])
        label = f"{SHAPES['bench'].parameters / 1e6:.0f} M random"
        figures = asyncio.run(measure(folder, model, label, quick=quick, goals=True))
    bundled = demonstration()
    if bundled is not None:
        with tempfile.TemporaryDirectory() as name:
            figures += asyncio.run(measure(Path(name), bundled, "demonstration", quick=True, goals=False))
    return figures


if __name__ == "__main__":
    from figure import table

    print(table(run(quick="--quick" in sys.argv)))
