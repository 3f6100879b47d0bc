"""A node for the relay's benchmark: answers every RUN by paced records, each stamped with the time of its tick.

`python bench/paced_node.py PORT [aligned]` serves until SIGTERM; aligned: all streams tick at one moment.
The records are not sealed: a relay cannot tell.
"""

import asyncio
import json
import struct
import sys
import time
from hashlib import sha256

import uvloop

DOCUMENT = b"benchmark"
TICK = 0.1
RECORD = 512
ALIGNED = "aligned" in sys.argv


def kid() -> bytes:
    """The key id that leads here."""
    return sha256(DOCUMENT).digest()[:8]


def run_request() -> bytes:
    """A RUN of the smallest size."""
    body = b"EC1\x02\x00\x01" + kid() + b"\x00\x00" + bytes(16 + 32 + 2 * 4096)
    return b"POST /ec1/run HTTP/1.1\r\nhost: x\r\ncontent-length: %d\r\n\r\n" % len(body) + body


class Connection(asyncio.Protocol):
    """One request; the head is small and comes whole or in parts, the body is counted only."""

    def __init__(self) -> None:
        self._buffer = b""
        self._left: int | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._loop = asyncio.get_running_loop()

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        self._transport = transport

    def connection_lost(self, exc: Exception | None) -> None:
        if self._timer is not None:
            self._timer.cancel()

    def data_received(self, data: bytes) -> None:
        if self._left is not None:
            self._left -= len(data)
        else:
            self._buffer += data
            head, separator, rest = self._buffer.partition(b"\r\n\r\n")
            if not separator:
                return
            lengths = [line for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:")]
            self._left = (int(lengths[0].split(b":")[1]) if lengths else 0) - len(rest)
        if self._left <= 0:
            self._answer(self._buffer.split(b" ")[1])

    def _answer(self, path: bytes) -> None:
        if path == b"/ec1/run":
            self._transport.write(b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n")
            self._next = self._loop.time() + TICK
            if ALIGNED:
                self._next -= self._next % TICK
            self._timer = self._loop.call_at(self._next, self._tick)
            return
        body = json.dumps({"windows": [window()]}).encode() if path == b"/ec1/node" else b"bundle"
        self._transport.write(b"HTTP/1.1 200 OK\r\ncontent-length: %d\r\n\r\n" % len(body) + body)

    def _tick(self) -> None:
        # The stamp is the time at which the record was due, so that this node's own lateness counts as lateness.
        due = time.monotonic() - (self._loop.time() - self._next)
        record = struct.pack("<d", due) + bytes(RECORD - 8)
        self._transport.write(b"%x\r\n%s\r\n" % (RECORD, record))
        self._next += TICK
        self._timer = self._loop.call_at(self._next, self._tick)


def window() -> dict[str, object]:
    """What the node announces."""
    now = int(time.time())
    plat = {"type": "simulated", "id": "11" * 32}
    nd = sha256(DOCUMENT).hexdigest()
    return {"nd": nd, "plat": plat, "rel": "22" * 32, "cap": ["m"], "w": 1, "nbf": now, "exp": now + 7200}


async def serve(port: int) -> None:
    """Serve for ever."""
    server = await asyncio.get_running_loop().create_server(Connection, "127.0.0.1", port, backlog=1024)
    print("READY", flush=True)
    await server.serve_forever()


if __name__ == "__main__":
    uvloop.run(serve(int(sys.argv[1])))
