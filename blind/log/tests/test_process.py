"""What a process does around its logs: the lock, in particular, outlives whatever may still write."""

import asyncio
import threading
from contextlib import contextmanager

import pytest
from privity_log import process
from privity_log.cli import app
from privity_log.commands import run
from privity_log.errors import LogError
from privity_log.process import LogSettings
from privity_log.store import locked
from stand import ORIGIN, policy
from typer.testing import CliRunner

PATIENCE = 0.3
"""Seconds that a thread goes on after it was given up, unless the lock is gone before."""


def test_the_lock_is_held_until_the_last_thread_has_written(tmp_path, monkeypatch) -> None:
    """Else a second process could open the store between the signal and the last write of the first."""
    order: list[str] = []
    released = threading.Event()

    @contextmanager
    def watched(folder):
        with locked(folder) as store:
            yield store
        order.append("released")
        released.set()

    def write() -> None:
        released.wait(PATIENCE)
        order.append("written")

    async def until_signal(_served, _logs) -> None:
        given_up = asyncio.create_task(asyncio.to_thread(write))
        await asyncio.sleep(0)
        given_up.cancel()

    monkeypatch.setattr(process, "locked", watched)
    monkeypatch.setattr(process, "_until_signal", until_signal)
    process.run_log(LogSettings(tmp_path, "log.example", policy(), "unused", "unused", tmp_path / "private", None))
    assert order == ["written", "released", "released"]


def test_an_old_key_makes_no_second_log(tmp_path) -> None:
    key_file = tmp_path / "release.key"
    with locked(tmp_path / "release") as store:
        process.open_store(store, tmp_path / "release", ORIGIN, key_file)
        process.open_store(store, tmp_path / "release", ORIGIN, key_file)
    with locked(tmp_path / "elsewhere") as store, pytest.raises(LogError, match="store_missing"):
        process.open_store(store, tmp_path / "elsewhere", ORIGIN, key_file)


@pytest.mark.parametrize("given", [[], ["--no-witnesses", "--policy", "FILE"]], ids=["neither", "both"])
def test_a_log_is_run_without_witnesses_only_when_that_was_said(tmp_path, monkeypatch, given) -> None:
    served: list[LogSettings] = []
    monkeypatch.setattr(run, "serve", lambda settings: served.append(settings) or 0)
    (tmp_path / "policy").write_text("quorum none\n")
    words = [str(tmp_path / "policy") if word == "FILE" else word for word in given]
    made = CliRunner().invoke(app, ["serve", "--home", str(tmp_path), "--host", "h", *words])
    assert (made.exit_code, served) == (2, [])
    made = CliRunner().invoke(app, ["serve", "--home", str(tmp_path), "--host", "h", "--no-witnesses"])
    assert (made.exit_code, len(served)) == (0, 1)


def test_a_witness_shows_its_keys_before_it_knows_a_log(tmp_path) -> None:
    shown = ["witness", "--home", str(tmp_path), "--name", "w.example", "--only-keys"]
    first, again = (CliRunner().invoke(app, shown) for _ in range(2))
    assert (first.exit_code, again.exit_code) == (0, 0)
    assert [line.split()[:2] for line in first.output.splitlines()] == [
        ["witness", "w.example-ed25519"],
        ["witness", "w.example-mldsa44"],
    ]
    assert first.output == again.output
