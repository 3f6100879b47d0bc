"""A rotation from beginning to end: who is left can open, who was revoked reads nothing new, and it can be resumed."""

from types import MappingProxyType

import pytest
import vault_material as m
from privity_protocol import xwing
from privity_vault import box, keyring, object, opener, page, private_half, rotation
from privity_vault.box import LaneKey
from privity_vault.errors import VaultError
from privity_vault.private_half import NamedOpener, PrivateHalf
from privity_vault.secret import ChatKey

RECORDS = (m.PASSKEY_RECORD, m.RECOVERY_RECORD)
LETTERS_ABSENT = opener.make(
    m.LETTERS,
    m.AK1,
    account=m.ACCOUNT,
    id_=m.RECOVERY_RECORD.id,
    epoch=1,
    parameters=m.SHEET,
    credential=None,
    encapsulate=m.encapsulate("recovery"),
)[1]
NAMED = {m.PASSKEY_RECORD.id: NamedOpener(m.PASSKEY_ABSENT, "passkey"), m.RECOVERY_RECORD.id: NamedOpener(LETTERS_ABSENT, "code")}  # noqa: E501  # fmt: skip
HALF = PrivateHalf(MappingProxyType(NAMED), {m.LAPTOP.id: "laptop"}, {}, LaneKey(m.draw("lane key")))
REVOKED = m.devices(m.LAPTOP.listed(), m.PHONE.listed(m.LAPTOP.id, last_seq=1))


def rotated(records=RECORDS, devices=REVOKED, half: PrivateHalf = HALF, signer: m.Signer = m.LAPTOP):
    return rotation.rotate(
        m.trusted(m.RING2),
        m.KEYS1,
        half,
        records,
        devices=devices,
        signer=signer.id,
        signing_key=signer.private,
        key=m.AK2,
        day=m.DAY,
        nonce=bytes(12),
        encapsulate=xwing.encapsulate,
    )


DONE = rotated()


@pytest.mark.parametrize(("at", "material"), [(0, m.PASSKEY), (1, m.LETTERS)], ids=["passkey", "code"])
def test_every_opener_that_stays_opens_the_new_key(at, material) -> None:
    record = next(one for one in DONE.records if one.id == RECORDS[at].id)
    candidate = opener.open_record(record, material, account=m.ACCOUNT)
    claims = [m.CLAIM1, m.CLAIM2, DONE.claim]
    assert keyring.unlock(candidate, claims).keys == {2: m.AK2}
    half = private_half.open_half(DONE.body, DONE.trusted, candidate.key)
    assert half.past == {1: m.AK1}
    assert half.lane == HALF.lane


def test_what_the_old_key_opens_is_not_what_is_written_now() -> None:
    before = box.new(m.draw("chat", 16), ChatKey(m.draw("first")))
    body = box.seal(before, m.AK1, account=m.ACCOUNT, version=1, epoch=1, nonce=bytes(12))
    wrapped = box.with_next_key(before, ChatKey(m.draw("second")))
    again = box.seal(wrapped, m.AK2, account=m.ACCOUNT, version=2, epoch=2, nonce=bytes(12))
    assert box.open_box(body, DONE.keys, account=m.ACCOUNT, id_=before.id, version=1) == before
    assert box.open_box(again, DONE.keys, account=m.ACCOUNT, id_=before.id, version=2).newest == 2
    with pytest.raises(VaultError, match=r"object\.wrong_key"):
        box.open_box(again, m.KEYS1, account=m.ACCOUNT, id_=before.id, version=2)


def test_a_rotation_ends_step_by_step_and_can_be_taken_up_anywhere() -> None:
    boxes: dict[bytes, int | None] = dict.fromkeys([b"a" * 16, b"b" * 16, m.ACCOUNT], 1)
    log = m.memory(m.RING1, m.RING2)
    m.appended(log, m.LAPTOP, m.put("before"))
    half, steps = DONE.half, []
    while (due := rotation.left(DONE.trusted, half, log.position, boxes)) != rotation.Left(False, (), ()):
        if due.pin:
            log.trust(DONE.trusted)
            m.appended(log, m.LAPTOP, m.put("after"))
            steps.append("pin")
        elif due.boxes:
            boxes[due.boxes[0]] = 2
            steps.append("wrap")
        else:
            half = rotation.without(half, due.drop)
            steps.append("drop")
    assert steps == ["pin", "wrap", "wrap", "wrap", "drop"]
    assert half.past == {}
    with pytest.raises(VaultError, match=r"log\.device"):
        page.write(log.view(), [m.put("late")], device=m.PHONE.id, day=m.DAY, key=m.PHONE.private)


def test_an_opener_that_goes_is_in_neither_half() -> None:
    alone = rotated(records=RECORDS[:1])
    assert [one.id for one in alone.trusted.keyring.openers] == [m.PASSKEY_RECORD.id] == list(alone.half.openers)


@pytest.mark.parametrize(
    ("given", "reason"),
    [
        ({"records": (*RECORDS, m.DEVICE_RECORD)}, "keyring.malformed"),
        ({"half": PrivateHalf({}, {}, {}, HALF.lane)}, "keyring.malformed"),
        ({"records": ()}, "keyring.malformed"),
        ({"devices": m.devices(m.LAPTOP.listed())}, "keyring.broken_chain"),
        ({"signer": m.THIEF}, "keyring.bad_signature"),
    ],
    ids=["unknown opener", "absent opener", "no opener", "forgotten device", "stranger"],
)
def test_a_rotation_that_nobody_would_accept_is_not_begun(given, reason) -> None:
    with pytest.raises(VaultError) as failure:
        rotated(**given)
    assert failure.value.reason == reason


def test_openers_of_an_earlier_epoch_are_renewed() -> None:
    rings = [m.RING1, m.RING2, DONE.trusted.keyring]
    assert rotation.needs_renewal(m.PASSKEY_RECORD.id, rings)
    assert not rotation.needs_renewal(m.PASSKEY_RECORD.id, rings[:2])
    assert not rotation.needs_renewal(m.draw("opener new", 16), rings)


def test_a_box_names_its_epoch_in_the_clear() -> None:
    made = box.new(bytes(16), ChatKey(bytes(32)))
    body = box.seal(made, m.AK2, account=m.ACCOUNT, version=1, epoch=2, nonce=bytes(12))
    assert object.read_header(body).generation == 2
