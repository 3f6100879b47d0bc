"""One contract for the folder and the strict fake; then what only a folder can show: locks, modes, durability."""

import errno
import os
import subprocess
import sys
from contextlib import ExitStack
from pathlib import Path

import pytest
from privity_log import sequencer, store
from privity_log.errors import StoreError
from privity_log.sequencer import STAGED
from privity_log.store import locked
from stand import ED, NOW, ORIGIN, entries
from strict_store import Disk, StrictStore


@pytest.fixture(params=["folder", "strict"])
def held(request, tmp_path):
    with ExitStack() as stack:
        yield stack.enter_context(locked(tmp_path / "log")) if request.param == "folder" else StrictStore(Disk())


def test_a_file_is_kept_whole_and_immutable(held) -> None:
    held.replace(STAGED, b"batch", expected=None)
    held.put({"public/tile/0/000": b"one", "public/tile/0/x001/000.p/3": b"two"})
    held.put({"public/tile/0/000": b"one"})
    assert held.read("public/tile/0/000") == b"one"
    assert held.read("public/tile/0/x001/000.p/3") == b"two"
    assert held.read("public/tile/0/001") is None
    assert held.read("public/tile/0/000/more") is None
    with pytest.raises(StoreError, match="store_conflict"):
        held.put({"public/tile/0/002": b"new", "public/tile/0/000": b"other"})
    assert held.read("public/tile/0/000") == b"one"


def test_a_file_is_replaced_only_by_who_knows_what_it_holds(held) -> None:
    held.replace(STAGED, b"one", expected=None)
    for wrong in (None, b"two"):
        with pytest.raises(StoreError, match="store_conflict"):
            held.replace(STAGED, b"three", expected=wrong)
    assert held.read(STAGED) == b"one"
    held.replace(STAGED, b"two", expected=b"one")
    assert held.read(STAGED) == b"two"


def test_a_folder_of_partial_tiles_goes_as_a_whole_and_what_is_not_there_is_no_failure(held) -> None:
    held.replace(STAGED, b"batch", expected=None)
    held.put({"public/tile/0/000.p/1": b"1", "public/tile/0/000.p/2": b"2", "public/tile/0/000": b"3"})
    held.remove("public/tile/0/000.p")
    held.remove("public/tile/0/000.p")
    assert held.read("public/tile/0/000.p/1") is None
    assert held.read("public/tile/0/000") == b"3"


def test_both_make_the_same_files_of_the_same_log(tmp_path) -> None:
    disk = Disk()
    with locked(tmp_path) as folder:
        for each in (folder, StrictStore(disk)):
            sequencer.create(each, ORIGIN, ED, now=NOW)
            log = sequencer.open_log(each, ORIGIN, ED, now=NOW)
            for start in range(0, 900, 150):
                log.append(entries(start, start + 150), now=NOW)
            log.publish(log.committed, [])
    found = {str(path.relative_to(tmp_path)): path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()}
    assert found == disk.files


def test_a_second_writer_is_refused_until_the_first_has_gone(tmp_path) -> None:
    with locked(tmp_path), pytest.raises(StoreError, match="store_locked"), locked(tmp_path):
        pass
    with locked(tmp_path):
        pass


def test_a_second_process_is_refused(tmp_path) -> None:
    program = "import sys, pathlib; from privity_log.store import locked\nwith locked(pathlib.Path(sys.argv[1])): pass"
    with locked(tmp_path):
        done = subprocess.run([sys.executable, "-c", program, tmp_path], capture_output=True, text=True, check=False)
    assert "store_locked" in done.stderr


def test_a_writer_that_got_round_the_lock_is_noticed_before_a_second_head_is_signed(tmp_path, monkeypatch) -> None:
    """As on a network file system whose locks bind nobody."""
    monkeypatch.setattr(store, "_lock", lambda _descriptor, _root: None)
    with locked(tmp_path) as one:
        sequencer.create(one, ORIGIN, ED, now=NOW)
        first = sequencer.open_log(one, ORIGIN, ED, now=NOW)
        with locked(tmp_path) as two:
            second = sequencer.open_log(two, ORIGIN, ED, now=NOW)
            second.append(entries(0, 3), now=NOW)
            with pytest.raises(StoreError, match="store_conflict"):
                first.append(entries(5, 9), now=NOW)
            assert sequencer.verified(two.read(sequencer.COMMITTED), ORIGIN, ED).size == 3


def test_bytes_are_durable_before_names_and_names_before_the_call_returns(tmp_path, monkeypatch) -> None:
    calls: list[str] = []
    real_rename, real_sync = os.rename, os.fsync

    def rename(source, target) -> None:
        calls.append(f"rename {Path(target).name}")
        real_rename(source, target)

    def sync(descriptor: int) -> None:
        calls.append(f"sync {Path(os.readlink(f'/proc/self/fd/{descriptor}')).relative_to(tmp_path).parts[0]}")
        real_sync(descriptor)

    with locked(tmp_path / "log") as held:
        monkeypatch.setattr(os, "rename", rename)
        monkeypatch.setattr(os, "fsync", sync)
        monkeypatch.setattr("privity_log.store._sync", lambda folder: calls.append(f"folder {folder.name}"))
        held.put({"public/tile/0/000": b"1", "public/tile/0/001": b"2"})
    assert calls[:4] == ["sync log", "sync log", "rename 000", "rename 001"]
    assert set(calls[4:]) == {"folder 0", "folder tile", "folder public", "folder log"}


@pytest.mark.parametrize("call", ["fsync", "rename"])
def test_a_refused_write_is_an_error_of_the_list(tmp_path, monkeypatch, call) -> None:
    def full(*_arguments) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    with locked(tmp_path) as held:
        monkeypatch.setattr(os, call, full)
        with pytest.raises(StoreError, match="store_write: No space left on device"):
            held.replace(STAGED, b"batch", expected=None)


def test_leftovers_of_a_crash_are_cleared_and_names_cannot_leave_the_folder(tmp_path) -> None:
    with locked(tmp_path):
        (tmp_path / store.TEMPORARY / "1").write_bytes(b"half")
    with locked(tmp_path) as held:
        assert list((tmp_path / store.TEMPORARY).iterdir()) == []
        for name in ("../state", "/etc/passwd", "state/../../x", ""):
            with pytest.raises(AssertionError):
                held.read(name)
