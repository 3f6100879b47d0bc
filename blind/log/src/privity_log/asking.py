"""Asking a witness for its cosignature: what to send, and what to make of each answer. Source: C2SP tlog-witness.

A flow is a generator that yields request bodies and is sent answers; whoever drives it owns the connection.
"""

from collections.abc import Callable, Generator, Sequence
from dataclasses import dataclass
from typing import Final

from privity_tlog import checkpoint, cosignature, note
from privity_tlog.errors import TlogError
from privity_tlog.keys import Key
from privity_tlog.note import Signature
from privity_tlog.spelling import decimal
from privity_tlog.witness_policy import WitnessPolicy

from privity_log import add_checkpoint
from privity_log.errors import LogError
from privity_log.limits import WITNESS_CONFLICTS
from privity_log.sequencer import Committed

OK: Final = 200
CONFLICT: Final = 409


@dataclass(frozen=True, slots=True)
class Witness:
    """A witness as its log knows it: key name, submission prefix, and its keys."""

    name: str
    url: str
    keys: tuple[Key, ...]


@dataclass(frozen=True, slots=True)
class Answer:
    """Status, media type and body of an HTTP answer."""

    status: int
    media_type: str
    body: bytes


Flow = Generator[bytes, Answer, tuple[Signature, ...]]


def witnesses_of(policy: WitnessPolicy) -> tuple[Witness, ...]:
    """Return the witnesses of a policy that can be reached; one name with several keys is one witness."""
    found: dict[str, tuple[Key, ...]] = {}
    for key in policy.witnesses.values():
        if key.name in policy.urls:
            found[key.name] = (*found.get(key.name, ()), key)
    return tuple(Witness(name, policy.urls[name].rstrip("/"), keys) for name, keys in found.items())


def ask(witness: Witness, of: Committed, old: int, path_from: Callable[[int], Sequence[bytes]]) -> Flow:
    """Ask for cosignatures of a head, beginning at the size that the witness was last known to hold.

    Another log's process, or an earlier run of ours, may have advanced it: a conflict (409) names its size, and the
    question is put again from there. Raises LogError `witness_ahead` (it saw more leaves than there are: our store is
    an old copy, or the witness lies), `witness_refused`.
    """
    for _ in range(WITNESS_CONFLICTS):
        answer = yield add_checkpoint.encode(old, path_from(old), of.note)
        if answer.status == OK:
            return _cosignatures(witness, of, answer.body)
        if answer.status != CONFLICT:
            raise LogError("witness_refused", f"{witness.name}: status {answer.status}")
        known = _size(witness, answer)
        if known > of.head.size:
            raise LogError("witness_ahead", f"{witness.name} knows {known} leaves, here are {of.head.size}")
        if known == old:
            raise LogError("witness_refused", f"{witness.name} knows another head of size {old}")
        old = known
    raise LogError("witness_refused", f"{witness.name}: {WITNESS_CONFLICTS} conflicts in a row")


def _size(witness: Witness, answer: Answer) -> int:
    try:
        text = answer.body.decode("ascii")
        if not text.endswith("\n") or answer.media_type != add_checkpoint.SIZE_TYPE:
            raise LogError("witness_refused", f"{witness.name}: a conflict without a size")
        return decimal(text[:-1], "checkpoint_malformed")
    except (UnicodeDecodeError, TlogError) as error:
        raise LogError("witness_refused", f"{witness.name}: a conflict without a size") from error


def _cosignatures(witness: Witness, of: Committed, lines: bytes) -> tuple[Signature, ...]:
    """Return the witness's own lines, verified; those of unknown keys are ignored."""
    try:
        found = note.decode(checkpoint.encode(of.head).encode() + b"\n" + lines)
        for key in witness.keys:
            cosignature.verify(found, of.head, key)
    except TlogError as error:
        raise LogError("witness_refused", f"{witness.name}: {error.reason}") from error
    known = tuple(line for key in witness.keys for line in found.by(key))
    if not known:
        raise LogError("witness_refused", f"{witness.name}: no cosignature of a known key")
    return known
