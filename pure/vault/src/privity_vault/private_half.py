"""The private half of a keyring: absent openers, past account keys, names. Source: specs/keyring.md."""

from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256
from typing import Final

from privity_protocol import xwing
from privity_protocol.cbor import Value
from privity_protocol.stored import members as m
from privity_protocol.stored.keyring import MAX_DEVICES, MAX_KEYRING, MAX_OPENERS

from privity_vault import object
from privity_vault.box import LaneKey
from privity_vault.errors import VaultError, reading
from privity_vault.keyring import Trusted
from privity_vault.object import KEYRING, Place
from privity_vault.opener import Absent
from privity_vault.secret import AccountKey, Secret

KIND: Final = 0
MAX_LABEL: Final = 128
"""UTF-8 bytes of a name that a person gives an opener or device."""
MAX_PAST: Final = 1024
"""Account keys of epochs whose boxes are not re-wrapped yet."""


@dataclass(frozen=True, slots=True)
class NamedOpener:
    """An opener's public key and lock, and what the person calls it."""

    absent: Absent
    label: str


@dataclass(frozen=True, slots=True)
class PrivateHalf:
    """Openers and device names by id, account keys of epochs before this one, and the lane key."""

    openers: Mapping[bytes, NamedOpener]
    devices: Mapping[bytes, str]
    past: Mapping[int, AccountKey]
    lane: LaneKey


def seal(half: PrivateHalf, key: AccountKey, *, account: bytes, revision: int, epoch: int, nonce: bytes) -> bytes:
    """Return the body whose SHA-256 the public half names. `nonce` is 12 random bytes.

    Raises VaultError `keyring.malformed` for what nobody would read, `object.too_large`.
    """
    openers: list[Value] = [
        [id_, one.absent.public_key, one.absent.lock.reveal(), one.label] for id_, one in sorted(half.openers.items())
    ]
    devices: list[Value] = [[id_, label] for id_, label in sorted(half.devices.items())]
    past: list[Value] = [[number, one.reveal()] for number, one in sorted(half.past.items())]
    content: Value = {1: 1, 2: openers, 3: devices, 4: past, 5: half.lane.reveal()}
    _read(content, epoch)
    place = Place(account, account, account, revision)
    body = object.seal(content, family=KEYRING, kind=KIND, place=place, key=key, generation=epoch, nonce=nonce)
    if len(body) > MAX_KEYRING:
        raise VaultError("object.too_large", f"{len(body)} bytes, at most {MAX_KEYRING}")
    return body


def open_half(body: bytes, trusted: Trusted, key: AccountKey) -> PrivateHalf:
    """Return the private half of an accepted keyring.

    Raises VaultError: `object.swapped` (not the body that the public half names), `keyring.malformed`, and those of
    `object.open_body`.
    """
    ring = trusted.keyring
    if sha256(body).digest() != ring.private:
        raise VaultError("object.swapped", "not the private half that the signed one names")
    place = Place(ring.account, ring.account, ring.account, ring.revision)
    content = object.open_body(body, family=KEYRING, kind=KIND, place=place, key=key, generation=ring.epoch)
    return _read(content, ring.epoch)


def _read(content: Value, epoch: int) -> PrivateHalf:
    with reading("keyring.malformed"):
        version, openers, devices, past, lane = m.of_map(content, 5)
        m.version(version)
        return PrivateHalf(
            openers=_openers(m.rows(openers, "openers", 4, MAX_OPENERS)),
            devices=_devices(m.rows(devices, "devices", 2, MAX_DEVICES)),
            past=_past(m.rows(past, "past", 2, MAX_PAST), epoch),
            lane=LaneKey(m.octets(lane, "lane key", 32)),
        )


def _openers(rows: list[list[Value]]) -> dict[bytes, NamedOpener]:
    ids = [m.octets(row[0], "opener", 16) for row in rows]
    m.distinct(ids, "openers")
    named = [
        NamedOpener(
            Absent(m.octets(row[1], "public key", xwing.PUBLIC_KEY), Secret(m.octets(row[2], "lock", 32))),
            m.text(row[3], "label", MAX_LABEL),
        )
        for row in rows
    ]
    return dict(zip(ids, named, strict=True))


def _devices(rows: list[list[Value]]) -> dict[bytes, str]:
    ids = [m.octets(row[0], "device", 16) for row in rows]
    m.distinct(ids, "devices")
    return {id_: m.text(row[1], "label", MAX_LABEL) for id_, row in zip(ids, rows, strict=True)}


def _past(rows: list[list[Value]], epoch: int) -> dict[int, AccountKey]:
    numbers = [m.number(row[0], "epoch", 1, epoch - 1) for row in rows]
    m.distinct([number.to_bytes(4) for number in numbers], "past")
    keys = [AccountKey(m.octets(row[1], "past key", 32)) for row in rows]
    return dict(zip(numbers, keys, strict=True))
