"""A log's head as a client believes it: signed by a known log, cosigned by a quorum of witnesses, and of some age.

Pure judgement over one note: success returns what was established, failure raises.
"""

from dataclasses import dataclass

from privity_tlog import checkpoint, cosignature, note
from privity_tlog.checkpoint import Checkpoint
from privity_tlog.errors import TlogError
from privity_tlog.keys import NOTE_ED25519, Key
from privity_tlog.note import Note
from privity_tlog.witness_policy import NONE, WitnessPolicy


@dataclass(frozen=True, slots=True)
class Head:
    """A verified head: `witnesses` by policy name to the time of their cosignature (Unix seconds).

    `time` is the newest moment at which the whole quorum had seen this head, None when the policy demands no witness.
    """

    checkpoint: Checkpoint
    witnesses: tuple[tuple[str, int], ...]
    time: int | None


def verify(data: bytes, policy: WitnessPolicy, *, origin: str) -> Head:
    """Return the head that the checkpoint note `data` establishes for the log `origin` under `policy`.

    Raises TlogError: form, `log_unknown`, `log_signature`, `witness_signature`, `witness_quorum`.
    """
    signed = note.decode(data)
    head = checkpoint.decode(signed.text)
    log_keys = policy.logs.get(origin)
    if head.origin != origin or not log_keys:
        raise TlogError("log_unknown", head.origin)
    _verify_log(signed, head, log_keys)
    found: dict[str, int] = {}
    for name, key in policy.witnesses.items():
        cosigned = cosignature.verify(signed, head, key)
        if cosigned is not None:
            found[name] = cosigned.time
    if not policy.is_met(found.keys()):
        raise TlogError("witness_quorum", f"{len(found)} of {len(policy.witnesses)} witnesses")
    return Head(head, tuple(found.items()), _time(policy, found))


def _verify_log(signed: Note, head: Checkpoint, log_keys: tuple[Key, ...]) -> None:
    """Every known key that signed must have signed well; during a rotation a log has two, and one is enough."""
    present = [key for key in log_keys if signed.by(key)]
    if not present:
        raise TlogError("log_signature", head.origin)
    for key in present:
        if key.type == NOTE_ED25519:
            note.verify(signed, key)
        else:
            try:
                cosignature.verify(signed, head, key)
            except TlogError as error:
                raise TlogError("log_signature", key.name) from error


def _time(policy: WitnessPolicy, found: dict[str, int]) -> int | None:
    """Return the newest time T such that the witnesses who cosigned at T or later make the quorum."""
    if policy.quorum == NONE:
        return None
    for time in sorted(set(found.values()), reverse=True):
        if policy.is_met({name for name, at in found.items() if at >= time}):
            return time
    raise AssertionError("the quorum was met")


def check_age(head: Head, *, now: int, most: int, skew: int) -> None:
    """Check that the quorum saw `head` at most `most` seconds before `now`, and not in the future beyond `skew`.

    A policy without witnesses has no time to check. Raises TlogError `checkpoint_stale`, `checkpoint_from_the_future`.
    """
    if head.time is None:
        return
    if head.time > now + skew:
        raise TlogError("checkpoint_from_the_future", f"{head.time - now} s")
    if now - head.time > most:
        raise TlogError("checkpoint_stale", f"{now - head.time} s old, at most {most}")
