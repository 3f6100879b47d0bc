"""Checkpoints: the signed head of a log. Source: C2SP tlog-checkpoint."""

from dataclasses import dataclass
from typing import Final

from privity_tlog.errors import TlogError
from privity_tlog.limits import MAX_NAME
from privity_tlog.spelling import HASH, decimal, from_base64, to_base64

_LINES: Final = 3


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """Origin of the log, its size in leaves, its root hash, and lines of its own that nobody else vouches for."""

    origin: str
    size: int
    root: bytes
    extensions: tuple[str, ...] = ()


def decode(text: str) -> Checkpoint:
    """Return the checkpoint in the text of a note. Raises TlogError `checkpoint_malformed`."""
    lines = text.split("\n")
    if lines.pop() or len(lines) < _LINES or not all(lines):
        raise TlogError("checkpoint_malformed", "lines")
    origin, size, root, *extensions = lines
    if len(origin.encode()) > MAX_NAME:
        raise TlogError("checkpoint_malformed", "origin")
    return Checkpoint(
        origin,
        decimal(size, "checkpoint_malformed"),
        from_base64(root, "checkpoint_malformed", size=HASH),
        tuple(extensions),
    )


def encode(checkpoint: Checkpoint) -> str:
    """Return the note text of a checkpoint."""
    lines = (checkpoint.origin, str(checkpoint.size), to_base64(checkpoint.root), *checkpoint.extensions)
    return "".join(f"{line}\n" for line in lines)
