"""What a client believes about an account's keyring. Source: specs/keyring.md.

A `Claim` is what the service says. `Trusted` is what a client accepted and remembers, and what the next claim must
continue.
"""

import hmac
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from privity_protocol.errors import NotAuthentic
from privity_protocol.stored import keyring as stored
from privity_protocol.stored.keyring import Device, Keyring, ListedOpener

from privity_vault import labels, opener
from privity_vault.errors import VaultError, reading
from privity_vault.opener import Candidate
from privity_vault.secret import AccountKey

Keys = Mapping[int, AccountKey]
"""Account keys by epoch."""


@dataclass(frozen=True, slots=True)
class Claim:
    """A keyring as the service delivers it. `mac_before` is under the account key of the epoch before, on a rise."""

    public: bytes
    mac: bytes
    mac_before: bytes | None
    signature: bytes


@dataclass(frozen=True, slots=True)
class Trusted:
    """An accepted keyring and its hash: trusted state of the device, rolled back only with the device."""

    keyring: Keyring
    hash: bytes


@dataclass(frozen=True, slots=True)
class Unlocked:
    """An account key for which the account's own keyring vouches."""

    trusted: Trusted
    keys: Keys


def write(ring: Keyring, keys: Keys, signer: Ed25519PrivateKey, *, rises: bool) -> Claim:
    """MAC and sign a public half; `rises` when its epoch is one above that of the keyring before.

    Raises VaultError `keyring.malformed`, `keyring.bad_mac` (no account key of an epoch that must MAC it).
    """
    with reading("keyring.malformed"):
        public = stored.encode(ring)
    before = _mac(keys, ring.epoch - 1, ring.account, public) if rises else None
    signature = signer.sign(stored.signed_bytes(public))
    return Claim(public, _mac(keys, ring.epoch, ring.account, public), before, signature)


def accept_next(trusted: Trusted, claim: Claim, keys: Keys) -> Trusted:
    """Return what to remember after one more revision; the same revision with the same bytes changes nothing.

    Raises VaultError: `keyring.malformed`, `.foreign`, `.rolled_back`, `.broken_chain`, `.bad_mac`, `.bad_signature`.
    """
    ring = _decoded(claim, trusted.keyring.account)
    hash_ = stored.digest(claim.public)
    if ring.revision < trusted.keyring.revision:
        raise VaultError("keyring.rolled_back", f"revision {ring.revision}, known is {trusted.keyring.revision}")
    if ring.revision == trusted.keyring.revision:
        if hash_ != trusted.hash:
            raise VaultError("keyring.rolled_back", f"another keyring as revision {ring.revision}")
        return trusted
    _check_link(trusted, ring)
    _check_macs(claim, ring, keys, rises=ring.epoch > trusted.keyring.epoch)
    _check_signer(claim, ring, trusted.keyring)
    return Trusted(ring, hash_)


def accept_all(claims: Sequence[Claim], account: bytes, keys: Keys) -> Trusted:
    """What a fresh device believes: the newest MAC, and every signature and link from revision 1 on.

    It cannot see a consistent old state; specs/keyring.md says what is shown to compare. Raises VaultError as
    `accept_next` does, `keyring.broken_chain` when revision 1 is not the first.
    """
    if not claims:
        raise VaultError("keyring.broken_chain", "no keyring")
    newest = _decoded(claims[-1], account)
    _check_mac(claims[-1].mac, keys, newest.epoch, account, claims[-1].public)
    first = _decoded(claims[0], account)
    if first.revision != 1:
        raise VaultError("keyring.broken_chain", f"begins with revision {first.revision}")
    _check_signer(claims[0], first, first)
    trusted = Trusted(first, stored.digest(claims[0].public))
    for claim in claims[1:]:
        ring = _decoded(claim, account)
        _check_link(trusted, ring)
        _check_signer(claim, ring, trusted.keyring)
        trusted = Trusted(ring, stored.digest(claim.public))
    return trusted


