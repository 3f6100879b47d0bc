"""The two commands as a newcomer types them: a clone in an empty folder, an empty home for state, nothing installed."""

import contextlib
import json
import os
import signal
import socket
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PATIENCE_S = 420
"""Longest wait for the first start: it installs some fifty wheels on a busy machine."""

pytestmark = [pytest.mark.slow, pytest.mark.system, pytest.mark.timeout(1200)]


@pytest.fixture(scope="module")
def clone(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What the last commit holds, and nothing else."""
    target = tmp_path_factory.mktemp("newcomer") / "privity"
    subprocess.run(["git", "clone", "-q", "--depth", "1", f"file://{ROOT}", str(target)], check=True)
    return target


def free_ports(count: int) -> int:
    """The first of `count` neighbouring TCP ports that are free now; each worker of the tests has its own range."""
    worker = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw"))
    first = 23000 + worker % 8 * 1000
    for base in range(first, first + 1000 - count, 37):
        try:
            for port in range(base, base + count):
                with socket.socket() as probe:
                    probe.bind(("127.0.0.1", port))
            return base
        except OSError:
            continue
    raise AssertionError("no free ports")


def environment(clone: Path, **extra: str) -> dict[str, str]:
    """A newcomer's: no virtual environment, no settings of ours, no flags of a make around this one."""
    ours = ("PRIVITY", "PYTEST", "VIRTUAL", "MAKE", "MFLAGS")
    inherited = {key: value for key, value in os.environ.items() if not key.startswith(ours)}
    return inherited | {"PRIVITY_HOME": str(clone.parent / "home")} | extra


@pytest.fixture(scope="module")
def served(clone: Path) -> Iterator[dict[str, str]]:
    """`make serve`, up to its ready line; stopped with Ctrl-C's signal."""
    port = free_ports(6)
    env = environment(clone, PRIVITY_PORT=str(port))
    output = clone.parent / "serve.txt"
    with output.open("w") as sink:
        process = subprocess.Popen(
            ["make", "serve"], cwd=clone, env=env, stdout=sink, stderr=subprocess.STDOUT, start_new_session=True
        )
    ready = f"Privity is ready at http://localhost:{port}"
    deadline = time.monotonic() + PATIENCE_S
    try:
        while ready not in output.read_text():
            assert process.poll() is None, output.read_text()
            assert time.monotonic() < deadline, output.read_text()
            time.sleep(0.2)
        assert output.read_text().count(ready) == 1
        yield env
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGINT)
        process.wait(120)


def privity(clone: Path, env: dict[str, str], *arguments: str) -> subprocess.CompletedProcess[str]:
    """The clone's own `privity` command, from the second terminal."""
    command = [str(clone / ".venv/bin/privity"), *arguments]
    return subprocess.run(
        command, cwd=clone, env=env, capture_output=True, text=True, timeout=120, stdin=subprocess.DEVNULL
    )


def test_a_newcomer_gets_a_generated_answer(clone: Path, served: dict[str, str]) -> None:
    done = privity(clone, served, "chat", "--once", "What is Privity?", "--allow-simulated")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "Privity" in done.stdout
    assert "Test enclave" in done.stdout + done.stderr


def test_every_json_line_says_that_the_enclave_is_simulated(clone: Path, served: dict[str, str]) -> None:
    done = privity(clone, served, "chat", "--once", "Who can read my chats?", "--allow-simulated", "--json")
    lines = [json.loads(line) for line in done.stdout.splitlines()]
    assert lines
    assert [line for line in lines if line.get("simulated") is not True] == []


def test_without_consent_nothing_is_sent(clone: Path, served: dict[str, str]) -> None:
    done = privity(clone, served, "chat", "--once", "What is Privity?")
    assert done.returncode == 3
    assert "simulated" in (done.stdout + done.stderr).lower()


def test_the_test_command_prepares_its_own_environment(clone: Path) -> None:
    """A slice of the suite: the whole would run this very test again."""
    env = environment(clone, PYTEST_ARGS="pure/protocol/tests -q -x")
    done = subprocess.run(["make", "test"], cwd=clone, env=env, capture_output=True, text=True, timeout=1000)
    assert done.returncode == 0, done.stdout[-4000:] + done.stderr[-2000:]
    assert " passed" in done.stdout
