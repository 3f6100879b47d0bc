"""Cases of vectors/keyring: what a service, a thief or a clumsy writer can do to a keyring."""

from collections.abc import Callable
from dataclasses import replace
from hashlib import sha256
from typing import Any

import vault_material as m
from privity_protocol import cbor
from privity_protocol.stored import keyring as stored
from privity_protocol.stored.keyring import Device, Keyring, ListedOpener
from privity_vault import object, opener
from privity_vault.keyring import Claim
from privity_vault.object import Place
from vault_form import Case, case

PUBLIC = m.CLAIM3.public
BLOBS = {
    "ring1": m.CLAIM1.public,
    "ring2": m.CLAIM2.public,
    "ring3": PUBLIC,
    "record": opener.encode(m.PASSKEY_RECORD),
}
Members = dict[Any, Any]


def keyring_cases() -> list[Case]:
    return [*_bytes(), *_next(), *_all(), *_unlock(), *_private()]


def _changed(change: Callable[[Members], object], data: bytes = PUBLIC) -> bytes:
    members: Any = cbor.decode(data)
    change(members)
    return cbor.encode(members)


def _set(member: int, value: object) -> bytes:
    return _changed(lambda members: members.__setitem__(member, value))


def _device(at: int, value: object) -> bytes:
    return _changed(lambda members: members[7][0].__setitem__(at, value), m.CLAIM2.public)


def _bytes() -> list[Case]:
    many = [[bytes([0, at] * 8), 1, bytes(32)] for at in range(17)]
    crowd = [[at.to_bytes(2) * 8, at.to_bytes(2) * 16, 0, None, bytes(16)] for at in range(257)]
    good = [
        ("first", "revision 1", m.CLAIM1.public),
        ("third", "a revoked device", PUBLIC),
        ("most", "16 openers and 256 devices", _changed(lambda one: one.update({6: many[:16], 7: crowd[:256]}))),
    ]
    bad = [
        ("empty", "nothing", b""),
        ("cut", "a byte less", PUBLIC[:-1]),
        ("trailing", "a byte more", PUBLIC + b"\0"),
        ("member-missing", "no signer", _changed(lambda one: one.pop(9))),
        ("member-more", "an eleventh member", _set(11, 0)),
        ("version", "version 2", _set(1, 2)),
        ("account", "an account of 15 bytes", _set(2, bytes(15))),
        ("revision", "revision 0", _set(3, 0)),
        ("epoch", "epoch 0", _set(4, 0)),
        ("prev-null", "no link in revision 3", _set(5, None)),
        ("prev-first", "a link in revision 1", _set(3, 1)),
        ("openers-none", "no opener", _set(6, [])),
        ("openers-many", "17 openers", _set(6, many)),
        ("openers-order", "openers in another order", _changed(lambda one: one[6].reverse())),
        ("opener-twice", "an opener twice", _changed(lambda one: one[6].append(one[6][-1]))),
        ("opener-kind", "kind 5", _changed(lambda one: one[6][0].__setitem__(1, 5))),
        ("opener-row", "a row of two", _changed(lambda one: one[6][0].pop())),
        ("devices-none", "no device", _set(7, [])),
        ("devices-many", "257 devices", _set(7, crowd)),
        ("device-order", "devices in another order", _changed(lambda one: one[7].reverse())),
        ("device-key-twice", "two devices of one key", _changed(lambda one: one[7][1].__setitem__(1, one[7][0][1]))),
        ("device-state", "state 2", _device(2, 2)),
        ("device-revoked", "revoked without its last sequence", _device(2, 1)),
        ("device-active", "a last sequence of an active device", _device(3, 4)),
        ("day", "a day before 1970", _set(8, -1)),
        ("private", "a private hash of 31 bytes", _set(10, bytes(31))),
    ]
    return [
        *(case(id_, what, "decode_keyring", ..., data=data) for id_, what, data in good),
        *(case(id_, what, "decode_keyring", "keyring.malformed", data=data) for id_, what, data in bad),
    ]


def _row(claim: Claim) -> list[bytes | None]:
    return [claim.public, claim.mac, claim.mac_before, claim.signature]


