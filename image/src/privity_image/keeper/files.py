"""Files of the keeper: each is replaced whole, and one process at a time holds the state folder."""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from privity_image.errors import Failed

_PART: Final = ".part"


class Files:
    """Reads and writes; every write is one whole file that is durable when the call returns."""

    def read(self, path: Path, most: int) -> bytes | None:
        """Return a file of at most `most` bytes, None when there is none. Raises Failed `store`."""
        try:
            with path.open("rb") as file:
                data = file.read(most + 1)
        except FileNotFoundError:
            return None
        except OSError as error:
            raise _failed(path, error) from error
        if len(data) > most:
            raise Failed("store", f"{path} is longer than {most} bytes")
        return data

    def write(self, path: Path, data: bytes) -> None:
        """Replace a file: readers and a crash meet the old bytes or the new ones. Raises Failed `store`."""
        part = path.with_name(path.name + _PART)
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            descriptor = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o644)
            with os.fdopen(descriptor, "wb") as file:
                file.write(data)
                file.flush()
                os.fsync(descriptor)
            os.rename(part, path)
            _sync(path.parent)
        except OSError as error:
            raise _failed(path, error) from error

    def remove(self, path: Path) -> None:
        """Remove a file; one that is not there is no failure. Raises Failed `store`."""
        try:
            path.unlink(missing_ok=True)
        except OSError as error:
            raise _failed(path, error) from error

    def names(self, folder: Path) -> tuple[str, ...]:
        """Return the names in a folder, none when it is not there. Raises Failed `store`."""
        try:
            return tuple(sorted(os.listdir(folder)))
        except FileNotFoundError:
            return ()
        except OSError as error:
            raise _failed(folder, error) from error


@contextmanager
def locked(folder: Path) -> Iterator[None]:
    """Hold a state folder, made with mode 0700 at first. Raises Failed `running`, `store`."""
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    except OSError as error:
        raise _failed(folder, error) from error
    try:
        # The lock is on the folder itself: a lock file could be deleted while it is held.
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        yield
    except BlockingIOError as error:
        raise Failed("running", f"another process holds {folder}") from error
    finally:
        os.close(descriptor)


def _sync(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _failed(path: Path, error: OSError) -> Failed:
    return Failed("store", f"{path}: {os.strerror(error.errno) if error.errno else type(error).__name__}")
