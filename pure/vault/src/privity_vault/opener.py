"""Openers: each way to obtain the account key, and the record of it that the service keeps. Source: specs/opener.md.

To open, in this order: the commitment (`opener.wrong_key`), the tag (`opener.foreign`), the sealed key. What comes out
is a `Candidate`: no key to work with before `keyring.unlock` found that the account's keyring vouches for it.
"""

import hmac
from dataclasses import dataclass, replace
from enum import IntEnum
from hashlib import sha256
from typing import Final

from privity_protocol import hpke, hpke_sender, xwing, xwing_seed
from privity_protocol.cbor import Value
from privity_protocol.errors import Malformed, NotAuthentic
from privity_protocol.hpke import Encapsulate
from privity_protocol.stored import members as m

from privity_vault import labels
from privity_vault.errors import VaultError, reading
from privity_vault.passphrase import Cost, Stretched
from privity_vault.recovery import RecoveryLetters
from privity_vault.secret import AccountKey, Secret

PRF_SALT: Final = sha256(labels.PRF).digest()
"""`eval.first` of the WebAuthn PRF extension: a constant, never taken from a server."""
MAX_RECORD: Final = 4096
MAX_CREDENTIAL: Final = 1023
"""Bytes of a credential id (WebAuthn level 3)."""
SEALED: Final = xwing.CIPHERTEXT + AccountKey.SIZE + 16
_MEMBERS: Final = 9


class Kind(IntEnum):
    """What the keying material comes from."""

    PASSKEY = 1
    RECOVERY = 2
    DEVICE = 3
    PASSPHRASE = 4


class PrfOutput(Secret):
    """What a passkey gave, twice: see `stable`."""

    __slots__ = ()


class DeviceSecret(Secret):
    """32 random bytes that stay on one device."""

    __slots__ = ()


Material = PrfOutput | RecoveryLetters | DeviceSecret | Stretched
_KINDS: Final[dict[type[Secret], Kind]] = {
    PrfOutput: Kind.PASSKEY,
    RecoveryLetters: Kind.RECOVERY,
    DeviceSecret: Kind.DEVICE,
    Stretched: Kind.PASSPHRASE,
}


@dataclass(frozen=True, slots=True)
class Sheet:
    """The parameters of a recovery record: how the code finds it, and the key that checks its sign-in."""

    finder: bytes
    public_key: bytes


@dataclass(frozen=True, slots=True)
class Record:
    """What the service keeps of an opener."""

    id: bytes
    kind: Kind
    parameters: Sheet | Cost | None
    credential: bytes | None
    commit: bytes
    epoch: int
    sealed: bytes
    tag: bytes


@dataclass(frozen=True, slots=True)
class Absent:
    """What the keyring's private half keeps of an opener, so that it can be given a new account key unasked."""

    public_key: bytes
    lock: Secret


@dataclass(frozen=True, slots=True)
class Candidate:
    """An account key that a record yielded, before the keyring vouched for it."""

    account: bytes
    record: Record
    key: AccountKey


@dataclass(frozen=True, slots=True)
class _Keys:
    seed: Secret
    lock: Secret
    commit: bytes


def stable(first: PrfOutput, second: PrfOutput) -> PrfOutput:
    """Two independent results must be equal before an opener is written. Raises VaultError `opener.unstable`."""
    if first != second:
        raise VaultError("opener.unstable", "this passkey gave two results; another opener is needed")
    return first


def make(
    material: Material,
    key: AccountKey,
    *,
    account: bytes,
    id_: bytes,
    epoch: int,
    parameters: Sheet | Cost | None,
    credential: bytes | None,
    encapsulate: Encapsulate,
) -> tuple[Record, Absent]:
    """Return a new record and what the keyring keeps of it. `id_` is 16 random bytes.

    Raises VaultError `opener.malformed`, `opener.parameters`.
    """
    kind = _KINDS[type(material)]
    keys = _derive(material, kind, account, id_)
    absent = Absent(xwing_seed.from_seed(keys.seed.reveal()).public_key, keys.lock)
    blank = Record(id_, kind, parameters, credential, keys.commit, epoch, bytes(SEALED), bytes(32))
    record = seal_again(blank, absent, key, account=account, epoch=epoch, encapsulate=encapsulate)
    decode(encode(record))
    return record, absent


def seal_again(
    record: Record, absent: Absent, key: AccountKey, *, account: bytes, epoch: int, encapsulate: Encapsulate
) -> Record:
    """Return the record with another account key, without the opener itself.

    Raises VaultError `opener.malformed` when the keyring's public key is none.
    """
    with reading("opener.malformed"):
        enc, context = hpke_sender.setup_base_s(
            absent.public_key, _seal_info(account, record.id, epoch), encapsulate=encapsulate
        )
    sealed = enc + context.seal(b"", key.reveal())
    tag = _tag(absent.lock, account, record.id, epoch, sealed)
    return replace(record, epoch=epoch, sealed=sealed, tag=tag)


