"""The folder that the operator's keeper fills: bulletin, directory and bundles, taken over together or not at all.

Source: specs/discovery.md, section "Published folder". Trusted? No: clients verify every byte. If altered or torn: what
was taken over last is served. If lost: the same, until the process ends. If rolled back: clients notice by the log.
"""

import os
import stat
from base64 import urlsafe_b64encode
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from privity_protocol import directory
from privity_protocol.errors import PrivityError
from privity_protocol.limits import MAX_BUNDLE

BULLETIN: Final = "bulletin"
DIRECTORY: Final = "directory"
BUNDLES: Final = "bundles"
MAX_BULLETIN: Final = 1_048_576  # bytes
MAX_TOGETHER: Final = 64 * 1_048_576  # bytes of all bundles: they are served from memory


class Unfit(Exception):
    """The folder holds nothing that can be taken over; `reason` is one word for the log."""

    def __init__(self, reason: str) -> None:
        self.reason = reason
        super().__init__(reason)


@dataclass(frozen=True, slots=True)
class Posted:
    """What the keeper posted; `bundles` by the hash of the node document, in hexadecimal."""

    bulletin: bytes
    directory: directory.Directory
    directory_leaf: bytes
    bundles: Mapping[str, bytes]


class Published:
    """Looks at the folder. The keeper writes bundles, then directory, then bulletin, each file whole."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._taken: tuple[int, int, int] | None = None

    def look(self) -> Posted | None:
        """Return what is posted when it is new, None when it was returned before. Raises Unfit."""
        mark = self._mark()
        if mark == self._taken:
            return None
        posted = self._read()
        self._taken = mark
        return posted

    def _mark(self) -> tuple[int, int, int]:
        try:
            found = os.stat(self._folder / BULLETIN)
        except OSError as error:
            raise Unfit("bulletin_missing") from error
        return (found.st_ino, found.st_mtime_ns, found.st_size)

    def _read(self) -> Posted:
        bulletin, leaf = self._file(BULLETIN, MAX_BULLETIN), self._file(DIRECTORY, directory.MAX_DIRECTORY)
        try:
            listed = directory.decode(leaf)
        except PrivityError as error:
            raise Unfit("directory_malformed") from error
        # The bulletin holds the directory as its leaf: two of different moments must not be served together.
        if urlsafe_b64encode(leaf).rstrip(b"=").join([b'"', b'"']) not in bulletin:
            raise Unfit("torn")
        bundles: dict[str, bytes] = {}
        for node in listed.nodes:
            bundles[node.nd.hex()] = self._file(f"{BUNDLES}/{node.nd.hex()}", MAX_BUNDLE)
            if sum(len(data) for data in bundles.values()) > MAX_TOGETHER:
                raise Unfit("bundles_too_large")
        return Posted(bulletin, listed, leaf, bundles)

    def _file(self, name: str, most: int) -> bytes:
        """Return a regular file of 1 to `most` bytes. Raises Unfit."""
        kind = name.partition("/")[0]
        try:
            # Not blocking: a named pipe in this place must not stop the service.
            descriptor = os.open(self._folder / name, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
            with os.fdopen(descriptor, "rb") as file:
                if not stat.S_ISREG(os.fstat(descriptor).st_mode):
                    raise Unfit(f"{kind}_missing")
                data = file.read(most + 1)
        except OSError as error:
            raise Unfit(f"{kind}_missing") from error
        if not 0 < len(data) <= most:
            raise Unfit(f"{kind}_size")
        return data
