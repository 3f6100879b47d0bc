"""An OpenAI program through `privity proxy` at p0, against the same engine asked over its own socket, in turn.

The same client reads both. The proxy is a process of its own; node, relay, both engines and the client share the
machine, so where the engine fills every core the path's processes take from it: beside tokens a second stands what the
SDK in the client's own process reaches, and the processor time a token takes. Three models of random weights: one of
28 million parameters, the least that the goal names, whose token is cheap beside its way, one of 91 million, and one
as large as the smallest that people chat with. An answer has as many words as answers have, fewer where they take long.
"""

import asyncio
import contextlib
import hashlib
import json
import os
import secrets
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import aclosing
from pathlib import Path

import aiohttp
import httpx
import psutil
from direct_engine import LONGEST_LINE, DirectEngine, Timing, direct_engine
from end_to_end import processor, prompt, through
from figure import Figure, at_least, at_most, median, plain
from random_model import SHAPES, Shape, build

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tests/system"))

from installation import DEPLOY, Client, Installation
from privity_attest.simulated.document import pin_of_pem
from privity_attest.testing.bundle import NOW, Enclave
from privity_client import fetch
from privity_client.appraisal import AllowSimulated, LocalAppraiser
from privity_client.channel import Channel, unix_time
from privity_client.commands import Complete, Line
from privity_client.discovery import Discovery
from privity_client.openai_api.chat_answer import Choice, Chunks, Head
from privity_client.openai_api.server_sent import event
from privity_client.proxy.asking import Asked, Asking
from privity_client.testing import proxy_stand
from privity_client.testing.fake_node import RECORD, FakeNetwork, FakeNode, FixedSource, Script
from privity_protocol import canonical, directory
from privity_protocol.lines import Done, Text
from unlogged import Unlogged

SLOTS = 32
CONTEXT = 512
PAUSE = 0.05
"""Seconds between rounds, in which the proxy makes its next session ahead."""
STREAMS = (1, 4, 16, 32)
SIZES = (("bench", 128, 3), ("large", 64, 2), ("real", 32, 3))
"""Each model's tokens in an answer, and its rounds."""
QUICK = (("bench", 64, 1), ("large", 32, 1), ("real", 16, 1))
Ask = Callable[[str, int], Awaitable[Timing]]


async def serve(origin: str, root: bytes) -> None:
    """The proxy's process, until its standard input ends."""
    async with fetch.new_client(origin) as http:
        nodes = Unlogged(http, origin, DEPLOY, pin_of_pem(root), unix_time)
        asking = Asking(Channel(http, nodes), "p0", lambda: ())
        async with proxy_stand.listening(nodes, asking, clock=unix_time) as port:
            print(port, flush=True)
            await asyncio.to_thread(sys.stdin.read)


@contextlib.asynccontextmanager
async def proxy(installation: Installation) -> AsyncIterator[tuple[DirectEngine, psutil.Process]]:
    """Run the proxy beside an installation."""
    pipe = asyncio.subprocess.PIPE
    root = str(installation.root / "root.pem")
    argv = [sys.executable, __file__, "serve", installation.origin, root]
    process = await asyncio.create_subprocess_exec(*argv, stdin=pipe, stdout=pipe)
    assert process.stdout is not None
    assert process.stdin is not None
    try:
        port = int(await process.stdout.readline())
        connector = aiohttp.TCPConnector(limit=0)
        async with aiohttp.ClientSession(connector=connector, read_bufsize=LONGEST_LINE) as session:
            yield DirectEngine(session, proxy_stand.KEY.text, f"http://127.0.0.1:{port}"), psutil.Process(process.pid)
    finally:
        process.stdin.close()
        await process.wait()


