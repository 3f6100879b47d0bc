"""How a device comes to an account: making one, recovering one, being linked. Source: specs/keyring.md, opener.md.

The label of a device's own opener is the hexadecimal id of that device, so that revoking the device removes it.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from hashlib import sha256

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from privity_protocol import xwing
from privity_protocol.hpke import Encapsulate
from privity_protocol.stored.keyring import Device, Keyring, ListedOpener
from privity_vault import keyring, opener, private_half, recovery
from privity_vault.box import LaneKey
from privity_vault.errors import VaultError
from privity_vault.keyring import Claim, Trusted
from privity_vault.opener import Record, Sheet
from privity_vault.private_half import NamedOpener, PrivateHalf
from privity_vault.recovery import RecoveryLetters
from privity_vault.secret import AccountKey

from privity_client.history import opened
from privity_client.history.answers import Keyrings
from privity_client.history.custody import DeviceKeys
from privity_client.history.opened import Entropy, Opened
from privity_client.history.store import Store

RECOVERY_LABEL = "Recovery code"


@dataclass(frozen=True, slots=True, repr=False)
class Written:
    """A keyring to put at the service, with its sealed half and the records that are new or changed."""

    claim: Claim
    body: bytes
    records: tuple[Record, ...]
    trusted: Trusted
    half: PrivateHalf


def device_id(public_key: bytes) -> bytes:
    """The id of a device follows from its key, so that a linked device knows how it is called. Source: pairing.md."""
    return sha256(public_key).digest()[:16]


def sheet(letters: RecoveryLetters) -> Sheet:
    """The parameters of a recovery record."""
    found = recovery.access(letters)
    key = Ed25519PrivateKey.from_private_bytes(found.signing_seed.reveal())
    return Sheet(found.finder, key.public_key().public_bytes_raw())


def first(account: bytes, letters: RecoveryLetters, signing: DeviceKeys, *, label: str, day: int, entropy: Entropy,
          encapsulate: Encapsulate = xwing.encapsulate) -> tuple[Written, AccountKey]:  # fmt: skip
    """Return revision 1 of a new account: a recovery code, this device and its opener. Raises VaultError."""
    key, device = AccountKey(entropy(AccountKey.SIZE)), device_id(signing.public)
    made = [
        opener.make(
            letters, key, account=account, id_=entropy(16), epoch=1, parameters=sheet(letters), credential=None,
            encapsulate=encapsulate,
        ),
        opener.make(
            signing.opener, key, account=account, id_=entropy(16), epoch=1, parameters=None, credential=None,
            encapsulate=encapsulate,
        ),
    ]  # fmt: skip
    (code, code_absent), (own, own_absent) = made
    half = PrivateHalf(
        {code.id: NamedOpener(code_absent, RECOVERY_LABEL), own.id: NamedOpener(own_absent, device.hex())},
        {device: label},
        {},
        LaneKey(entropy(LaneKey.SIZE)),
    )
    body = private_half.seal(half, key, account=account, revision=1, epoch=1, nonce=entropy(12))
    ring = Keyring(
        account=account,
        revision=1,
        epoch=1,
        previous=None,
        openers=listed((code, own)),
        devices=(Device(device, signing.public, None, code.id),),
        day=day,
        signer=device,
        private=sha256(body).digest(),
    )
    claim = keyring.write(ring, {1: key}, signing.signing, rises=False)
    trusted = keyring.accept_all([claim], account, {1: key})
    return Written(claim, body, (code, own), trusted, half), key


def listed(records: Sequence[Record]) -> tuple[ListedOpener, ...]:
    """The rows of these records in a keyring."""
    rows = [ListedOpener(one.id, one.kind, opener.digest(one)) for one in records]
    return tuple(sorted(rows, key=lambda one: one.id))


def next_ring(found: Opened, half: PrivateHalf, *, openers: Sequence[ListedOpener], devices: Sequence[Device],
              signer: bytes, day: int, records: Sequence[Record], entropy: Entropy) -> Written:  # fmt: skip
    """Return the next revision in the same epoch, judged here as others will judge it. Raises VaultError."""
    before = found.trusted.keyring
    number = before.revision + 1
    account, nonce = found.account, entropy(12)
    body = private_half.seal(half, found.key, account=account, revision=number, epoch=before.epoch, nonce=nonce)
    ring = replace(
        before,
        revision=number,
        previous=found.trusted.hash,
        openers=tuple(sorted(openers, key=lambda one: one.id)),
        devices=tuple(sorted(devices, key=lambda one: one.id)),
        day=day,
        signer=signer,
        private=sha256(body).digest(),
    )
    claim = keyring.write(ring, found.keys, found.signing.signing, rises=False)
    return Written(claim, body, tuple(records), keyring.accept_next(found.trusted, claim, found.keys), half)


def with_device(
    found: Opened, public_key: bytes, label: str, *, introduced_by: bytes, day: int, entropy: Entropy
) -> Written:
    """Return the keyring with one device more, signed by this one. Raises VaultError."""
    ring, id_ = found.trusted.keyring, device_id(public_key)
    half = replace(found.half, devices={**found.half.devices, id_: label})
    devices = (*ring.devices, Device(id_, public_key, None, introduced_by))
    return next_ring(
        found, half, openers=ring.openers, devices=devices, signer=found.device, day=day, records=(), entropy=entropy
    )


def with_own_opener(found: Opened, *, label: str, introduced_by: bytes | None, day: int, entropy: Entropy,
                    instead_of: bytes = b"", code: RecoveryLetters | None = None,
                    encapsulate: Encapsulate = xwing.encapsulate) -> Written:  # fmt: skip
    """Return the keyring with this device's own opener, and with this device if it is new. Raises VaultError.

    `instead_of` is an opener that leaves: this device's, or that of `code`, which then gets another.
    """
    ring, device = found.trusted.keyring, found.device
    own, absent = opener.make(
        found.signing.opener, found.key, account=found.account, id_=entropy(16), epoch=ring.epoch, parameters=None,
        credential=None, encapsulate=encapsulate,
    )  # fmt: skip
    others = {id_: one for id_, one in found.half.openers.items() if id_ != instead_of}
    records = [own]
    if code is not None and instead_of:
        again, lock = opener.make(
            code, found.key, account=found.account, id_=entropy(16), epoch=ring.epoch, parameters=sheet(code),
            credential=None, encapsulate=encapsulate,
        )  # fmt: skip
        others[again.id] = NamedOpener(lock, RECOVERY_LABEL)
        records.append(again)
    half = replace(
        found.half,
        openers={**others, own.id: NamedOpener(absent, device.hex())},
        devices={**found.half.devices, device: label},
    )
    devices = ring.devices
    if introduced_by is not None:
        devices = (*devices, Device(device, found.signing.public, None, introduced_by))
    rows = (*(one for one in ring.openers if one.id != instead_of), *listed(records))
    return next_ring(
        found, half, openers=rows, devices=devices, signer=device, day=day, records=records, entropy=entropy
    )


def with_code(found: Keyrings, letters: RecoveryLetters, *, account: bytes, origin: str, signing: DeviceKeys) -> Opened:
    """Open an account with its recovery code, on a device that knows nothing. Raises VaultError."""
    finder = sheet(letters).finder
    records = [opener.decode(one) for one in found.records]
    record = next(
        (one for one in records if isinstance(one.parameters, Sheet) and one.parameters.finder == finder), None
    )
    if record is None:
        raise VaultError("opener.unlisted", "the service delivers no record of this code")
    candidate = opener.open_record(record, letters, account=account)
    unlocked = keyring.unlock(candidate, found.claims)
    return _opened(found, unlocked.trusted, candidate.key, account=account, origin=origin, signing=signing)


def with_key(
    found: Keyrings, key: AccountKey, *, account: bytes, origin: str, signing: DeviceKeys, granted: bytes
) -> Opened:
    """Open an account with the key that another device granted. Raises VaultError; `granted` is a keyring's hash."""
    epoch = keyring_epoch(found, account)
    trusted = keyring.accept_all(found.claims, account, {epoch: key})
    if granted not in opened.rings_of(found.claims):
        raise VaultError("keyring.rolled_back", "the keyring that the other device named is not there")
    return _opened(found, trusted, key, account=account, origin=origin, signing=signing)