def _keys(keys: dict[int, Any]) -> list[list[object]]:
    return [[epoch, key.reveal()] for epoch, key in keys.items()]


def _spoiled(claim: Claim, **changes: bytes | None) -> Claim:
    return replace(claim, **changes)  # type: ignore[arg-type]


def _next() -> list[Case]:
    return [*_next_good(), *_next_bad()]


def _step(id_: str, what: str, expect: Any, before: Keyring, claim: Claim, keys: dict[int, Any] = m.KEYS2) -> Case:
    known = stored.encode(before)
    return case(f"next-{id_}", what, "accept_next", expect, trusted=known, claims=[_row(claim)], keys=_keys(keys))


def _next_good() -> list[Case]:
    fresh = m.following(m.RING1, devices=m.devices(m.LAPTOP.listed(), m.PHONE.listed()), signer=m.PHONE.id)
    return [
        _step("linked", "a device that another one added", ..., m.RING1, m.CLAIM2),
        _step("same", "the same revision again", ..., m.RING2, m.CLAIM2),
        _step("rotated", "another account key, vouched for by the old one", ..., m.RING2, m.CLAIM3),
        _step("introduced", "a device that an opener introduced", ..., m.RING1, m.claim(fresh, m.PHONE)),
    ]


def _next_bad() -> list[Case]:
    two = m.devices(m.LAPTOP.listed(), m.PHONE.listed(m.LAPTOP.id))
    thief = m.devices(m.LAPTOP.listed(), m.THIEF.listed(b"\7" * 16))
    other = m.following(m.RING1, day=m.DAY + 9)
    revived = m.following(m.RING3, devices=two)
    forgotten = m.following(m.RING2, devices=m.devices(m.LAPTOP.listed()))
    rekeyed = m.following(m.RING1, devices=(replace(m.LAPTOP.listed(), key=m.THIEF.key),))
    leap, back = m.following(m.RING2, epoch=3), m.following(m.RING3, epoch=1)
    keys3 = {**m.KEYS2, 3: m.FOREIGN_KEY}
    mine = {1: m.AK1, 2: m.FOREIGN_KEY}
    rolled, chain = "keyring.rolled_back", "keyring.broken_chain"
    mac, sign = "keyring.bad_mac", "keyring.bad_signature"
    strange, unknown = replace(m.RING2, account=m.STRANGER), replace(m.RING2, signer=m.THIEF.id)
    spare = _spoiled(m.CLAIM2, mac_before=bytes(32))
    last = m.following(m.RING3, signer=m.PHONE.id)
    return [
        _step("empty", "no bytes", "keyring.malformed", m.RING1, _spoiled(m.CLAIM2, public=b"")),
        _step("older", "an older keyring", rolled, m.RING2, m.CLAIM1),
        _step("other", "another keyring of the same revision", rolled, m.RING2, m.claim(other)),
        _step("stranger", "another account's", "keyring.foreign", m.RING1, m.claim(strange)),
        _step("skipped", "a revision is left out", chain, m.RING1, m.CLAIM3),
        _step("link", "a link to another keyring", chain, m.RING1, m.claim(replace(m.RING2, previous=bytes(32)))),
        _step("epoch-back", "a lower epoch", rolled, m.RING3, m.claim(back)),
        _step("epoch-leap", "two rotations at once", chain, m.RING2, m.claim(leap, keys=keys3, rises=True), keys3),
        _step("mac", "one bit of the MAC", mac, m.RING1, _spoiled(m.CLAIM2, mac=_flipped(m.CLAIM2.mac))),
        _step("mac-empty", "no MAC", mac, m.RING1, _spoiled(m.CLAIM2, mac=b"")),
        _step("mac-before", "a rise without the old key's MAC", mac, m.RING2, _spoiled(m.CLAIM3, mac_before=None)),
        _step("mac-before-bit", "one bit of the old key's MAC", mac, m.RING2,
              _spoiled(m.CLAIM3, mac_before=_flipped(m.CLAIM3.mac_before or b""))),
        _step("mac-spare", "a second MAC without a rise", "keyring.malformed", m.RING1, spare),
        _step("service-key", "a rotation to the service's key", mac, m.RING2, m.claim(m.RING3, keys=mine, rises=True)),
        _step("key-unknown", "no account key of that epoch", mac, m.RING2, m.CLAIM3, m.KEYS1),
        _step("signature", "one bit of the signature", sign, m.RING1,
              _spoiled(m.CLAIM2, signature=_flipped(m.CLAIM2.signature))),
        _step("signature-empty", "no signature", sign, m.RING1, _spoiled(m.CLAIM2, signature=b"")),
        _step("signer-absent", "a signer that is not listed", sign, m.RING1, m.claim(unknown, m.THIEF)),
        _step("signer-added", "a device that nobody introduced", sign, m.RING1,
              m.claim(m.following(m.RING1, devices=thief, signer=m.THIEF.id), m.THIEF)),
        _step("signer-linked", "a device that signs its own linking", sign, m.RING1,
              m.claim(replace(m.RING2, signer=m.PHONE.id), m.PHONE)),
        _step("signer-revoked", "a revoked device", sign, m.RING3, m.claim(last, m.PHONE, m.KEYS2)),
        _step("forgotten", "a device that is gone without trace", chain, m.RING2, m.claim(forgotten)),
        _step("rekeyed", "a device with another key", chain, m.RING1, m.claim(rekeyed, m.THIEF)),
        _step("revived", "a revoked device is active again", chain, m.RING3, m.claim(revived, keys=m.KEYS2)),
    ]  # fmt: skip


