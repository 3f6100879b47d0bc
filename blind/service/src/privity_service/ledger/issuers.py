"""The list of issuer keys as it was logged, for nodes: out of the bulletin that the keeper posted.

Source: specs/ledger.md, section "Issuers". Nothing here is judged: a list that no log holds harms its operator alone.
"""

import os
from pathlib import Path
from typing import Final

from privity_protocol import canonical
from privity_protocol.errors import Malformed

MAX_BULLETIN: Final = 1_048_576
MAX_LEAF: Final = 65_535
MAX_ENTRIES: Final = 32


class Issuers:
    """The newest `issuers` leaf. The bulletin is read again whenever its file is another one."""

    def __init__(self, published: Path) -> None:
        self._path = published / "bulletin"
        self._mark: tuple[int, int, int] | None = None
        self._leaf: bytes | None = None

    def leaf(self) -> bytes | None:
        """The exact bytes, or None where the bulletin has none, or is not there or not whole."""
        try:
            found = os.stat(self._path)
            mark = found.st_ino, found.st_mtime_ns, found.st_size
            if mark != self._mark:
                with self._path.open("rb") as file:
                    self._leaf = newest(file.read(MAX_BULLETIN + 1))
                self._mark = mark
        except (OSError, Malformed):
            self._mark = self._leaf = None
        return self._leaf


def newest(bulletin: bytes) -> bytes | None:
    """The `issuers` leaf of a bulletin, if it has one. Raises Malformed."""
    value = canonical.decode(bulletin, max_bytes=MAX_BULLETIN)
    section = value.get("keys") if isinstance(value, dict) else None
    entries = section.get("entries") if isinstance(section, dict) else None
    found: bytes | None = None
    for entry in canonical.entries(entries, "entries", most=MAX_ENTRIES):
        text = entry.get("leaf") if isinstance(entry, dict) else None
        leaf = canonical.base64url_decode(text) if isinstance(text, str) else None
        if leaf is None:
            raise Malformed("member_value", "leaf")
        said = canonical.decode(leaf, max_bytes=MAX_LEAF)
        if isinstance(said, dict) and said.get("t") == "issuers":
            found = leaf  # entries ascend: the last one is the newest
    return found