def keyring_epoch(found: Keyrings, account: bytes) -> int:
    """The epoch of the newest claim; nothing of it is believed yet. Raises VaultError `keyring.*`."""
    if not found.claims:
        raise VaultError("keyring.broken_chain", "no keyring")
    ring = next(iter(opened.rings_of(found.claims[-1:]).values()))
    if ring.account != account:
        raise VaultError("keyring.foreign", "the keyring of another account")
    return ring.epoch


def _opened(
    found: Keyrings, trusted: Trusted, key: AccountKey, *, account: bytes, origin: str, signing: DeviceKeys
) -> Opened:
    if trusted.keyring.revision < found.newest:
        raise VaultError("keyring.rolled_back", f"revisions up to {trusted.keyring.revision} of {found.newest}")
    half = private_half.open_half(found.private or b"", trusted, key)
    keys = {**half.past, trusted.keyring.epoch: key}
    device = device_id(signing.public)
    return Opened(account, origin, device, signing, keys, trusted, half, opened.rings_of(found.claims))


def settle_in(store: Store, found: Opened, claims: Sequence[Claim], written: Written) -> None:
    """Write down what opens the account here from now on, in one transaction: claims, own record, private half."""
    own = next(one for one in written.records if one.kind is opener.Kind.DEVICE)
    with store.transaction():
        for revision, claim in enumerate((*claims, written.claim), 1):
            store.add_claim(revision, claim)
        store.set("account", found.account)
        store.set("origin", found.origin.encode())
        store.set("device", found.device)
        store.set("opener", own.id)
        store.set("record", opener.encode(own))
        store.set("private", written.body)
    found.trust(written.trusted, written.half)