def open_record(record: Record, material: Material, *, account: bytes) -> Candidate:
    """Return what the record holds for `material`.

    Raises VaultError: `opener.malformed` (material of another kind), `opener.wrong_key`, `opener.foreign`,
    `opener.not_sealed`.
    """
    if _KINDS[type(material)] is not record.kind:
        raise VaultError("opener.malformed", f"a record of kind {record.kind.name}")
    keys = _derive(material, record.kind, account, record.id)
    if not hmac.compare_digest(keys.commit, record.commit):
        raise VaultError("opener.wrong_key", "this opener belongs to another account or record")
    due = _tag(keys.lock, account, record.id, record.epoch, record.sealed)
    if not hmac.compare_digest(due, record.tag):
        raise VaultError("opener.foreign", "nobody who holds the account wrote this record")
    return Candidate(account, record, _unsealed(record, keys, account))


def _unsealed(record: Record, keys: _Keys, account: bytes) -> AccountKey:
    private = xwing_seed.from_seed(keys.seed.reveal())
    enc, ciphertext = record.sealed[: xwing.CIPHERTEXT], record.sealed[xwing.CIPHERTEXT :]
    try:
        context = hpke.setup_base_r(private, enc, _seal_info(account, record.id, record.epoch))
        return AccountKey(context.open(b"", ciphertext))
    except NotAuthentic:
        raise VaultError("opener.not_sealed", "tagged by the account and yet not sealed to this opener") from None


def _derive(material: Material, kind: Kind, account: bytes, id_: bytes) -> _Keys:
    context = b"\0" + bytes([kind]) + id_
    seed, lock, commit = (material.derive(account, labels.OPENER + name + context) for name in _NAMES)
    return _Keys(Secret(seed), Secret(lock), commit)


_NAMES: Final = (b"seed", b"lock", b"commit")


def _seal_info(account: bytes, id_: bytes, epoch: int) -> bytes:
    return labels.OPENER_SEAL + account + id_ + epoch.to_bytes(4)


def _tag(lock: Secret, account: bytes, id_: bytes, epoch: int, sealed: bytes) -> bytes:
    covered = labels.OPENER_TAG + account + id_ + epoch.to_bytes(4) + sealed
    return hmac.digest(lock.reveal(), covered, "sha256")


def digest(record: Record) -> bytes:
    """The hash by which the keyring lists the record."""
    return sha256(encode(record)).digest()


def decode(data: bytes) -> Record:
    """Read a record. Raises VaultError `opener.malformed`, `opener.parameters`."""
    with reading("opener.malformed"):
        version, id_, kind, parameters, credential, commit, epoch, sealed, tag = m.decode(data, _MEMBERS, MAX_RECORD)
        m.version(version)
        known = Kind(m.number(kind, "kind", 1, max(Kind)))
        return Record(
            id=m.octets(id_, "id", 16),
            kind=known,
            parameters=_parameters(known, parameters),
            credential=_credential(known, credential),
            commit=m.octets(commit, "commit", 32),
            epoch=m.number(epoch, "epoch", 1),
            sealed=m.octets(sealed, "sealed", SEALED),
            tag=m.octets(tag, "tag", 32),
        )


def _parameters(kind: Kind, value: Value) -> Sheet | Cost | None:
    if kind is Kind.RECOVERY:
        finder, public = m.row(value, "parameters", 2)
        return Sheet(m.octets(finder, "finder", 16), m.octets(public, "public key", 32))
    if kind is Kind.PASSPHRASE:
        memory, passes, lanes, salt = m.row(value, "parameters", 4)
        m.number(lanes, "lanes", 1, 1)
        cost = Cost(m.number(memory, "memory"), m.number(passes, "passes"), m.bounded(salt, "salt", 0, 64))
        cost.check()
        return cost
    if value is not None:
        raise Malformed("member_value", "parameters of a kind that has none")
    return None


def _credential(kind: Kind, value: Value) -> bytes | None:
    if kind is Kind.PASSKEY:
        return m.bounded(value, "credential id", 1, MAX_CREDENTIAL)
    if value is not None:
        raise Malformed("member_value", "a credential id of a kind that has none")
    return None


def encode(record: Record) -> bytes:
    """Return the bytes of a record."""
    match record.parameters:
        case Sheet(finder, public):
            parameters: Value = [finder, public]
        case Cost(memory, passes, salt):
            parameters = [memory, passes, 1, salt]
        case None:
            parameters = None
    head: list[Value] = [1, record.id, int(record.kind), parameters, record.credential]
    return m.encode([*head, record.commit, record.epoch, record.sealed, record.tag])
