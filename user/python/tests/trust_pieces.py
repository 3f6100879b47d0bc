"""How the trust vectors write bytes: pieces of the file's blobs, and hexadecimal for the rest (vectors/README.md)."""

import re
from typing import Any, Final

LEAST: Final = 24
"""Bytes that a piece of a blob must have: a shorter one takes no less room."""
_PLACES: Final = 8
_BLOB: Final = re.compile(r"\$(\w+)\[(\d+):(\d+)\]")

Places = dict[bytes, list[tuple[str, int]]]


class Writer:
    """Finds what the blobs hold already."""

    def __init__(self, blobs: dict[str, bytes]) -> None:
        self._blobs = blobs
        self._places: Places = {}
        for name, blob in blobs.items():
            for at in range(len(blob) - LEAST + 1):
                found = self._places.setdefault(blob[at : at + LEAST], [])
                if len(found) < _PLACES:
                    found.append((name, at))

    def pieces(self, data: bytes) -> list[str]:
        """Return `data`, from the front: the longest piece of a blob, or hexadecimal up to the next one."""
        found: list[str] = []
        at = begun = 0
        while at < len(data):
            name, start, size = self._longest(data, at)
            if size == 0:
                at += 1
                continue
            found += [data[begun:at].hex(), f"${name}[{start}:{start + size}]"]
            at += size
            begun = at
        return [one for one in (*found, data[begun:].hex()) if one]

    def _longest(self, data: bytes, at: int) -> tuple[str, int, int]:
        best = ("", 0, 0)
        for name, start in self._places.get(data[at : at + LEAST], ()):
            blob, size = self._blobs[name], LEAST
            while at + size < len(data) and start + size < len(blob) and data[at + size] == blob[start + size]:
                size += 1
            if size > best[2]:
                best = (name, start, size)
        return best


def joined(pieces: list[Any], blobs: dict[str, bytes]) -> bytes:
    """Return the bytes that pieces stand for."""
    return b"".join(_piece(one, blobs) for one in pieces)


def _piece(piece: str, blobs: dict[str, bytes]) -> bytes:
    if (match := _BLOB.fullmatch(piece)) is not None:
        name, start, end = match.groups()
        return blobs[name][int(start) : int(end)]
    unit, _, times = piece.partition("*")
    return bytes.fromhex(unit) * int(times or 1)
