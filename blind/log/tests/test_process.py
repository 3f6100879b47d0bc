"""What a process does around its logs: the lock, in particular, outlives whatever may still write."""

import asyncio
import threading
from contextlib import contextmanager

from privity_log import process
from privity_log.process import LogSettings
from privity_log.store import locked
from stand import policy

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
    process.run_log(LogSettings(tmp_path, "log.example", policy(), "unused", "unused", tmp_path / "private"))
    assert order == ["written", "released", "released"]