async def first_tokens(direct: Ask, sdk: Ask, proxied: Ask, rounds: int) -> list[Figure]:
    """Time to the first token of a short prompt, in turn; the overheads are medians of differences within a round.

    Every question begins a conversation: for the SDK a HELLO is part of it, the proxy has made one ahead.
    """
    taken: list[tuple[float, float, float]] = []
    for _ in range(rounds):
        await asyncio.sleep(PAUSE)
        one = [(await ask(secrets.token_hex(4), 4)).first * 1e3 for ask in (direct, sdk, proxied)]
        taken.append((one[0], one[1], one[2]))
    return [
        plain("proxy: first token, engine asked directly", median([one[0] for one in taken]), "ms", 1),
        plain("proxy: first token, SDK at p0", median([one[1] for one in taken]), "ms", 1),
        plain("proxy: first token, through the proxy at p0", median([one[2] for one in taken]), "ms", 1),
        at_most("proxy: first token, proxy - SDK", median([one[2] - one[1] for one in taken]), 5, "ms", 1),
        at_most("proxy: first token, proxy - direct", median([one[2] - one[0] for one in taken]), 5, "ms", 1),
    ]


async def timed(ask: Ask, streams: int, tokens: int) -> tuple[float, float]:
    """Tokens a second of so many answers at once, and microseconds of processor for each token."""
    used, began = processor(), time.perf_counter()
    timings = await asyncio.gather(*(ask(prompt(), tokens) for _ in range(streams)))
    seconds, used = time.perf_counter() - began, processor() - used
    total = sum(one.tokens for one in timings)
    return total / seconds, used / total * 1e6


async def speeds(size: str, asks: tuple[Ask, Ask, Ask], tokens: int, rounds: int) -> list[Figure]:
    """Tokens a second of a model of this size, at each number of streams: directly, by the SDK, through the proxy."""
    figures = []
    for streams in STREAMS:
        taken = [[await timed(ask, streams, tokens) for ask in asks] for _ in range(rounds)]
        base = median([one[0][0] for one in taken])
        ratio = median([one[2][0] / one[0][0] for one in taken])
        over = median([one[2][0] / one[1][0] for one in taken])
        costs = [median([one[place][1] for one in taken]) for place in (0, 2)]
        label = f"proxy, {size}: tokens/s, {streams} streams"
        figures += [
            plain(f"{label}, direct", base, "", 0),
            at_least(f"{label}, proxy over direct", ratio, 0.95, "x"),
            plain(f"{label}, proxy over SDK", over, "x"),
            plain(f"proxy, {size}: processor a token, {streams} streams, direct", costs[0], "us", 0),
            plain(f"proxy, {size}: processor a token, {streams} streams, proxy", costs[1], "us", 0),
        ]
    return figures


async def own(ask: Ask, process: psutil.Process, rounds: int) -> list[Figure]:
    """What the proxy itself spends: for an answer of one token, and for each further token of a long one."""
    spent = []
    for tokens in (1, 129):
        before = sum(process.cpu_times()[:2])
        for _ in range(rounds):
            await ask(prompt(), tokens)
        spent.append((sum(process.cpu_times()[:2]) - before) / rounds)
    return [
        plain("proxy: its own processor, an answer of one token", spent[0] * 1e3, "ms", 1),
        plain("proxy: its own processor, each further token", (spent[1] - spent[0]) / 128 * 1e6, "us", 0),
    ]


@contextlib.asynccontextmanager
async def three(folder: Path, shape: Shape) -> AsyncIterator[tuple[Ask, Ask, Ask, psutil.Process]]:
    """Ways to ask a model of this shape: directly, by the SDK, through the proxy, whose process comes last."""
    model = folder / "random.gguf"
    build(model, shape)
    installation = Installation(folder, model, slots=SLOTS, context=CONTEXT)
    try:
        await installation.start()
        async with (
            direct_engine(model, slots=SLOTS, context=CONTEXT) as engine,
            installation.client() as client,
            proxy(installation) as (proxied, process),
        ):

            async def sdk(text: str, tokens: int) -> Timing:
                return await through(Client(client.channel), "p0", tokens, text)

            for ask in (engine.ask, sdk, proxied.ask):
                await asyncio.gather(*(ask(prompt(), 4) for _ in range(4)))
            yield engine.ask, sdk, proxied.ask, process
    finally:
        await installation.stop()


