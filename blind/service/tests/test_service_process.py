"""The real process: ready line, refusals, drain, and a standard error that says nothing about anybody."""

import asyncio
import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from service_stand import FakeNode, hello_request, post_request, read_answer, reply, run_request, stream_of, until

pytestmark = pytest.mark.system


def write_configuration(folder: Path, *nodes: str, **members: object) -> Path:
    anywhere = {"host": "127.0.0.1", "port": 0}
    configuration = {
        "v": 1,
        "deploy": "local",
        "service": anywhere,
        "relay": anywhere,
        "nodes": list(nodes),
        "state": str(folder / "state"),
        "public_run_origin": "http://localhost:8081",
        "published": None,
        "logs": [],
    }
    path = folder / "service.json"
    path.write_text(json.dumps(configuration | members))
    return path


def command(configuration: Path) -> list[str]:
    return [sys.executable, "-m", "privity_service", "run", "--config", str(configuration)]


def test_a_configuration_that_is_refused_is_one_line_and_exit_code_one(tmp_path: Path) -> None:
    path = write_configuration(tmp_path, "tcp:127.0.0.1:1", extra=1)
    done = subprocess.run(command(path), capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 1
    assert done.stdout.startswith("FAILED configuration: ")
    assert (done.stdout.count("\n"), done.stderr) == (1, "")


def test_a_taken_port_is_one_line_and_exit_code_one(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        path = write_configuration(tmp_path, "tcp:127.0.0.1:1", relay={"host": "127.0.0.1", "port": port})
        done = subprocess.run(command(path), capture_output=True, text=True, timeout=120, check=False)
    assert (done.returncode, done.stdout) == (1, f"FAILED listen: port {port}: Address already in use\n")
    assert done.stderr == ""


@asynccontextmanager
async def started(folder: Path, node: FakeNode) -> AsyncIterator[tuple[asyncio.subprocess.Process, int]]:
    """The process and the relay's port; whatever state it is in afterwards, it is ended."""
    path, pipe = write_configuration(folder, f"tcp:127.0.0.1:{node.port}"), asyncio.subprocess.PIPE
    process = await asyncio.create_subprocess_exec(*command(path), stdout=pipe, stderr=pipe)
    try:
        ready = (await process.stdout.readline()).decode()
        assert ready.startswith("READY ")
        yield process, int(json.loads(ready[6:])["relay"].rsplit(":", 1)[1])
    finally:
        if process.returncode is None:
            process.kill()
            await process.communicate()


async def ask(port: int, raw: bytes):
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(raw)
    try:
        return await read_answer(reader)
    finally:
        writer.close()


async def healthy(port: int) -> None:
    for _ in range(1200):
        if (await ask(port, b"GET /healthz HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n")).status == 200:
            return
        await asyncio.sleep(0.05)
    raise AssertionError("the node was never listed")


def test_a_stream_in_flight_is_finished_before_the_process_ends_and_nothing_personal_is_written(tmp_path: Path) -> None:
    async def scenario() -> str:
        node = FakeNode()
        node.window_changes = {"exp": 2**40, "nbf": 0}
        async with node.listen(), started(tmp_path, node) as (process, port):
            await healthy(port)
            node.script["/ec1/hello"] = reply(200, b"H" * 1432)
            node.script["/ec1/run"] = stream_of([b"r" * 512] * 10, pause=0.1)
            headers = ("user-agent: canary-header", "cookie: canary-cookie")
            request = post_request("/ec1/hello?canary-query", hello_request(node.kid()), *headers)
            assert (await ask(port, request)).status == 200
            assert (await ask(port, b"canary-not-http\r\n\r\n")).status == 400
            stream = asyncio.create_task(ask(port, post_request("/ec1/run", run_request(node.kid()), *headers)))
            await until(lambda: any(one.path == "/ec1/run" for one in node.heard))
            process.send_signal(signal.SIGTERM)
            answer = await stream
            assert (answer.status, len(answer.body), answer.whole) == (200, 5120, True)
            out, err = await process.communicate()
            assert (process.returncode, out) == (0, b"")
            return err.decode()

    written = asyncio.run(scenario())
    events = [json.loads(each) for each in written.splitlines()]
    named = [each["event"] for each in events if each["event"] != "accounts_ready"]
    assert named == ["started", "node_listed", "stopping", "counts", "stopped"]
    assert next(each for each in events if each["event"] == "counts") == {"event": "counts", "hello": 1, "run": 1}
    for personal in ("canary", "127.0.0.1", "localhost", FakeNode().kid().hex(), str(os.getpid())):
        assert personal not in written


def test_an_unwritable_state_folder_does_not_stop_the_service(tmp_path: Path) -> None:
    async def scenario() -> str:
        node = FakeNode()
        node.window_changes = {"exp": 2**40, "nbf": 0}
        (tmp_path / "state").write_text("a file where a folder should be")
        async with node.listen(), started(tmp_path, node) as (process, port):
            await healthy(port)
            answer = await ask(port, b"GET /v1/nodes/directory HTTP/1.1\r\nhost: x\r\n\r\n")
            assert answer.status == 200
            process.send_signal(signal.SIGTERM)
            return (await process.communicate())[1].decode()

    assert '{"event":"state_unwritable","reason":"errno_' in asyncio.run(scenario())