def unlock(candidate: Candidate, claims: Sequence[Claim]) -> Unlocked:
    """Return the account key once the keyring vouches for it: MAC, listing, then the whole chain.

    Raises VaultError: `keyring.bad_mac`, `opener.unlisted`, and those of `accept_all`.
    """
    if not claims:
        raise VaultError("keyring.broken_chain", "no keyring")
    record, keys = candidate.record, {candidate.record.epoch: candidate.key}
    newest = _decoded(claims[-1], candidate.account)
    _check_mac(claims[-1].mac, keys, newest.epoch, candidate.account, claims[-1].public)
    listed = newest.opener(record.id)
    if listed != ListedOpener(record.id, record.kind, opener.digest(record)):
        raise VaultError("opener.unlisted", "the keyring does not list this record")
    return Unlocked(accept_all(claims, candidate.account, keys), keys)


def revoke(ring: Keyring, device: bytes, *, last_seq: int) -> Keyring:
    """The keyring's next devices, with one revoked. Raises VaultError `keyring.malformed` for an unknown device."""
    if ring.device(device) is None:
        raise VaultError("keyring.malformed", "no such device")
    devices = tuple(replace(one, last_seq=last_seq) if one.id == device else one for one in ring.devices)
    return replace(ring, devices=devices)


def _decoded(claim: Claim, account: bytes) -> Keyring:
    with reading("keyring.malformed"):
        ring = stored.decode(claim.public)
    if ring.account != account:
        raise VaultError("keyring.foreign", "the keyring of another account")
    return ring


def _check_link(trusted: Trusted, ring: Keyring) -> None:
    before = trusted.keyring
    if ring.revision != before.revision + 1 or ring.previous != trusted.hash:
        raise VaultError("keyring.broken_chain", f"revision {ring.revision} does not continue {before.revision}")
    if ring.epoch < before.epoch:
        raise VaultError("keyring.rolled_back", f"epoch {ring.epoch} after {before.epoch}")
    if ring.epoch > before.epoch + 1:
        raise VaultError("keyring.broken_chain", f"epoch {ring.epoch} after {before.epoch}")
    for device in before.devices:
        _check_kept(device, ring.device(device.id))


def _check_kept(before: Device, now: Device | None) -> None:
    """A device is revoked, never forgotten: pages that it signed are verified for ever."""
    if now is None or (now.key, now.introduced_by) != (before.key, before.introduced_by):
        raise VaultError("keyring.broken_chain", "a device is missing or has another key")
    if before.last_seq is not None and now.last_seq != before.last_seq:
        raise VaultError("keyring.broken_chain", "a revoked device is not revoked as before")


def _check_macs(claim: Claim, ring: Keyring, keys: Keys, *, rises: bool) -> None:
    _check_mac(claim.mac, keys, ring.epoch, ring.account, claim.public)
    if rises:
        _check_mac(claim.mac_before or b"", keys, ring.epoch - 1, ring.account, claim.public)
    elif claim.mac_before is not None:
        raise VaultError("keyring.malformed", "a second MAC and the same epoch")


def _check_mac(mac: bytes, keys: Keys, epoch: int, account: bytes, public: bytes) -> None:
    if not hmac.compare_digest(_mac(keys, epoch, account, public), mac):
        raise VaultError("keyring.bad_mac", f"not by the account key of epoch {epoch}")


def _mac(keys: Keys, epoch: int, account: bytes, public: bytes) -> bytes:
    if epoch not in keys:
        raise VaultError("keyring.bad_mac", f"no account key of epoch {epoch}")
    key = keys[epoch].derive(account, labels.KEYRING_MAC)
    return hmac.digest(key, stored.signed_bytes(public), "sha256")


def _check_signer(claim: Claim, ring: Keyring, before: Keyring) -> None:
    """The signer is active before, or new and introduced by an opener of before; revision 1 is its own before."""
    signer = ring.device(ring.signer)
    known = before.device(ring.signer)
    if signer is None:
        raise VaultError("keyring.bad_signature", "the signer is not listed")
    if known is not None and known.last_seq is not None:
        raise VaultError("keyring.bad_signature", "the signer was revoked")
    first = known is None or ring is before
    if first and before.opener(signer.introduced_by) is None:
        raise VaultError("keyring.bad_signature", "no opener introduced the signer")
    try:
        stored.verify(claim.public, claim.signature, signer.key)
    except NotAuthentic:
        raise VaultError("keyring.bad_signature", "not by the device that it names") from None
