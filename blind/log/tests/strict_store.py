"""A store in memory that is stricter than a folder, and whose every write can fail in two ways.

It stands for the disk and one process's view of it: `StrictStore` is one start of the process over a shared `Disk`.
A write that fails is `lost`, `kept` though reported as failed, or `half` kept. After a failure the view refuses
everything, as the process must start anew. Beyond a folder it refuses: a head before all files below it, a head that
goes back, the removal of anything that is still needed.
"""

from collections.abc import Mapping

from privity_log import staging
from privity_log.errors import StoreError
from privity_log.sequencer import CHECKPOINT, COMMITTED, STAGED
from privity_tlog import checkpoint, note, tiles
from privity_tlog.checkpoint import Checkpoint

LOST, KEPT, HALF = "lost", "kept", "half"


class Disk:
    """The files, and when the next write is to fail."""

    def __init__(self) -> None:
        self.files: dict[str, bytes] = {}
        self.writes = 0
        self.fail_at: int | None = None
        self.how = LOST

    def read(self, path: str, most: int) -> bytes | None:
        """The public files, as a source."""
        return self.files.get(f"public/{path}")


class StrictStore:
    """One start of a process over a disk."""

    def __init__(self, disk: Disk) -> None:
        self._disk = disk
        self._dead = False

    def read(self, name: str) -> bytes | None:
        self._alive()
        return self._disk.files.get(name)

    def put(self, files: Mapping[str, bytes]) -> None:
        self._alive()
        for name, data in files.items():
            assert name.startswith("public/tile/"), name
            if self._disk.files.get(name, data) != data:
                raise StoreError("store_conflict", name)
        assert STAGED in self._disk.files, "tiles before the batch that they belong to is staged"
        self._write(dict(files))

    def replace(self, name: str, data: bytes, *, expected: bytes | None) -> None:
        self._alive()
        if self._disk.files.get(name) != expected:
            raise StoreError("store_conflict", name)
        assert name in (STAGED, COMMITTED, CHECKPOINT), name
        if name != STAGED and data != expected:
            self._complete(head_in(data))
            if expected is not None:
                assert head_in(expected).size <= head_in(data).size, "a head goes back"
        self._write({name: data})

    def remove(self, name: str) -> None:
        self._alive()
        if name == STAGED:
            held = self._disk.files.get(STAGED)
            assert held is None or staging.decode(held).new <= head_in(self._disk.files[COMMITTED]).size
        else:
            assert name.endswith(".p"), "only partial tiles may go"
            inside = [one for one in self._disk.files if one.startswith(f"{name}/")]
            assert not inside or name.removesuffix(".p") in self._disk.files, "the full tile is not there yet"
        gone = [one for one in self._disk.files if one == name or one.startswith(f"{name}/")]
        if gone:
            self._write(dict.fromkeys(gone))

    def _alive(self) -> None:
        assert not self._dead, "a store is used after one of its writes failed"

    def _write(self, files: dict[str, bytes | None]) -> None:
        self._disk.writes += 1
        fails = self._disk.writes == self._disk.fail_at
        names = list(files)
        kept = {LOST: [], KEPT: names, HALF: names[::2]}[self._disk.how] if fails else names
        for name in kept:
            data = files[name]
            if data is None:
                del self._disk.files[name]
            else:
                self._disk.files[name] = data
        if fails:
            self._dead = True
            raise StoreError("store_write", "the fake disk failed")

    def _complete(self, head: Checkpoint) -> None:
        for tile in tiles.tiles_of(0, head.size):
            paths = [tile.path] if tile.level else [tile.path, tiles.bundle_path(tile.index, tile.width)]
            for path in paths:
                full = path.partition(".p/")[0]
                assert {f"public/{path}", f"public/{full}"} & self._disk.files.keys(), f"a head before {path}"


def head_in(data: bytes) -> Checkpoint:
    """The head that a note speaks of."""
    return checkpoint.decode(note.decode(data).text)