async def measure(shape: Shape, tokens: int, rounds: int, *, least: bool, quick: bool) -> list[Figure]:
    """The path's figures with a model of this shape; with the `least` one also what does not depend on the model."""
    size = f"{shape.parameters / 1e6:.0f} M"
    with tempfile.TemporaryDirectory() as name:
        async with three(Path(name), shape) as (direct, sdk, proxied, process):
            figures = await first_tokens(direct, sdk, proxied, 5 if quick else 25) if least else []
            figures += await speeds(size, (direct, sdk, proxied), tokens, rounds)
            return [*figures, *await own(proxied, process, 4 if quick else 16)] if least else figures


async def relayed(records: int) -> float:
    """Records a second that one core opens, translates and writes as events."""
    words = [Text("word " * (RECORD // 6)) for _ in range(records)]
    node = FakeNode(script=Script(lines=[*words, Done("stop")], chunk=2**14))
    async with httpx.AsyncClient(transport=FakeNetwork(node).transport()) as http:
        asking = Asking(Channel(http, FixedSource(node.verified()), clock=lambda: 1000), "p0", lambda: ())
        chunks, written, began = Chunks(Head("id", 0, "m"), Choice(), usage=False), 0, 0.0
        asked = Asked("chat", "demonstration", [b"{}"])
        async with aclosing(asking.ask(asked, restart=False)) as events:
            async for _, one in events:
                began = began or time.process_time()
                if isinstance(one, Line):
                    written += sum(len(event(chunk)) for chunk in chunks.take(one.value))
                elif isinstance(one, Complete):
                    return records / (time.process_time() - began)
    raise AssertionError("the answer did not end")


async def cached(rounds: int) -> float:
    """Milliseconds for the verified nodes of a model whose evidence was judged before."""
    bundle = Enclave().build()
    digest = hashlib.sha256(bundle.items["node-document"][1]).digest()
    entry = directory.Node(digest, bundle.node.plat, bundle.node.rel, ("privity/demonstration",), 1)
    listed = directory.encode(directory.Directory(NOW - 10, NOW + 3600, None, (entry,)))
    hints = {"account": None, "deploy": "local", "logs": [], "plans": False, "relays": [], "run": "http://r", "v": 1}
    answers = {"/.well-known/privity": canonical.encode(hints), "/v1/nodes/directory": listed}
    answers[f"/v1/nodes/{digest.hex()}"] = bundle.data

    def answer(request: httpx.Request) -> httpx.Response:
        return httpx.Response(200, stream=httpx.ByteStream(answers[request.url.path]))

    async with fetch.new_client("http://service.test", httpx.MockTransport(answer)) as http:
        appraiser = LocalAppraiser("local", AllowSimulated((bundle.root.pin,)))
        source = Discovery(http, "http://service.test", appraiser, clock=lambda: NOW, entropy=os.urandom)
        await source.nodes("", refresh=True)
        began = time.perf_counter()
        for _ in range(rounds):
            await source.nodes("", refresh=False)
        return (time.perf_counter() - began) / rounds * 1e3


def run(*, quick: bool) -> list[Figure]:
    """The figures of this benchmark."""
    figures = [
        at_least("proxy: records/s opened and told, one core", asyncio.run(relayed(2000)), 1000, "", 0),
        at_most("proxy: verification of a node judged before", asyncio.run(cached(1000)), 1, "ms", 4),
    ]
    for name, tokens, rounds in QUICK if quick else SIZES:
        figures += asyncio.run(measure(SHAPES[name], tokens, rounds, least=name == "bench", quick=quick))
    return figures


if __name__ == "__main__":
    if sys.argv[1:2] == ["serve"]:
        asyncio.run(serve(sys.argv[2], Path(sys.argv[3]).read_bytes()))
    else:
        print(json.dumps([vars(one) for one in run(quick="--quick" in sys.argv)], indent=1))
