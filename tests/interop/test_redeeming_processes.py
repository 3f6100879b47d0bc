"""Redeeming over sockets: a node that is killed, a ledger of its own process, and servers that are no ledger."""

import asyncio
import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from pathlib import Path
from typing import Any

import pytest
import uvicorn
from privity_enclave.engine import adapter
from privity_enclave.engine.adapter import Adapter
from privity_enclave.engine.interface import EngineError
from privity_service.ledger.application import Ledger, application
from privity_service.ledger.issuers import Issuers
from privity_service.ledger.nodes import Nodes
from privity_service.ledger.writer import Writer
from redeeming_stand import DEPLOY, NOON, Listed, Stand, drawn, issuer, issuers_leaf, ledger_file, post, post_bulletin

NODE = Path(__file__).parent / "redeeming_node.py"


class NodeProcess:
    """A node, spoken to in lines."""

    def __init__(self, ledger: str, wall: int) -> None:
        command = [sys.executable, str(NODE), ledger, str(wall)]
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.document = bytes.fromhex(self.line())

    def line(self) -> str:
        """The next thing that it says."""
        assert self.process.stdout is not None
        return self.process.stdout.readline().strip()

    def ask(self, rid: bytes, token: bytes, seconds: int = 0) -> None:
        """Let it answer a request."""
        assert self.process.stdin is not None
        self.process.stdin.write(f"{rid.hex()} {token.hex()} {seconds}\n")
        self.process.stdin.flush()

    def kill(self) -> None:
        """As a power failure does."""
        os.kill(self.process.pid, signal.SIGKILL)
        self.process.communicate(timeout=60)


@contextmanager
def node_process(ledger: str, wall: int) -> Iterator[NodeProcess]:
    """A node, gone afterwards."""
    node = NodeProcess(ledger, wall)
    try:
        yield node
    finally:
        if node.process.returncode is None:
            node.kill()


@contextmanager
def served(app: Any, path: Path) -> Iterator[str]:
    """An application on a Unix socket, in a thread."""
    server = uvicorn.Server(uvicorn.Config(app, uds=str(path), log_config=None, lifespan="off", ws="none"))
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    try:
        while not server.started:
            assert thread.is_alive()
            time.sleep(0.01)
        yield f"unix:{path}"
    finally:
        server.should_exit = True
        thread.join(60)


@pytest.mark.system
def test_after_kill_9_the_same_request_costs_nothing_more(tmp_path: Path) -> None:
    """The token is held until the lease of the dead node is over, then it is good for the same request, and once."""
    stand = Stand(tmp_path)
    stand.writer.close()
    writer = Writer(stand.engine, stand.clock)
    app = application(Ledger(Nodes(tmp_path, DEPLOY), Issuers(tmp_path), writer, stand.clock))
    mine, rid = drawn(), os.urandom(16)
    with (
        served(app, tmp_path / "s") as ledger,
        node_process(ledger, NOON) as first,
        node_process(ledger, NOON) as other,
    ):
        post(tmp_path, Listed(first.document), Listed(other.document))
        first.ask(rid, mine, seconds=600)
        assert first.line() == "began"
        first.kill()
        assert stand.state(mine) == ("reserved", 1)
        other.ask(rid, mine)
        assert other.line() == "overloaded"
        other.ask(os.urandom(16), mine)
        assert other.line() == "token_spent"
        stand.clock.now += 180
        other.ask(rid, mine)
        assert other.line() == "answered"
        assert stand.state(mine) == ("spent", 2)
        other.ask(rid, mine)
        assert other.line() == "token_spent"
    writer.close()


