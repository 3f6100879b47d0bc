"""The real program: ready line, refusals, drain, and a standard error that says nothing about anybody."""

import asyncio
import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from relay_stand import KID
from scripted_node import FakeNode, hello_request, post_request, read_answer, reply, run_request, stream_of, until

pytestmark = pytest.mark.system


def written(folder: Path, port: int, **changes: object) -> Path:
    """A configuration file whose upstream is on this machine."""
    origin = f"http://127.0.0.1:{port}"
    path = folder / "relay.json"
    listen = {"host": "127.0.0.1", "port": 0}
    plain = {"v": 1, "listen": listen, "public": None, "service": origin, "run": origin, "logs": []}
    path.write_text(json.dumps(plain | changes))
    return path


def command(path: Path) -> list[str]:
    return [sys.executable, "-m", "privity_service.relay", "--config", str(path)]


def test_what_is_refused_is_one_line_and_exit_code_one(tmp_path: Path) -> None:
    path = written(tmp_path, 1, extra=1)
    done = subprocess.run(command(path), capture_output=True, text=True, timeout=120, check=False)
    assert (done.returncode, done.stdout.count("\n"), done.stderr) == (1, 1, "")
    assert done.stdout.startswith("FAILED configuration: ")


async def ask(port: int, raw: bytes):
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(raw)
    try:
        return await read_answer(reader)
    finally:
        writer.close()


def test_a_stream_in_flight_is_finished_before_the_process_ends_and_nothing_personal_is_written(tmp_path: Path) -> None:
    async def scenario() -> str:
        pipe = asyncio.subprocess.PIPE
        async with FakeNode().listen() as upstream:
            path = written(tmp_path, upstream.port)
            process = await asyncio.create_subprocess_exec(*command(path), stdout=pipe, stderr=pipe)
            try:
                assert process.stdout is not None
                ready = (await process.stdout.readline()).decode()
                port = int(json.loads(ready.removeprefix("READY "))["relay"].rsplit(":", 1)[1])
                upstream.script["/ec1/hello"] = reply(200, b"H" * 1432)
                upstream.script["/ec1/run"] = stream_of([b"r" * 512] * 10, pause=0.05)
                headers = ("user-agent: canary-header", "x-forwarded-for: 192.0.2.77")
                request = post_request("/ec1/hello?canary-query", hello_request(KID), *headers)
                assert (await ask(port, request)).status == 200
                assert (await ask(port, b"canary-not-http\r\n\r\n")).status == 400
                health = await ask(port, b"GET /healthz HTTP/1.1\r\nhost: x\r\n\r\n")
                assert (health.status, health.body) == (200, b'{"status":"ready"}')
                stream = asyncio.create_task(ask(port, post_request("/ec1/run", run_request(KID), *headers)))
                await until(lambda: any(one.path == "/ec1/run" for one in upstream.heard))
                process.send_signal(signal.SIGTERM)
                answer = await stream
                assert (answer.status, len(answer.body), answer.whole) == (200, 5120, True)
                out, err = await process.communicate()
                assert (process.returncode, out) == (0, b"")
                return err.decode()
            finally:
                if process.returncode is None:
                    process.kill()
                    await process.communicate()

    said = asyncio.run(scenario())
    events = [json.loads(each) for each in said.splitlines()]
    assert [each["event"] for each in events] == ["started", "stopping", "counts", "stopped"]
    assert events[2] == {"event": "counts", "hello": 1, "run": 1}
    for personal in ("canary", "127.0.0.1", "localhost", "192.0.2.77", KID.hex(), str(os.getpid())):
        assert personal not in said
