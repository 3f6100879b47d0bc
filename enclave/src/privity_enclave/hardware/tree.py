"""Access to a configfs directory, one system call per step, so that a stricter fake can stand in for the kernel."""

import os
from pathlib import Path
from typing import Final

MAX_ATTRIBUTE: Final = 65536  # bytes; the largest blob that a bundle carries


class Tree:
    """A directory, such as /sys/kernel/config/tsm/report, whose entries are made by mkdir and whose attributes are
    files. All methods raise OSError.
    """

    def __init__(self, root: Path) -> None:
        self._root = root

    def make(self, name: str) -> None:
        """Make the entry `name`."""
        os.mkdir(self._root / name, mode=0o700)

    def write(self, name: str, attribute: str, data: bytes) -> int:
        """Write `data` in one write; return how many bytes the kernel took."""
        return write_once(self._root / name / attribute, data)

    def read(self, name: str, attribute: str) -> bytes:
        """Return the whole attribute. Raises OSError EFBIG beyond MAX_ATTRIBUTE."""
        descriptor = os.open(self._root / name / attribute, os.O_RDONLY | os.O_CLOEXEC)
        try:
            parts: list[bytes] = []
            size = 0
            while part := os.read(descriptor, MAX_ATTRIBUTE):
                parts.append(part)
                size += len(part)
                if size > MAX_ATTRIBUTE:
                    raise OSError(27, "attribute too large")
            return b"".join(parts)
        finally:
            os.close(descriptor)

    def remove(self, name: str) -> None:
        """Remove the entry `name`."""
        os.rmdir(self._root / name)


def read_at_most(path: Path, most: int) -> bytes:
    """Return the first `most` bytes of a file, none when it cannot be read."""
    try:
        with path.open("rb") as file:
            return file.read(most)
    except OSError:
        return b""


def write_once(path: Path, data: bytes) -> int:
    """Write to an existing file in one system call; return how many bytes it took. Raises OSError."""
    descriptor = os.open(path, os.O_WRONLY | os.O_CLOEXEC)
    try:
        return os.write(descriptor, data)
    finally:
        os.close(descriptor)
