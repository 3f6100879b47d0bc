"""The public files on disk, written so that any static web server can serve the same folder.

Trusted? No: clients verify every byte. If altered or lost: memory is served, and the next write repairs the file.
If rolled back: an old directory expires by itself. A full or read-only disk never stops the service.
"""

import os
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Final

DIRECTORY: Final = "v1/nodes/directory"
BULLETIN: Final = "v1/bulletin"
DISCOVERY: Final = ".well-known/privity"
BUNDLES: Final = "v1/nodes"
_BUNDLE_FILE = re.compile(r"[0-9a-f]{64}")
_UNFINISHED = ".unfinished"


class Shelf:
    """The folder `public` below the state folder, kept equal to what is served."""

    def __init__(self, state: Path) -> None:
        self._root = state / "public"
        self._written: dict[str, bytes] = {}

    def read(self, name: str, most: int) -> bytes | None:
        """Return the file `name` of at most `most` bytes from an earlier run, None when there is none."""
        try:
            with (self._root / name).open("rb") as file:
                data = file.read(most + 1)
        except OSError:
            return None
        return data if len(data) <= most else None

    def keep(self, wanted: Mapping[str, bytes]) -> None:
        """Make the folder hold exactly `wanted` (name to bytes), each file whole or not at all. Raises OSError."""
        for name, data in wanted.items():
            if self._written.get(name) != data:
                self._replace(name, data)
                self._written[name] = data
        folder = self._root / BUNDLES
        for entry in os.listdir(folder) if folder.is_dir() else ():
            name = f"{BUNDLES}/{entry}"
            if name not in wanted and (_BUNDLE_FILE.fullmatch(entry) or entry.endswith(_UNFINISHED)):
                (folder / entry).unlink(missing_ok=True)
                self._written.pop(name, None)

    def _replace(self, name: str, data: bytes) -> None:
        target = self._root / name
        target.parent.mkdir(parents=True, exist_ok=True)
        unfinished = target.with_name(target.name + _UNFINISHED)
        with unfinished.open("wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        os.replace(unfinished, target)