def _flipped(data: bytes) -> bytes:
    return data[:-1] + bytes([data[-1] ^ 1])


def _fresh(id_: str, what: str, expect: Any, claims: list[Claim], keys: dict[int, Any] = m.KEYS2) -> Case:
    rows = [_row(one) for one in claims]
    return case(f"fresh-{id_}", what, "accept_all", expect, claims=rows, account=m.ACCOUNT, keys=_keys(keys))


def _all() -> list[Case]:
    whole = [m.CLAIM1, m.CLAIM2, m.CLAIM3]
    own = replace(m.RING1, devices=(Device(m.LAPTOP.id, m.LAPTOP.key, None, m.LAPTOP.id),))
    dropped = replace(m.RING1, devices=(replace(m.LAPTOP.listed(), last_seq=0),))
    unsigned = _spoiled(m.CLAIM2, signature=bytes(64))
    chain, mac, sign = "keyring.broken_chain", "keyring.bad_mac", "keyring.bad_signature"
    return [
        _fresh("all", "three revisions under the newest key alone", ..., whole, {2: m.AK2}),
        _fresh("none", "no keyring", chain, []),
        _fresh("late", "the first is missing", chain, whole[1:]),
        _fresh("gap", "the second is missing", chain, [whole[0], whole[2]]),
        _fresh("order", "two in the wrong order", chain, [whole[0], whole[2], whole[1]]),
        _fresh("mac", "the newest under another key", mac, whole, {2: m.FOREIGN_KEY}),
        _fresh("signature", "a false signature in the middle", sign, [whole[0], unsigned, whole[2]]),
        _fresh("self-made", "a first device that no opener introduced", sign, [m.claim(own)]),
        _fresh("revoked", "a first device that is revoked", sign, [m.claim(dropped)]),
        _fresh("foreign", "another account's in the middle", "keyring.foreign",
               [whole[0], m.claim(replace(m.RING2, account=m.STRANGER)), whole[2]]),
    ]  # fmt: skip


