"""What the service checks of a keyring without any key. Source: specs/service-api.md, section "Keyring".

It is no protection of the client, which checks all of this and the MACs: it keeps a mistake from being stored for all
devices.
"""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass

from privity_protocol.errors import Malformed, NotAuthentic
from privity_protocol.stored import header
from privity_protocol.stored import keyring as stored
from privity_protocol.stored.keyring import MAX_KEYRING, Keyring

from privity_service.accounts.opener_record import OpenerRecord
from privity_service.accounts.problem import Problem


@dataclass(frozen=True, slots=True)
class Claim:
    """A keyring as it is posted."""

    public: bytes
    private: bytes
    mac: bytes
    mac_before: bytes | None
    signature: bytes

    @property
    def hash(self) -> bytes:
        """The hash by which pages name it."""
        return stored.digest(self.public)


def _invalid(detail: str) -> Problem:
    return Problem("keyring.invalid", detail)


def _demand(holds: bool, detail: str) -> None:
    if not holds:
        raise _invalid(detail)


def decoded(claim: Claim, account: bytes) -> Keyring:
    """Decode both halves. Raises Problem `keyring.invalid`."""
    try:
        ring = stored.decode(claim.public)
        generation = header.decode(claim.private).generation
    except Malformed as error:
        raise _invalid(error.reason) from error
    _demand(ring.account == account, "another account")
    _demand(len(claim.public) + len(claim.private) <= MAX_KEYRING, "both halves are too large")
    _demand(hashlib.sha256(claim.private).digest() == ring.private, "another private half")
    _demand(generation == ring.epoch, "the private half is of another epoch")
    return ring


def check_first(claim: Claim, account: bytes) -> Keyring:
    """Revision 1: signed by a device that one of its own openers introduced. Raises Problem `keyring.invalid`."""
    ring = decoded(claim, account)
    _demand(ring.revision == 1 and ring.epoch == 1, "not a first revision")
    _demand(claim.mac_before is None, "a second MAC without a rise")
    _check_signer(claim, ring, ring, known=False)
    return ring


def check_next(claim: Claim, before: Keyring, before_hash: bytes) -> Keyring:
    """The revision after `before`. Raises Problem `keyring.invalid`."""
    ring = decoded(claim, before.account)
    _demand(ring.revision == before.revision + 1 and ring.previous == before_hash, "does not continue the newest")
    _demand(before.epoch <= ring.epoch <= before.epoch + 1, "the epoch falls, or rises by more than one")
    _demand((claim.mac_before is not None) == (ring.epoch > before.epoch), "a second MAC belongs to a rise")
    for device in before.devices:
        now = ring.device(device.id)
        _demand(now is not None, "a device has vanished")
        assert now is not None
        _demand((now.key, now.introduced_by) == (device.key, device.introduced_by), "a device has changed")
        _demand(device.last_seq is None or now.last_seq == device.last_seq, "a revoked device has changed")
    _check_signer(claim, ring, before, known=True)
    return ring


def _check_signer(claim: Claim, ring: Keyring, before: Keyring, *, known: bool) -> None:
    signer = ring.device(ring.signer)
    earlier = before.device(ring.signer) if known else None
    _demand(signer is not None, "the signer is not listed")
    assert signer is not None
    if earlier is None:
        _demand(signer.last_seq is None, "the signer is not active")
        _demand(before.opener(signer.introduced_by) is not None, "nobody introduced the signer")
    else:
        # What it signs last may be that it leaves.
        _demand(earlier.last_seq is None, "the signer was revoked")
    try:
        stored.verify(claim.public, claim.signature, signer.key)
    except NotAuthentic:
        raise _invalid("signature") from None


def check_records(ring: Keyring, records: Mapping[bytes, OpenerRecord]) -> None:
    """Each listed opener has its record. Raises Problem `keyring.invalid`."""
    for listed in ring.openers:
        record = records.get(listed.id)
        same = record is not None and (record.kind, record.hash) == (listed.kind, listed.record)
        _demand(same, "an opener without its record")


def removes(ring: Keyring, before: Keyring) -> bool:
    """Whether the keyring takes something away, which needs a fresh token: specs/service-api.md."""
    gone = [one.kind for one in before.openers if ring.opener(one.id) is None]
    new = [one.kind for one in ring.openers if before.opener(one.id) is None]
    replaced = all(new.count(kind) >= gone.count(kind) for kind in gone)
    active = [one for one in before.devices if one.last_seq is None]
    revoked = any((now := ring.device(one.id)) is not None and now.last_seq is not None for one in active)
    return ring.epoch > before.epoch or revoked or not replaced
