"""The supervisor, with pretended engine processes that fail in every way, each a few lines of Python."""

import asyncio
import os
import signal
import textwrap
from pathlib import Path

import pytest
from privity_enclave import events
from privity_enclave.engine import child, supervisor
from privity_enclave.engine.adapter import Adapter, Deadlines
from privity_enclave.engine.interface import EngineError
from privity_enclave.engine.supervisor import CRASH_WINDOW, CRASHES, Crashes, EngineProcess, Orders
from privity_enclave.failure import StartFailed

DEADLINES = Deadlines(first=20, idle=20, total=20)
GOOD = """
import json, os, socket, sys
orders = json.loads(sys.stdin.readline())
listener = socket.socket(socket.AF_UNIX)
listener.bind(orders["socket"])
listener.listen()
print("isolated", flush=True)
print("loaded", flush=True)
while True:
    connection, _ = listener.accept()
    connection.recv(65536)
    connection.sendall(b"HTTP/1.1 200 OK\\r\\nContent-Length: 2\\r\\n\\r\\n{}")
    connection.close()
"""


@pytest.fixture
def pretend(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """Makes `code` the program that the supervisor runs."""
    path = tmp_path / "pretended.py"
    monkeypatch.setattr(child, "__file__", str(path))

    def write(code: str) -> Path:
        path.write_text(textwrap.dedent(code))
        return path

    return write


@pytest.fixture
def told(monkeypatch: pytest.MonkeyPatch) -> list:
    """The events that the supervisor writes."""
    written: list = []
    monkeypatch.setattr(events, "write", written.append)
    return written


async def greet(adapter: Adapter) -> None:
    await adapter.ask("/health")


def engine(tmp_path: Path, warm_up=greet, **members) -> EngineProcess:
    orders = {"model": 0, "slots": 1, "context": 128, "template": None, "network_isolation": "required"} | members
    return EngineProcess(Orders(**orders), run_dir=tmp_path, deadlines=DEADLINES, warm_up=warm_up)


def folders(run_dir: Path) -> list[Path]:
    return list(run_dir.glob("engine-*"))


def refusal(tmp_path: Path, **members) -> str:
    async def go() -> str:
        process = engine(tmp_path, **members)
        with pytest.raises(StartFailed) as caught:
            await process.start()
        assert process._process is None
        assert caught.value.reason == "engine"
        return caught.value.detail

    detail = asyncio.run(go())
    assert folders(tmp_path) == []
    return detail


async def until(condition) -> None:
    async with asyncio.timeout(20):
        while not condition():  # noqa: ASYNC110
            await asyncio.sleep(0.01)


def test_start_use_and_close(tmp_path: Path, pretend) -> None:
    pretend(GOOD)

    async def go() -> None:
        process = engine(tmp_path)
        await process.start()
        pid = process._process.pid
        folder = folders(tmp_path)[0]
        assert folder.stat().st_mode & 0o777 == 0o700
        assert os.getsid(pid) != os.getsid(0)  # or Ctrl-C would end the engine before the node has drained
        assert await (await process.usable(1)).ask("/health") == (200, {})
        assert process.network == "isolated"
        await process.close()
        assert folders(tmp_path) == []
        with pytest.raises(ProcessLookupError):
            os.kill(pid, 0)
        with pytest.raises(EngineError, match="unavailable"):
            await process.usable(1)
        await process.close()

    asyncio.run(go())


def test_what_a_process_can_see_of_another_holds_no_secret(tmp_path: Path, pretend) -> None:
    pretend(GOOD)

    async def go() -> None:
        process = engine(tmp_path)
        await process.start()
        adapter = await process.usable(1)
        key = adapter._key
        assert key is not None
        assert len(key) == 64
        folder = Path(f"/proc/{process._process.pid}")
        assert folder.joinpath("environ").read_bytes() == b""
        assert key.encode() not in folder.joinpath("cmdline").read_bytes()
        assert os.readlink(folder / "fd/2") == "/dev/null"
        await process.close()

    asyncio.run(go())


def test_every_process_has_its_own_key_and_socket(tmp_path: Path, pretend, told) -> None:
    pretend(GOOD)

    async def go() -> None:
        process = engine(tmp_path)
        await process.start()
        first = await process.usable(1)
        os.kill(process._process.pid, signal.SIGKILL)
        await process.settle(first)
        second = await process.usable(30)
        assert first._key != second._key
        assert first._path != second._path
        assert process.starts == 2
        await process.close()

    asyncio.run(go())
    assert told == [events.EngineRestarted(2)]


@pytest.mark.parametrize(
    ("code", "detail"),
    {
        "says nothing and leaves": ("", "did not start"),
        "says something else": ("print('hello')", "did not start"),
        "says too much": ("print('x' * 200000)", "did not start"),
        "cannot be isolated": ("print('not_isolable')", "cut off from the network"),
        "cannot load": ("print('isolated'); print('not_loadable')", "weights cannot be loaded"),
        "dies while loading": (
            "import os; print('isolated', flush=True); os.kill(os.getpid(), 11)",
            "not usable: killed by signal 11",
        ),
        "never listens": ("import time; print('isolated\\nloaded', flush=True); time.sleep(60)", "warm-up failed"),
        "dies at once": ("import os; os.kill(os.getpid(), 9)", "not usable: killed by signal 9"),
    }.values(),
)
def test_a_start_that_fails_is_refused_with_its_reason(code: str, detail: str, tmp_path: Path, pretend) -> None:
    pretend(code)
    assert detail in refusal(tmp_path)


DIES_AT_FIRST_QUESTION = GOOD.replace("    connection.sendall", "    os.kill(os.getpid(), 11)\n    connection.sendall")


def test_a_death_by_signal_in_warm_up_is_said_and_not_tried_again(tmp_path: Path, pretend) -> None:
    pretend(DIES_AT_FIRST_QUESTION)
    assert "not usable: killed by signal 11 before its first answer" in refusal(tmp_path)


def test_a_death_in_the_warm_up_of_a_restart_stops_the_engine(tmp_path: Path, pretend, told) -> None:
    pretend(GOOD)

    async def go() -> None:
        process = engine(tmp_path)
        await process.start()
        pretend(DIES_AT_FIRST_QUESTION)
        os.kill(process._process.pid, signal.SIGKILL)
        await until(lambda: process.stopped is not None)
        assert "killed by signal 11" in process.stopped
        assert process.starts == 2
        with pytest.raises(EngineError, match="unavailable"):
            await process.usable(30)
        await process.close()

    asyncio.run(go())
    assert told == [events.EngineDown("not_usable")]


def test_after_too_many_crashes_the_engine_stays_down(tmp_path: Path, pretend, monkeypatch, told) -> None:
    pretend(GOOD)
    monkeypatch.setattr(Crashes, "pause", lambda self, now: None)

    async def go() -> None:
        process = engine(tmp_path)
        await process.start()
        adapter = await process.usable(1)
        os.kill(process._process.pid, signal.SIGKILL)
        await process.settle(adapter)
        await until(lambda: process.stopped is not None)
        assert process.stopped == "too many crashes"
        assert process.starts == 1
        with pytest.raises(EngineError, match="unavailable"):
            await process.usable(30)
        await process.close()

    asyncio.run(go())
    assert told == [events.EngineDown("too_many_crashes")]


def test_an_engine_that_shares_chats_is_not_tried_again(tmp_path: Path, pretend) -> None:
    pretend(GOOD)
    calls = []

    async def warm_up(adapter: Adapter) -> None:
        calls.append(adapter)
        if len(calls) > 1:
            raise StartFailed("engine", "shares")

    async def go() -> None:
        process = engine(tmp_path, warm_up)
        await process.start()
        os.kill(process._process.pid, signal.SIGKILL)
        await until(lambda: process.stopped == "shares")
        await process.close()

    asyncio.run(go())
    assert len(calls) == 2


def test_a_request_does_not_wait_for_ever_for_a_restart(tmp_path: Path, pretend, monkeypatch) -> None:
    pretend(GOOD)
    monkeypatch.setattr(Crashes, "pause", lambda self, now: 60.0)

    async def go() -> None:
        process = engine(tmp_path)
        await process.start()
        adapter = await process.usable(1)
        os.kill(process._process.pid, signal.SIGKILL)
        await process.settle(adapter)
        async with asyncio.timeout(5):
            with pytest.raises(EngineError, match="unavailable"):
                await process.usable(0.01)
        await process.close()

    asyncio.run(go())


def test_nobody_is_served_by_an_engine_that_is_still_warming_up(tmp_path: Path, pretend) -> None:
    pretend(GOOD)
    warm = asyncio.Event()

    async def warm_up(adapter: Adapter) -> None:
        await warm.wait()

    async def go() -> None:
        process = engine(tmp_path, warm_up)
        starting = asyncio.create_task(process.start())
        await until(lambda: process._adapter is not None)
        with pytest.raises(EngineError, match="unavailable"):
            await process.usable(0.01)
        warm.set()
        await starting
        assert await process.usable(1)
        await process.close()

    asyncio.run(go())


def test_a_program_that_cannot_be_run_is_refused(tmp_path: Path, monkeypatch) -> None:
    monkeypatch.setattr(supervisor.sys, "executable", str(tmp_path / "no-python"))
    assert "cannot be started" in refusal(tmp_path)


def test_a_socket_path_that_the_kernel_cannot_hold_is_refused(tmp_path: Path) -> None:
    deep = tmp_path / ("d" * 90)
    deep.mkdir()
    assert "longer than a socket allows" in refusal(deep)


def test_pauses_grow_and_then_there_is_an_end() -> None:
    crashes = Crashes()
    assert [crashes.pause(0.0) for _ in range(CRASHES + 1)] == [0.0, 0.5, 1.0, 2.0, 4.0, None]


def test_old_crashes_are_forgotten() -> None:
    crashes = Crashes()
    for _ in range(CRASHES):
        crashes.pause(0.0)
    assert crashes.pause(CRASH_WINDOW + 1) == 0.0


@pytest.mark.parametrize(("cores", "expected"), [(1, 1), (2, 2), (3, 3), (4, 3), (64, 63)])
def test_a_core_is_left_for_the_node_where_there_are_four(cores: int, expected: int, monkeypatch) -> None:
    monkeypatch.setattr(os, "sched_getaffinity", lambda pid: set(range(cores)))
    assert supervisor.threads() == expected