def _unlock() -> list[Case]:
    record = m.PASSKEY_RECORD
    foreign, _ = opener.make(
        m.PASSKEY, m.FOREIGN_KEY, account=m.ACCOUNT, id_=record.id, epoch=1, parameters=None, credential=m.CREDENTIAL,
        encapsulate=m.encapsulate("own copy"),
    )  # fmt: skip
    spare, _ = opener.make(
        m.PASSKEY, m.AK1, account=m.ACCOUNT, id_=m.draw("opener z", 16), epoch=1, parameters=None, credential=b"c",
        encapsulate=m.encapsulate("spare"),
    )  # fmt: skip
    edited = replace(record, credential=b"another credential")
    other = replace(m.RING1, openers=(ListedOpener(record.id, 3, opener.digest(record)),))
    rows: list[tuple[str, str, opener.Record, list[Claim], Any]] = [
        ("listed", "the keyring lists the record", record, [m.CLAIM1, m.CLAIM2], ...),
        ("foreign", "a copy with the service's key", foreign, [m.CLAIM1, m.CLAIM2], "keyring.bad_mac"),
        ("rotated", "a record of the epoch before", record, [m.CLAIM1, m.CLAIM2, m.CLAIM3], "keyring.bad_mac"),
        ("unlisted", "an opener that nobody listed", spare, [m.CLAIM1, m.CLAIM2], "opener.unlisted"),
        ("edited", "a record with another credential id", edited, [m.CLAIM1, m.CLAIM2], "opener.unlisted"),
        ("kind", "listed as another kind", record, [m.claim(other)], "opener.unlisted"),
        ("none", "no keyring", record, [], "keyring.broken_chain"),
    ]
    return [
        case(f"unlock-{id_}", what, "unlock", expect, record=opener.encode(one), kind=1, material=m.PASSKEY.reveal(),
             account=m.ACCOUNT, claims=[_row(claim) for claim in claims])
        for id_, what, one, claims, expect in rows
    ]  # fmt: skip


def _sealed(content: Any, epoch: int = 2) -> bytes:
    place = Place(m.ACCOUNT, m.ACCOUNT, m.ACCOUNT, 3)
    key = m.KEYS2[epoch]
    return object.seal(content, family=object.KEYRING, kind=0, place=place, key=key, generation=epoch, nonce=bytes(12))


def _private() -> list[Case]:
    public, lock, lane = m.PASSKEY_ABSENT.public_key, m.draw("lock"), m.draw("lane key")
    first, second = sorted((m.PASSKEY_RECORD.id, m.RECOVERY_RECORD.id))
    rows: list[Any] = [[first, public, lock, "Key ring"], [second, public, lock, "Paper"]]
    good: Any = {1: 1, 2: rows, 3: [[m.LAPTOP.id, "Laptop"]], 4: [[1, m.AK1.reveal()]], 5: lane}
    small: Any = {**good, 2: []}
    bad: list[tuple[str, str, Any]] = [
        ("version", "version 2", {**small, 1: 2}),
        ("order", "openers in another order", {**good, 2: rows[::-1]}),
        ("many", "17 openers", {**good, 2: [[bytes([at]) * 16, b"", b"", ""] for at in range(17)]}),
        ("public", "a public key of another size", {**good, 2: [[first, public[1:], lock, ""]]}),
        ("lock", "a lock of 31 bytes", {**good, 2: [[first, public, lock[1:], ""]]}),
        ("label", "a label of 129 bytes", {**small, 3: [[m.LAPTOP.id, "x" * 129]]}),
        ("label-bytes", "a label that is no text", {**small, 3: [[m.LAPTOP.id, b"x"]]}),
        ("past", "a past key of this epoch", {**small, 4: [[2, m.AK2.reveal()]]}),
        ("past-twice", "two keys of one epoch", {**small, 4: [[1, m.AK1.reveal()]] * 2}),
        ("lane", "a lane key of 31 bytes", {**small, 5: lane[1:]}),
        ("member", "a member more", {**small, 6: 0}),
    ]
    honest = _sealed(good)
    return [
        _half("half", "names, locks and a past key", ..., honest),
        _half("half-swapped", "another body than the signed one", "object.swapped", honest, named=bytes(32)),
        _half("half-key", "under the key of the epoch before", "object.wrong_key", _sealed(small, 1)),
        *(_half(f"half-{id_}", what, "keyring.malformed", _sealed(content)) for id_, what, content in bad),
    ]


def _half(id_: str, what: str, expect: Any, body: bytes, named: bytes | None = None) -> Case:
    ring = replace(m.RING3, private=named or sha256(body).digest())
    data = stored.encode(ring)
    return case(id_, what, "open_private_half", expect, data=body, trusted=data, key=m.AK2.reveal())
