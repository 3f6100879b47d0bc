"""A node in a process of its own that asks a real ledger: `redeeming_node.py LEDGER WALL`, orders on standard input.

Prints its node document, then for each line `RID TOKEN SECONDS` asks itself for an answer whose model thinks for so
long: `began` when the model has the request, and how it ended once the ledger has heard that.
"""

import asyncio
import sys

from privity_enclave.engine.adapter import Adapter
from redeeming_stand import Rig, ask, metering, refusal, settle, words


async def orders() -> asyncio.StreamReader:
    """Standard input."""
    reader = asyncio.StreamReader()
    await asyncio.get_running_loop().connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)
    return reader


async def main() -> None:
    """Follow orders until they end."""
    ledger, wall = sys.argv[1:]
    rig = Rig(metering(ledger=ledger), ledger=Adapter(ledger), wall=int(wall))
    print(rig.document.hex(), flush=True)
    reader = await orders()
    while line := (await reader.readline()).decode().split():
        rid, token, seconds = line
        rig.engine.script = thinking(float(seconds))
        reply = await ask(rig, bytes.fromhex(token), rid=bytes.fromhex(rid))
        meter = rig.node._operations._meter
        assert meter is not None
        while meter._bills:
            await settle()
        print(refusal(reply) or "answered", flush=True)


def thinking(seconds: float):
    """A script that says when it has begun."""
    print("began", flush=True) if seconds else None
    yield seconds
    yield from words(1)


asyncio.run(main())
