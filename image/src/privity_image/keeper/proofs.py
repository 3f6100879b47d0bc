"""Proofs that fit into a bundle: a note carries every witness, a proof only as many as its reader demands."""

from typing import Final

from privity_protocol.bundle import LABELS
from privity_tlog import head, note, proof
from privity_tlog.errors import TlogError
from privity_tlog.note import Note
from privity_tlog.witness_policy import WitnessPolicy

from privity_image.errors import Failed

MOST: Final = LABELS["release-proof"].limit


def fitting(index: int, path: tuple[bytes, ...], data: bytes, policy: WitnessPolicy, origin: str) -> bytes:
    """Return the proof of a leaf under the note `data`, of at most 16 KiB, which `policy` still believes.

    Signatures that the policy does not need are left out, largest first, until it fits. Raises Failed `leaf` when the
    quorum alone is too large.
    """
    signed = note.decode(data)
    made = proof.encode(index, path, data)
    for one in sorted(signed.signatures, key=lambda line: len(line.signature), reverse=True):
        if len(made) <= MOST:
            break
        fewer = Note(signed.text, tuple(line for line in signed.signatures if line != one))
        try:
            head.verify(note.encode(fewer), policy, origin=origin)
        except TlogError:
            continue
        signed, made = fewer, proof.encode(index, path, note.encode(fewer))
    if len(made) > MOST:
        raise Failed("leaf", f"the quorum's cosignatures do not fit into a proof of {MOST} bytes")
    return made
