"""500 paced streams through one relay process on one core: how late is a record when the client has it?

Lateness runs from the tick at which the record was due in the node to its arrival in the client: it holds the node's,
the relay's and the client's share; relay alone on one core, node and client together on another where there is one.
"""

import asyncio
import contextlib
import json
import os
import socket
import struct
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import psutil
import uvloop
from figure import Figure, at_most, median, plain, quantile
from paced_node import RECORD, run_request

LATEST = 0.020


class Reader(asyncio.Protocol):
    """A client of one stream: notes how late each record comes."""

    def __init__(self, late: list[float]) -> None:
        self._late = late
        self._buffer = bytearray()
        self._head = True

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        self.transport = transport
        transport.write(run_request())

    def data_received(self, data: bytes) -> None:
        now = time.monotonic()
        self._buffer += data
        if self._head:
            end = self._buffer.find(b"\r\n\r\n")
            if end < 0:
                return
            if not self._buffer.startswith(b"HTTP/1.1 200"):
                raise AssertionError(bytes(self._buffer[:60]))
            del self._buffer[: end + 4]
            self._head = False
        while (end := self._buffer.find(b"\r\n")) > 0:
            size = int(self._buffer[:end], 16)
            if len(self._buffer) < end + size + 4:
                return
            # Records that a busy relay took together travel in one chunk.
            for start in range(end + 2, end + 2 + size, RECORD):
                self._late.append(now - struct.unpack_from("<d", self._buffer, start)[0])
            del self._buffer[: end + size + 4]


async def load(port: int, streams: int, seconds: float, relay: int) -> tuple[list[float], float]:
    """Open the streams over one second, let them settle, measure; return lateness and the relay's share of a core."""
    late: list[float] = []
    loop = asyncio.get_running_loop()
    readers = []
    for _ in range(streams):
        readers.append((await loop.create_connection(lambda: Reader(late), "127.0.0.1", port))[1])
        await asyncio.sleep(1 / streams)
    await asyncio.sleep(1)
    late.clear()
    process = psutil.Process(relay)
    before, began = process.cpu_times(), time.monotonic()
    await asyncio.sleep(seconds)
    after, ended = process.cpu_times(), time.monotonic()
    busy = (after.user + after.system - before.user - before.system) / (ended - began)
    measured = list(late)
    for reader in readers:
        reader.transport.abort()
    return measured, busy


def free_ports(count: int) -> list[int]:
    """Ports that were free a moment ago."""
    held = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    ports = [each.getsockname()[1] for each in held]
    for each in held:
        each.close()
    return ports


@contextlib.contextmanager
def pinned(argv: list[str], core: int) -> Iterator[subprocess.Popen[str]]:
    """Run a process on one core until the block ends; it has printed its ready line."""
    process = subprocess.Popen(argv, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    try:
        psutil.Process(process.pid).cpu_affinity([core])
        assert process.stdout is not None
        assert process.stdout.readline().startswith("READY")
        yield process
    finally:
        process.terminate()
        process.wait()


def configuration(folder: Path, ports: list[int]) -> Path:
    """The service's configuration."""
    service, relay, node = ports
    path = folder / "service.json"
    document = {
        "v": 1,
        "deploy": "bench",
        "service": {"host": "127.0.0.1", "port": service},
        "relay": {"host": "127.0.0.1", "port": relay},
        "nodes": [f"tcp:127.0.0.1:{node}"],
        "state": str(folder / "state"),
        "public_run_origin": f"http://localhost:{relay}",
        "published": None,
        "logs": [],
    }
    path.write_text(json.dumps(document))
    return path


def measure(streams: int, seconds: float, *mode: str) -> tuple[list[float], float, int]:
    """Lateness of every record in seconds, the relay's share of one core, its memory in bytes."""
    cores = sorted(os.sched_getaffinity(0))
    ports = free_ports(3)
    node = [sys.executable, str(Path(__file__).with_name("paced_node.py")), str(ports[2]), *mode]
    with tempfile.TemporaryDirectory() as folder, pinned(node, cores[-1]):
        config = str(configuration(Path(folder), ports))
        with pinned([sys.executable, "-m", "privity_service", "run", "--config", config], cores[0]) as relay:
            time.sleep(1.0)
            os.sched_setaffinity(0, {cores[-1]})
            try:
                late, busy = uvloop.run(load(ports[1], streams, seconds, relay.pid))
            finally:
                os.sched_setaffinity(0, set(cores))
            return late, busy, psutil.Process(relay.pid).memory_info().rss


def run(*, quick: bool) -> list[Figure]:
    """The figures of this benchmark."""
    streams, seconds = 500, 3.0 if quick else 15.0
    late, busy, memory = measure(streams, seconds)
    crowded, _, _ = measure(streams, seconds, "aligned")
    expected = streams * seconds * 10
    return [
        at_most(f"relay, {streams} p1 streams: median lateness", median(late) * 1e3, LATEST * 1e3, "ms"),
        plain(f"relay, {streams} p1 streams: 99 of 100 records within", quantile(late, 0.99) * 1e3, "ms"),
        at_most(f"relay, {streams} streams ticking together: median", median(crowded) * 1e3, LATEST * 1e3, "ms"),
        plain(f"relay, {streams} p1 streams: records that arrived", 100 * len(late) / expected, "%", 1),
        plain(f"relay, {streams} p1 streams: share of one core", 100 * busy, "%", 0),
        plain(f"relay, {streams} p1 streams: memory", memory / 2**20, "MB", 0),
    ]


if __name__ == "__main__":
    from figure import table

    print(table(run(quick="--quick" in sys.argv)))
