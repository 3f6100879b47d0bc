"""kill -9 at every system call that changes the disk: real processes over a real folder, one after another."""

import os
import signal
import tempfile
import warnings
from collections.abc import Iterator
from pathlib import Path

import pytest
from privity_log import sequencer
from privity_log.audit import audit
from privity_log.reading import read_bundle
from privity_log.sequencer import COMMITTED
from privity_log.source import FolderSource
from privity_log.store import locked
from stand import ED, NOW, ORIGIN, entries, policy
from strict_store import head_in

BATCHES = [entries(0, 250), entries(250, 260), entries(240, 530)]
CALLS = ("rename", "fsync", "unlink", "rmdir", "mkdir")


@pytest.fixture
def place(tmp_path) -> Iterator[Path]:
    """A folder in memory where there is one: what a killed process wrote outlives it there too, and fsync is quick."""
    memory = Path("/dev/shm")
    if not os.access(memory, os.W_OK):
        yield tmp_path
        return
    with tempfile.TemporaryDirectory(dir=memory) as folder:
        yield Path(folder)


def live(folder: Path) -> None:
    """What the process does: open, append, publish."""
    with locked(folder) as store:
        if store.read(COMMITTED) is None:
            sequencer.create(store, ORIGIN, ED, now=NOW)
        log = sequencer.open_log(store, ORIGIN, ED, now=NOW)
        for batch in BATCHES:
            log.append(batch, now=NOW)
            log.publish(log.committed, [])


def die_at(call: int) -> None:
    """Kill this very process in the middle: half of the calls before they act, half after."""
    count = 0

    def deadly(real):
        def either(*arguments, **named):
            nonlocal count
            count += 1
            mine = count == call
            if mine and call % 2:
                os.kill(os.getpid(), signal.SIGKILL)
            try:
                return real(*arguments, **named)
            finally:
                if mine:
                    os.kill(os.getpid(), signal.SIGKILL)

        return either

    for name in CALLS:
        setattr(os, name, deadly(getattr(os, name)))


def killed(folder: Path, call: int) -> bool:
    """Run `live` in a process of its own that dies at a call; return whether it did."""
    with warnings.catch_warnings():
        # Python 3.12 warns of threads, which a test runner may have; this child touches files only.
        warnings.simplefilter("ignore", DeprecationWarning)
        child = os.fork()
    if child == 0:
        try:
            die_at(call)
            live(folder)
        except BaseException:
            os._exit(1)
        os._exit(0)
    _, status = os.waitpid(child, 0)
    assert os.WIFSIGNALED(status) or os.WEXITSTATUS(status) == 0
    return os.WIFSIGNALED(status)


def whole(folder: Path) -> None:
    """The published and the committed head hold, and every entry is there once."""
    committed = (folder / COMMITTED).read_bytes()
    audit(FolderSource(folder / "public"), policy(logs=ED), ORIGIN, committed=committed)
    size = head_in(committed).size
    with locked(folder) as store:
        found = [one for at in range(0, size, 256) for one in read_bundle(store, at // 256, min(256, size - at))]
    assert found == entries(0, 530)


@pytest.mark.slow
def test_killed_at_every_call_and_started_again_the_log_is_whole(place) -> None:
    call, deaths = 1, 0
    while True:
        folder = place / str(call)
        if not killed(folder, call):
            break
        deaths += 1
        live(folder)
        whole(folder)
        call += 1
    assert deaths > 60


def test_killed_again_and_again_in_one_folder_it_still_gets_on(place) -> None:
    deaths = sum(killed(place, 11 + 3 * number) for number in range(12))
    live(place)
    whole(place)
    assert deaths > 3
