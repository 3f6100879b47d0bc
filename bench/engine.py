"""The embedded engine behind its supervisor and adapter: how fast it starts, starts again, and what the adapter costs.

The ratio of tokens is between the node's adapter and a bare client on a second engine of the same settings, asked in
turn. Random weights of 28 million parameters.
"""

import asyncio
import hashlib
import os
import secrets
import signal
import sys
import tempfile
import time
from pathlib import Path

from direct_engine import direct_engine
from figure import Figure, at_least, at_most, median, plain
from privity_enclave import models
from privity_enclave.configuration import Model
from privity_enclave.engine.adapter import Deadlines
from privity_enclave.engine.interface import EngineRequest
from privity_enclave.engine.serving import EmbeddedEngine
from privity_enclave.engine.supervisor import Orders
from privity_protocol.chat import ChatRequest
from privity_protocol.lines import Text, Usage
from random_model import SHAPES, build

SLOTS, CONTEXT, PROMPT = 4, 1024, 165


def opened(weights: Path, folder: Path) -> EmbeddedEngine:
    """The engine as the node opens it: hashed, sealed, not started."""
    data = weights.read_bytes()
    digest = hashlib.sha256(data).hexdigest()
    model = Model("m", "Random", False, "embedded", weights.name, digest, len(data), CONTEXT, SLOTS, None)
    sealed = models.seal("m", weights, sha256=digest, size=len(data))
    orders = Orders(sealed, SLOTS, CONTEXT, None, "best_effort")
    return EmbeddedEngine(model, sealed, orders=orders, run_dir=folder, deadlines=Deadlines(120, 60, 600))


async def ask(engine: EmbeddedEngine, tokens: int) -> tuple[float, float, int]:
    """Seconds to the first text and to the end, and tokens, of one answer to a new owner."""
    message = {"role": "user", "content": secrets.token_hex(PROMPT // 2)}
    chat = ChatRequest("m", [message], {"max_tokens": tokens, "temperature": 0.0, "seed": 1})
    began, first, count = time.perf_counter(), 0.0, 0
    async for event in engine.chat(EngineRequest(secrets.token_bytes(32), chat)):
        if isinstance(event, Text) and not first:
            first = time.perf_counter() - began
        if isinstance(event, Usage):
            count = event.completion
    return first, time.perf_counter() - began, count


def resident(engine: EmbeddedEngine) -> float:
    """Megabytes that the engine process keeps in memory, the sealed weights among them."""
    status = Path(f"/proc/{engine.process.pid}/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in status if line.startswith("VmRSS")) / 1024


async def restart(engine: EmbeddedEngine) -> float:
    """Seconds from the death of the process to the next answer."""
    pid = engine.process.pid
    assert pid is not None
    adapter = await engine.process.usable(30)
    began = time.perf_counter()
    os.kill(pid, signal.SIGKILL)
    await engine.process.settle(adapter)
    await ask(engine, 2)
    return time.perf_counter() - began


async def measure(weights: Path, folder: Path, *, quick: bool) -> list[Figure]:
    """All figures."""
    rounds, tokens = (2, 32) if quick else (8, 128)
    began = time.perf_counter()
    engine = opened(weights, folder)
    sealed = time.perf_counter() - began
    await engine.start()
    started = time.perf_counter() - began
    memory = resident(engine)
    firsts: dict[str, list[float]] = {"adapter": [], "bare": []}
    rates: dict[str, list[float]] = {"adapter": [], "bare": []}
    async with direct_engine(weights, slots=SLOTS, context=CONTEXT) as bare:
        for _ in range(rounds):
            first, total, count = await ask(engine, tokens)
            firsts["adapter"].append(first)
            rates["adapter"].append(count / total)
            timing = await bare.ask(secrets.token_hex(PROMPT // 2), tokens)
            firsts["bare"].append(timing.first)
            rates["bare"].append(timing.tokens / timing.total)
    again = await restart(engine)
    await engine.close()
    return [
        plain("engine: hash and seal", sealed, "s"),
        plain("engine: hash, seal, start, isolation check", started, "s"),
        plain("engine: resident memory", memory, "MB", 0),
        at_most("engine: from kill -9 to the next answer", again, 2, "s"),
        plain("engine: first token, bare", median(firsts["bare"]) * 1e3, "ms", 1),
        plain("engine: first token, adapter over bare", median(firsts["adapter"]) / median(firsts["bare"]), "x"),
        plain("engine: tokens/s, one chat, bare", median(rates["bare"]), "", 0),
        at_least("engine: tokens/s, adapter over bare", median(rates["adapter"]) / median(rates["bare"]), 0.95, "x"),
    ]


def run(*, quick: bool) -> list[Figure]:
    """The figures of this benchmark."""
    with tempfile.TemporaryDirectory() as name:
        weights = Path(name) / "random.gguf"
        build(weights, SHAPES["bench"])
        return asyncio.run(measure(weights, Path(name), quick=quick))


if __name__ == "__main__":
    from figure import table

    print(table(run(quick="--quick" in sys.argv)))
