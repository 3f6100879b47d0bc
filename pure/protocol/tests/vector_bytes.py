"""Reads a file of vectors: bytes are hex, blobs, slices of blobs and repetitions (vectors/README.md)."""

import json
import re
from pathlib import Path
from typing import Any

PIECE = re.compile(r"\$(?P<blob>[a-z0-9]+)(?:\[(?P<start>\d*):(?P<end>\d*)\])?|(?P<byte>[0-9a-f]{2})\*(?P<count>\d+)")


class Vectors:
    """One file: its cases, and the bytes that they refer to."""

    def __init__(self, path: Path) -> None:
        document = json.loads(path.read_text())
        self.cases: list[dict[str, Any]] = document["cases"]
        self._blobs = {name: bytes.fromhex(value) for name, value in document["blobs"].items()}

    def bytes(self, value: str | list[str]) -> bytes:
        """The bytes that a field stands for."""
        if isinstance(value, list):
            return b"".join(self.bytes(piece) for piece in value)
        found = PIECE.fullmatch(value)
        if found is None:
            return bytes.fromhex(value)
        if found["byte"]:
            return bytes.fromhex(found["byte"]) * int(found["count"])
        start, end = found["start"], found["end"]
        return self._blobs[found["blob"]][int(start) if start else None : int(end) if end else None]
