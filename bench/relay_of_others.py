"""The relay that somebody else runs: what it adds to the first byte, and what 1,000 paced streams cost it.

The first byte is that of RUN's answer, asked alternately of the run origin and of the relay before it; both make a
connection of their own for each request. On a real way the relay adds its distance too. The gateway's is that of an
answer in Oblivious HTTP, sealed here, asked of the gateway before the same run origin.
"""

import asyncio
import json
import os
import sys
import tempfile
import time
from collections.abc import Coroutine
from pathlib import Path
from typing import TypeVar

import psutil
import uvloop
from figure import Figure, at_most, median, plain, quantile
from paced_node import run_request
from privity_protocol.ohttp import binary_http, keys
from privity_protocol.ohttp.binary_http import Request
from privity_protocol.ohttp.encapsulation import Sent
from privity_protocol.ohttp.forms import CHUNKED
from relay import configuration, free_ports, load, pinned

STREAMS = 1000
GATEWAY = "/.well-known/ohttp-gateway"
MOST_MS = 3.0
MOST_MB = 200.0
Found = TypeVar("Found")


def relay_configuration(folder: Path, port: int, run: int, **more: str) -> Path:
    """The configuration of a relay or, with `keys`, of a gateway; everything behind it is one port."""
    origin = f"http://127.0.0.1:{run}"
    listen = {"host": "127.0.0.1", "port": port}
    path = folder / f"{port}.json"
    members = {"v": 1, "listen": listen, "public": None, "service": origin, "run": origin, "logs": []}
    path.write_text(json.dumps({**members, **more}))
    return path


async def first_byte(port: int) -> float:
    """Seconds from the connection to the answer's head."""
    began = time.monotonic()
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(run_request())
    head = await reader.readuntil(b"\r\n\r\n")
    ended = time.monotonic()
    assert head.startswith(b"HTTP/1.1 200"), head[:60]
    writer.transport.abort()
    return ended - began


async def sealed_first_byte(port: int, document: bytes) -> float:
    """Seconds from sealing a request to the gateway's answer."""
    began = time.monotonic()
    _, _, body = run_request().partition(b"\r\n\r\n")
    message = binary_http.encode_request(Request(b"POST", b"https", b"run", b"/ec1/run"), body)
    sealed = Sent(keys.decode(document)[0], CHUNKED, entropy=os.urandom).chunks(message)
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    head = f"POST {GATEWAY} HTTP/1.1\r\nhost: x\r\ncontent-type: {CHUNKED.request_type}\r\n"
    writer.write(f"{head}content-length: {len(sealed)}\r\n\r\n".encode() + sealed)
    answer = await reader.readuntil(b"\r\n\r\n")
    ended = time.monotonic()
    assert answer.startswith(b"HTTP/1.1 200"), answer[:60]
    writer.transport.abort()
    return ended - began


async def key_document(port: int) -> bytes:
    """The gateway's keys."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(f"GET {GATEWAY} HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n".encode())
    found = (await reader.read()).partition(b"\r\n\r\n")[2]
    writer.close()
    return found


async def alternately(rounds: int, direct: int, relayed: int, gateway: int) -> tuple[list[float], ...]:
    """First bytes of all ways."""
    document = await key_document(gateway)
    found: tuple[list[float], list[float], list[float]] = ([], [], [])
    for turn in range(rounds + 10):
        asked = (first_byte(direct), first_byte(relayed), sealed_first_byte(gateway, document))
        for times, asking in zip(found, asked, strict=True):
            seconds = await asking
            if turn >= 10:
                times.append(seconds)
    return found


async def listed(port: int) -> None:
    """Wait until the run origin leads to the node."""
    while True:
        try:
            await first_byte(port)
        except AssertionError:
            await asyncio.sleep(0.05)
        else:
            return


async def first_bytes(rounds: int, direct: int, relayed: int, gateway: int) -> tuple[list[float], ...]:
    """First bytes of all ways, once the run origin knows its node."""
    await listed(direct)
    return await alternately(rounds, direct, relayed, gateway)


def elsewhere(work: Coroutine[None, None, Found], core: int) -> Found:
    """Run on one core, so that the relay has the other."""
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {core})
    try:
        return uvloop.run(work)
    finally:
        os.sched_setaffinity(0, before)


def measure(folder: Path, rounds: int, seconds: float) -> tuple[tuple[list[float], ...], list[float], float, float]:
    """First bytes of all ways, lateness of every record, share of a core, memory in MB."""
    cores = sorted(os.sched_getaffinity(0))
    service, direct, node, relayed, gateway = free_ports(5)
    program = [sys.executable, "-m", "privity_service.relay", "--config"]
    opening = [sys.executable, "-m", "privity_service.gateway", "run", "--config"]
    blind = [sys.executable, "-m", "privity_service", "run", "--config"]
    with pinned([sys.executable, str(Path(__file__).with_name("paced_node.py")), str(node)], cores[-1]):
        before_origin = str(relay_configuration(folder, relayed, direct))
        sealed = str(relay_configuration(folder, gateway, direct, keys=str(folder / "keys.json")))
        with (
            pinned([*blind, str(configuration(folder, [service, direct, node]))], cores[-1]),
            pinned([*program, before_origin], cores[0]),
            pinned([*opening, sealed], cores[0]),
        ):
            first = elsewhere(first_bytes(rounds, direct, relayed, gateway), cores[-1])
        # The streams go from the relay to the node at once: what a run origin costs is in `relay`.
        with pinned([*program, str(relay_configuration(folder, relayed, node))], cores[0]) as relay:
            late, busy = elsewhere(load(relayed, STREAMS, seconds, relay.pid), cores[-1])
            memory = psutil.Process(relay.pid).memory_info().rss / 2**20
    return first, late, busy, memory


def run(*, quick: bool) -> list[Figure]:
    """The figures of this benchmark."""
    rounds, seconds = (100, 3.0) if quick else (400, 15.0)
    with tempfile.TemporaryDirectory() as folder:
        (near, far, sealed), late, busy, memory = measure(Path(folder), rounds, seconds)
    added, arrived = (median(far) - median(near)) * 1e3, len(late) / (STREAMS * seconds / 10)
    return [
        at_most("relay of others: adds to the first byte", added, MOST_MS, "ms"),
        at_most("gateway: adds to the first byte", (median(sealed) - median(near)) * 1e3, MOST_MS, "ms"),
        plain("relay of others: first byte of the run origin", median(near) * 1e3, "ms"),
        at_most(f"relay of others, {STREAMS} p1 streams: memory", memory, MOST_MB, "MB", 0),
        plain(f"relay of others, {STREAMS} p1 streams: median lateness", median(late) * 1e3, "ms"),
        plain(f"relay of others, {STREAMS} p1 streams: 99 of 100 within", quantile(late, 0.99) * 1e3, "ms"),
        plain(f"relay of others, {STREAMS} p1 streams: records that arrived", arrived, "%", 1),
        plain(f"relay of others, {STREAMS} p1 streams: share of one core", 100 * busy, "%", 0),
    ]


if __name__ == "__main__":
    from figure import table

    print(table(run(quick="--quick" in sys.argv)))
