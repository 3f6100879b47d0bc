"""The public half of a keyring: which openers and devices an account has. Source: specs/keyring.md."""

import hashlib
from dataclasses import dataclass
from typing import Final

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from privity_protocol.cbor import Value
from privity_protocol.errors import Malformed, NotAuthentic
from privity_protocol.stored import labels
from privity_protocol.stored import members as m

MAX_KEYRING: Final = 256 * 1024
"""Bytes of both halves together."""
MAX_OPENERS: Final = 16
MAX_DEVICES: Final = 256
"""Revoked ones included: none is ever dropped, so this is for the life of an account."""
KINDS: Final = 4
_MEMBERS: Final = 10


@dataclass(frozen=True, slots=True)
class ListedOpener:
    """An opener that the keyring knows, by the SHA-256 of its record."""

    id: bytes
    kind: int
    record: bytes


@dataclass(frozen=True, slots=True)
class Device:
    """A device's signing key. `last_seq` is None while it is active, else the last page of it that counts."""

    id: bytes
    key: bytes
    last_seq: int | None
    introduced_by: bytes


@dataclass(frozen=True, slots=True)
class Keyring:
    """The public half. `previous` is None in revision 1; `private` is the SHA-256 of the sealed private half."""

    account: bytes
    revision: int
    epoch: int
    previous: bytes | None
    openers: tuple[ListedOpener, ...]
    devices: tuple[Device, ...]
    day: int
    signer: bytes
    private: bytes

    def device(self, id_: bytes) -> Device | None:
        """The device of this id, active or not."""
        return next((one for one in self.devices if one.id == id_), None)

    def opener(self, id_: bytes) -> ListedOpener | None:
        """The opener of this id."""
        return next((one for one in self.openers if one.id == id_), None)


def signed_bytes(data: bytes) -> bytes:
    """What is signed, and what both MACs cover."""
    return labels.KEYRING + data


def digest(data: bytes) -> bytes:
    """The hash by which the next keyring and pages name this one."""
    return hashlib.sha256(data).digest()


def verify(data: bytes, signature: bytes, key: bytes) -> None:
    """Raises NotAuthentic unless `key` (Ed25519, 32 bytes) signed the public half."""
    try:
        Ed25519PublicKey.from_public_bytes(key).verify(signature, signed_bytes(data))
    except (InvalidSignature, ValueError):
        raise NotAuthentic from None


def decode(data: bytes) -> Keyring:
    """Read a public half. Raises Malformed: as `members.decode`, `member_type`, `member_value`."""
    version, account, revision, epoch, prev, openers, devices, day, signer, private = m.decode(
        data, _MEMBERS, MAX_KEYRING
    )
    m.version(version)
    number = m.number(revision, "revision", 1)
    if (prev is None) != (number == 1):
        raise Malformed("member_value", "prev is null in revision 1 and only there")
    known = tuple(_opener(one) for one in m.rows(openers, "openers", 3, MAX_OPENERS, 1))
    listed = tuple(_device(one) for one in m.rows(devices, "devices", 5, MAX_DEVICES, 1))
    m.distinct([one.id for one in known], "openers")
    m.distinct([one.id for one in listed], "devices")
    if len({one.key for one in listed}) != len(listed):
        raise Malformed("member_value", "devices: a key twice")
    return Keyring(
        account=m.octets(account, "account", 16),
        revision=number,
        epoch=m.number(epoch, "epoch", 1),
        previous=None if prev is None else m.octets(prev, "prev", 32),
        openers=known,
        devices=listed,
        day=m.number(day, "day"),
        signer=m.octets(signer, "signer", 16),
        private=m.octets(private, "private", 32),
    )


def _opener(row: list[Value]) -> ListedOpener:
    return ListedOpener(
        m.octets(row[0], "opener", 16), m.number(row[1], "kind", 1, KINDS), m.octets(row[2], "record hash", 32)
    )


def _device(row: list[Value]) -> Device:
    revoked = m.number(row[2], "state", 0, 1)
    if (row[3] is None) != (revoked == 0):
        raise Malformed("member_value", "last_seq belongs to a revoked device and to no other")
    last = None if row[3] is None else m.number(row[3], "last_seq", 0, m.COUNT)
    return Device(m.octets(row[0], "device", 16), m.octets(row[1], "key", 32), last, m.octets(row[4], "by", 16))


def encode(ring: Keyring) -> bytes:
    """Return the bytes of a public half. Raises Malformed as `decode` does."""
    openers: list[Value] = [[one.id, one.kind, one.record] for one in ring.openers]
    devices: list[Value] = [
        [one.id, one.key, 0 if one.last_seq is None else 1, one.last_seq, one.introduced_by] for one in ring.devices
    ]
    members: list[Value] = [1, ring.account, ring.revision, ring.epoch, ring.previous, openers, devices]
    data = m.encode([*members, ring.day, ring.signer, ring.private])
    decode(data)
    return data