@pytest.mark.system
def test_a_node_and_a_ledger_of_their_own_processes(tmp_path: Path) -> None:
    now = int(time.time())
    path = ledger_file(tmp_path)
    path.write_text(json.dumps(json.loads(path.read_text()) | {"deploy": DEPLOY}))
    today = time.strftime("%Y-%m-%d", time.gmtime(now))
    spki = issuer("today").public.spki.hex()
    key = {"plan": "free", "day": today, "nbf": now - 600, "exp": now + 6600, "spki": spki}
    post_bulletin(tmp_path, issuers_leaf(key, deploy=DEPLOY))
    command = [sys.executable, "-m", "privity_service.ledger", "--config", str(path)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            assert process.stdout.readline().startswith("READY ")
            with node_process(f"unix:{tmp_path}/s", now) as node:
                mine, rid = drawn(), os.urandom(16)
                post(tmp_path, Listed(node.document), nbf=now - 600, exp=now + 6600)
                node.ask(rid, mine)
                assert node.line() == "answered"
                node.ask(os.urandom(16), mine)
                assert node.line() == "token_spent"
        finally:
            process.terminate()


@asynccontextmanager
async def server(answer: bytes, *, hangs: bool = False) -> AsyncIterator[tuple[Adapter, list[bytes]]]:
    """A server that says `answer` to whatever comes, and an adapter to it."""
    heard: list[bytes] = []

    speaking: list[asyncio.Task[Any] | None] = []

    async def speak(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        speaking.append(asyncio.current_task())
        with suppress(OSError):
            heard.append(await reader.readuntil(b"\r\n\r\n"))
            writer.write(answer)
            if hangs:
                await reader.read()
            writer.close()
            await writer.wait_closed()

    listening = await asyncio.start_server(speak, "127.0.0.1", 0)
    made = Adapter(f"http://127.0.0.1:{listening.sockets[0].getsockname()[1]}")
    made.open()
    try:
        yield made, heard
    finally:
        await made.close()
        listening.close()
        await asyncio.gather(*(task for task in speaking if task))


def answered(body: bytes, *lines: bytes, status: bytes = b"200 OK", length: int | None = None) -> bytes:
    """A whole response."""
    size = len(body) if length is None else length
    return b"\r\n".join([b"HTTP/1.1 " + status, b"Content-Length: %d" % size, *lines, b"", body])


WHAT: dict[str, tuple[bytes, tuple[int, object]]] = {
    "an answer": (answered(b'{"a":1}'), (200, {"a": 1})),
    "no JSON": (answered(b"{"), (200, None)),
    "no text": (answered(b"\xff\xfe"), (200, None)),
    "depth": (answered(b"[" * 100_000 + b"]" * 100_000), (200, None)),
    "a megabyte more": (answered(b'"' + b"a" * 2**21 + b'"'), (200, None)),
    "another place": (answered(b"null", b"Location: /v1/ledger", status=b"302 Found"), (302, None)),
    "packed": (answered(b"\x1f\x8b", b"Content-Encoding: gzip"), (200, None)),
}


@pytest.mark.parametrize("name", WHAT)
def test_what_a_server_says_is_bounded_and_followed_nowhere(name: str) -> None:
    async def scenario() -> None:
        async with server(WHAT[name][0]) as (made, heard):
            assert await made.ask("/v1/ledger", b"{}") == WHAT[name][1]
            assert len(heard) == 1
            assert heard[0].startswith(b"POST /v1/ledger HTTP/1.1\r\n")
            assert b"user-agent" not in heard[0].lower()

    asyncio.run(scenario())


@pytest.mark.parametrize("answer", [b"", b"SSH-2.0\r\n", b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n{}", b"\0" * 99])
def test_a_server_that_breaks_off_is_away(answer: bytes) -> None:
    async def scenario() -> None:
        async with server(answer) as (made, _):
            with pytest.raises(EngineError) as caught:
                await made.ask("/v1/ledger", b"{}")
            assert caught.value.code == "unavailable"

    asyncio.run(scenario())


@pytest.mark.parametrize("answer", [b"", answered(b"{", length=100)])
def test_a_server_that_takes_its_time_is_away(monkeypatch: pytest.MonkeyPatch, answer: bytes) -> None:
    monkeypatch.setattr(adapter, "CONNECT_SECONDS", 0.2)

    async def scenario() -> None:
        async with server(answer, hangs=True) as (made, _):
            with pytest.raises(EngineError) as caught:
                await made.ask("/v1/issuers")
            assert caught.value.code == "unavailable"

    asyncio.run(scenario())
