"""Offline proofs that an entry is in a log. Source: C2SP tlog-proof."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from privity_tlog import head, merkle
from privity_tlog.errors import TlogError
from privity_tlog.head import Head
from privity_tlog.limits import MAX_EXTRA, MAX_HASHES, MAX_PROOF
from privity_tlog.spelling import HASH, decimal, from_base64, to_base64
from privity_tlog.witness_policy import WitnessPolicy

_FIRST: Final = "c2sp.org/tlog-proof@v1"


@dataclass(frozen=True, slots=True)
class Proof:
    """A parsed, unverified proof: the entry's index, its path, the checkpoint's note, and unauthenticated extra."""

    index: int
    path: tuple[bytes, ...]
    checkpoint: bytes
    extra: bytes | None = None


def decode(data: bytes) -> Proof:
    """Return the proof in `data`. Raises TlogError `proof_malformed`."""
    if len(data) > MAX_PROOF:
        raise TlogError("proof_malformed", "too large")
    lines, blank, checkpoint = data.partition(b"\n\n")
    if not blank or not checkpoint:
        raise TlogError("proof_malformed", "no checkpoint")
    try:
        first, *rest = lines.decode("ascii").split("\n")
    except UnicodeDecodeError as error:
        raise TlogError("proof_malformed", "not ASCII") from error
    extra = None
    if rest and rest[0].startswith("extra "):
        extra = from_base64(rest.pop(0).removeprefix("extra "), "proof_malformed")
    if first != _FIRST or not rest or not rest[0].startswith("index ") or len(rest) - 1 > MAX_HASHES:
        raise TlogError("proof_malformed", "lines")
    if extra is not None and len(extra) > MAX_EXTRA:
        raise TlogError("proof_malformed", "extra")
    index = decimal(rest[0].removeprefix("index "), "proof_malformed")
    path = tuple(from_base64(line, "proof_malformed", size=HASH) for line in rest[1:])
    return Proof(index, path, checkpoint, extra)


def encode(index: int, path: Sequence[bytes], checkpoint: bytes, extra: bytes | None = None) -> bytes:
    """Return the text of a proof. Raises TlogError `proof_malformed`."""
    lines = [_FIRST, *(() if extra is None else (f"extra {to_base64(extra)}",)), f"index {index}"]
    text = "\n".join([*lines, *(to_base64(one) for one in path)])
    data = text.encode("ascii") + b"\n\n" + checkpoint
    decode(data)
    return data


def verify(data: bytes, entry: bytes, policy: WitnessPolicy, *, origin: str) -> Head:
    """Return the head under which `entry` (the exact leaf) is proved to be logged.

    Raises TlogError: what `head.verify` raises, `proof_malformed`, `inclusion`.
    """
    read = decode(data)
    verified = head.verify(read.checkpoint, policy, origin=origin)
    found = verified.checkpoint
    merkle.verify_inclusion(merkle.leaf_hash(entry), read.index, found.size, read.path, found.root)
    return verified
