"""Cosignatures: a witness's word that it saw this head, at this time, and no other. Source: C2SP tlog-cosignature.

Type 0x04 signs the checkpoint's text with Ed25519, type 0x06 a binary message with ML-DSA-44 that names the witness.
"""

from dataclasses import dataclass
from typing import Final

from privity_tlog import checkpoint
from privity_tlog.checkpoint import Checkpoint
from privity_tlog.errors import TlogError
from privity_tlog.keys import COSIGNATURE_ED25519, COSIGNATURE_MLDSA44, SIGNATURE_BYTES, Key
from privity_tlog.limits import MAX_SIZE
from privity_tlog.note import Note, Signature

_LABEL: Final = b"subtree/v1\n\0"
_STAMP: Final = 8  # bytes of the time


@dataclass(frozen=True, slots=True)
class Cosignature:
    """A verified cosignature: who, and when (Unix seconds; 0 makes no statement about time)."""

    name: str
    time: int


def message(key: Key, time: int, head: Checkpoint) -> bytes:
    """Return what a cosigner with `key` signs for `head` at `time`. Raises TlogError `cosignature_malformed`."""
    if not 0 <= time <= MAX_SIZE:
        raise TlogError("cosignature_malformed", "time")
    if key.type == COSIGNATURE_ED25519:
        return f"cosignature/v1\ntime {time}\n{checkpoint.encode(head)}".encode()
    if key.type != COSIGNATURE_MLDSA44:
        raise TlogError("cosignature_malformed", "key type")
    # TLS presentation language: two texts with one byte of length, numbers big-endian; a checkpoint starts at leaf 0.
    name, origin = key.name.encode(), head.origin.encode()
    return b"".join(
        (
            _LABEL,
            len(name).to_bytes(1) + name,
            time.to_bytes(8),
            len(origin).to_bytes(1) + origin,
            (0).to_bytes(8),
            head.size.to_bytes(8),
            head.root,
        )
    )


def line(key: Key, time: int, signature: bytes) -> Signature:
    """Return the signature line of a cosignature made over `message(key, time, …)`."""
    return Signature(key.name, key.id, time.to_bytes(_STAMP) + signature)


def verify(note: Note, head: Checkpoint, key: Key) -> Cosignature | None:
    """Return the newest cosignature of `head` by `key`, None without one.

    `head` is the checkpoint of `note`. Raises TlogError `cosignature_malformed`, `witness_signature`.
    """
    found = [_verified(one, head, key) for one in note.by(key)]
    return max(found, key=lambda one: one.time, default=None)


def _verified(one: Signature, head: Checkpoint, key: Key) -> Cosignature:
    if len(one.signature) != _STAMP + SIGNATURE_BYTES[key.type]:
        raise TlogError("cosignature_malformed", key.name)
    time = int.from_bytes(one.signature[:_STAMP])
    if not key.verify(message(key, time, head), one.signature[_STAMP:]):
        raise TlogError("witness_signature", key.name)
    return Cosignature(key.name, time)
