"""The request of C2SP tlog-witness: the size the witness is thought to know, the path from there, the new head."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from privity_tlog.errors import TlogError
from privity_tlog.limits import MAX_HASHES, MAX_NOTE
from privity_tlog.spelling import HASH, decimal, from_base64, to_base64

PATH: Final = "/add-checkpoint"
SIZE_TYPE: Final = "text/x.tlog.size"
MAX_REQUEST: Final = MAX_NOTE + 32 + 45 * MAX_HASHES
_OLD: Final = "old "


@dataclass(frozen=True, slots=True)
class AddCheckpoint:
    """A parsed request; the note is neither parsed nor verified."""

    old: int
    path: tuple[bytes, ...]
    note: bytes


def decode(data: bytes) -> AddCheckpoint:
    """Return the request. Raises TlogError `proof_malformed`."""
    lines, blank, signed = data.partition(b"\n\n")
    try:
        first, *rest = lines.decode("ascii").split("\n")
    except UnicodeDecodeError as error:
        raise TlogError("proof_malformed", "not ASCII") from error
    if not blank or not first.startswith(_OLD) or len(rest) > MAX_HASHES or len(data) > MAX_REQUEST:
        raise TlogError("proof_malformed", "lines")
    old = decimal(first.removeprefix(_OLD), "proof_malformed")
    return AddCheckpoint(old, tuple(from_base64(line, "proof_malformed", size=HASH) for line in rest), signed)


def encode(old: int, path: Sequence[bytes], signed: bytes) -> bytes:
    """Return the bytes of a request."""
    lines = [f"{_OLD}{old}", *(to_base64(one) for one in path)]
    return "\n".join(lines).encode("ascii") + b"\n\n" + signed
