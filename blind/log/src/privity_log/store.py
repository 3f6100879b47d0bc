"""Where a log keeps its files: whole immutable files, a few that are replaced, and a lock for the one who writes.

Trusted? Its reader checks every tile on the way to a signed root, so altered bytes are noticed, not believed. Altered
or lost: `store_damaged`, nothing is signed. Rolled back as a whole: not visible here; witnesses see it (409).

What the operating system does not promise, and what is done about it:
- `rename` is atomic for other processes, but durable only after `fsync` of the folder; a new folder is durable only
  after `fsync` of its parent. Both are done before a call returns.
- After a failed `fsync` Linux may drop the bytes and let the next `fsync` succeed. So a failed call is never repeated
  on the same file: the store is opened anew, and what counts is written again from the beginning.
- A drive may say that it has written what is still in its cache. Nothing here helps against a power cut then.
- `flock` binds those who ask for it, on one machine; on some network file systems it binds nobody. `replace` therefore
  compares with what the writer last knew, which narrows the gap to the moment between comparison and rename.
"""

import errno
import fcntl
import os
import re
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Final, Protocol

from privity_log.errors import StoreError

FOLDER_MODE: Final = 0o755  # the files are public; keys are never kept here
FILE_MODE: Final = 0o644
TEMPORARY: Final = "temporary"
_NAME: Final = re.compile(r"[a-z0-9]+(?:[/.][a-z0-9]+)*")


class Store(Protocol):
    """What the sequencer needs. Every call returns when its effect is durable, or raises StoreError."""

    def read(self, name: str) -> bytes | None:
        """Return all bytes of a file, None when there is none."""
        ...

    def put(self, files: Mapping[str, bytes]) -> None:
        """Keep immutable files. Writing the same bytes again is no change; other bytes are `store_conflict`."""
        ...

    def replace(self, name: str, data: bytes, *, expected: bytes | None) -> None:
        """Replace a file, whole, that holds `expected` (None: that is not there), else `store_conflict`."""
        ...

    def remove(self, name: str) -> None:
        """Remove a file, or a folder with its files; one that is not there is no failure."""
        ...


class DirectoryStore:
    """A folder as store; made by `locked`."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self._count = 0

    def read(self, name: str) -> bytes | None:
        """Return all bytes of a file, None when there is none. Raises StoreError."""
        try:
            return self._path(name).read_bytes()
        except (FileNotFoundError, NotADirectoryError):
            return None
        except OSError as error:
            raise _failed(error) from error

    def put(self, files: Mapping[str, bytes]) -> None:
        """Keep immutable files: each file's bytes are durable before its name is. Raises StoreError."""
        for name, data in files.items():
            if self.read(name) not in (None, data):
                raise StoreError("store_conflict", f"{name} exists with other bytes")
        self._write(files)

    def replace(self, name: str, data: bytes, *, expected: bytes | None) -> None:
        """Replace a file that holds `expected`. Raises StoreError."""
        if self.read(name) != expected:
            raise StoreError("store_conflict", f"{name} was changed by somebody else")
        self._write({name: data})

    def remove(self, name: str) -> None:
        """Remove a file or a folder. Raises StoreError."""
        path = self._path(name)
        try:
            if path.is_dir():
                shutil.rmtree(path)
            else:
                path.unlink(missing_ok=True)
        except OSError as error:
            raise _failed(error) from error

    def _path(self, name: str) -> Path:
        if not _NAME.fullmatch(name):
            raise AssertionError(f"not a name of a file of a log: {name!r}")
        return self._root / name

    def _write(self, files: Mapping[str, bytes]) -> None:
        try:
            folders = {parent for name in files for parent in self._folder(self._path(name).parent)}
            waiting = [(self._temporary(data), self._path(name)) for name, data in files.items()]
            for temporary, path in waiting:
                os.rename(temporary, path)
            for folder in folders:
                _sync(folder)
        except OSError as error:
            raise _failed(error) from error

    def _folder(self, path: Path) -> list[Path]:
        """Make the folder; return all whose names changed or will."""
        made = [path]
        while not path.exists():
            path = path.parent
            made.append(path)
        made[0].mkdir(mode=FOLDER_MODE, parents=True, exist_ok=True)
        return made

    def _temporary(self, data: bytes) -> Path:
        self._count += 1
        path = self._root / TEMPORARY / str(self._count)
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, FILE_MODE)
        with os.fdopen(descriptor, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(descriptor)
        return path


@contextmanager
def locked(root: Path) -> Iterator[DirectoryStore]:
    """Hold a folder's store for writing: one process at a time.

    The lock is on the folder itself: a lock file could be deleted while it is held, and then two would hold one.
    Raises StoreError `store_locked`, `store_write`.
    """
    try:
        root.mkdir(mode=FOLDER_MODE, parents=True, exist_ok=True)
        descriptor = os.open(root, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    except OSError as error:
        raise _failed(error) from error
    try:
        _lock(descriptor, root)
        shutil.rmtree(root / TEMPORARY, ignore_errors=True)
        (root / TEMPORARY).mkdir(mode=FOLDER_MODE)
        yield DirectoryStore(root)
    finally:
        os.close(descriptor)


def _lock(descriptor: int, root: Path) -> None:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        if error.errno in (errno.EWOULDBLOCK, errno.EACCES):
            raise StoreError("store_locked", f"another process writes to {root}") from error
        raise _failed(error) from error


def _sync(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _failed(error: OSError) -> StoreError:
    return StoreError("store_write", os.strerror(error.errno) if error.errno else type(error).__name__)
