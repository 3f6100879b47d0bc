"""Devices of one account and the real service: made, recovered, linked; written everywhere, the same everywhere."""

import contextlib
import json
from collections.abc import Iterator

import pytest
from history_stand import Cut, House, Machine, devices
from privity_client.history import announcing, codes, edits, linking
from privity_client.history import devices as account_devices
from privity_client.history.announcing import Change
from privity_client.history.calls import Reply
from privity_client.history.reasons import ServiceRefused
from privity_vault import opener, recovery
from privity_vault.contents.chat import Role
from privity_vault.errors import VaultError


@pytest.fixture
def house(tmp_path) -> Iterator[House]:
    made = House(tmp_path)
    yield made
    made.close()


@pytest.fixture
def machines(house, tmp_path) -> list[Machine]:
    return list(devices(house, tmp_path))


def test_what_any_device_writes_all_devices_show(machines) -> None:
    laptop, desktop, phone = machines
    chat = laptop.write("What is a tree?")
    laptop.sync()
    desktop.sync()
    first = next(iter(desktop.replica.contents(chat)))
    assert first
    root = next(bytes.fromhex(id_) for id_ in desktop.seen()[chat.hex()]["nodes"])
    desktop.say(chat, "Something that grows.", parent=root, role=Role.ASSISTANT)
    other = phone.write("Offline, on the train")
    desktop.sync()
    phone.sync()
    for one in (laptop, desktop, phone):
        one.sync()
    assert laptop.seen() == desktop.seen() == phone.seen()
    assert len(laptop.seen()[chat.hex()]["nodes"]) == 2
    assert laptop.seen()[other.hex()]["title"] == "Offline, on the trai"


def test_a_device_opens_its_history_without_the_service(machines) -> None:
    laptop = machines[0]
    chat = laptop.write("Stays here")
    laptop.sync()
    before = laptop.seen()
    assert laptop.reopen().seen() == before != {}
    assert chat.hex() in before


def test_three_wrong_codes_burn_the_link(house, tmp_path) -> None:
    laptop = house.create(tmp_path / "laptop")
    with pytest.raises(VaultError, match=r"pairing\.burnt"):
        house.link(tmp_path / "phone", laptop, wrong=3)
    assert len(laptop.replica.opened.trusted.keyring.devices) == 1


def test_two_wrong_codes_and_the_right_one_link(house, tmp_path) -> None:
    laptop = house.create(tmp_path / "laptop")
    phone = house.link(tmp_path / "phone", laptop, wrong=2)
    phone.write("Linked")
    phone.sync()
    laptop.sync()
    assert [one["title"] for one in laptop.seen().values()] == ["Linked"]


def test_a_renamed_chat_is_renamed_everywhere_and_a_deleted_one_is_gone(machines) -> None:
    laptop, desktop, phone = machines
    chat, gone = laptop.write("One"), laptop.write("Two")
    laptop.sync()
    desktop.sync()
    from privity_client.history import reading

    saved = reading.chat(desktop.replica, chat)
    edits.change(desktop.replica, saved.object, chat, saved.content, title="A better name")
    edits.delete_chat(desktop.replica, gone)
    desktop.sync()
    phone.sync()
    laptop.sync()
    assert laptop.seen() == phone.seen() == desktop.seen()
    assert [one["title"] for one in phone.seen().values()] == ["A better name"]


def test_a_device_renews_its_opener_after_a_rotation(house, tmp_path) -> None:
    """Whoever held the key before knew its public key and lock."""
    laptop = house.create(tmp_path / "laptop")
    desktop = house.recover(tmp_path / "desktop", laptop.code)
    phone = house.link(tmp_path / "phone", laptop)
    before = desktop.replica.store.get("opener")
    laptop.sync()
    laptop.prove()
    house.run(account_devices.revoke(laptop.replica, laptop.way, phone.replica.opened.device))
    desktop.sync()
    laptop.sync()
    after = desktop.replica.store.get("opener")
    assert after not in (None, before)
    ring = desktop.replica.opened.trusted.keyring
    assert ring.opener(after) is not None
    assert ring.opener(before) is None
    desktop = desktop.reopen()
    assert desktop.seen() == laptop.seen()
    desktop.sync()
    assert desktop.replica.store.get("opener") == after


@pytest.mark.slow
@pytest.mark.parametrize("arrived", [False, True], ids=["lost", "arrived"])
def test_a_device_that_dies_while_it_renews_its_opener_still_opens(house, tmp_path, arrived) -> None:
    laptop = house.create(tmp_path / "laptop")
    desktop = house.recover(tmp_path / "desktop", laptop.code)
    for at in range(1, 9):
        house.now += 3600
        phone = house.link(tmp_path / f"phone{at}", laptop)
        laptop.sync()
        laptop.prove()
        house.run(account_devices.revoke(laptop.replica, laptop.way, phone.replica.opened.device))
        house.now += 3600  # so that signing in is among the calls
        house.cut_after(at, arrived=arrived)
        with contextlib.suppress(Cut):
            desktop.sync()
        house.before.clear()
        house.tricks.clear()
        desktop = desktop.reopen()
        desktop.sync()
        desktop = desktop.reopen()
        laptop.sync()
        assert desktop.seen() == laptop.seen()
        assert desktop.replica.opened.key == laptop.replica.opened.key


def test_every_device_hears_of_a_new_one_and_of_a_revoked_one(machines) -> None:
    laptop, desktop, phone = machines
    desktop.sync()
    assert [announcing.news(one.replica) for one in machines] == [[], [], []]
    laptop.prove()
    laptop.sync()
    laptop.house.run(account_devices.revoke(laptop.replica, laptop.way, phone.replica.opened.device))
    day = laptop.replica.day
    laptop.house.now += 86_400
    tablet = laptop.house.link(desktop.folder.parent / "tablet", laptop)
    desktop.sync()
    assert announcing.news(desktop.replica) == [
        Change("“phone” was revoked", day),
        Change("“tablet” was linked", day + 1, tablet.replica.opened.device),
    ]
    assert announcing.news(desktop.replica) == []
    assert announcing.news(tablet.replica) == []


def test_every_device_hears_of_another_code_and_not_of_one_that_was_only_used(machines) -> None:
    laptop, desktop, phone = machines
    desktop.sync()
    announcing.news(desktop.replica)
    laptop.prove()
    made = recovery.make(bytes(range(20)))
    laptop.house.run(codes.replace(laptop.replica, laptop.way, made))
    desktop.sync()
    assert [one.what for one in announcing.news(desktop.replica)] == ["the recovery code was replaced"]
    laptop.code = made
    laptop.sync()
    laptop.prove()
    laptop.house.run(account_devices.revoke(laptop.replica, laptop.way, phone.replica.opened.device))
    desktop.sync()
    assert [one.what for one in announcing.news(desktop.replica)] == ["“phone” was revoked"]
    tablet = laptop.house.recover(desktop.folder.parent / "tablet", made)
    desktop.sync()
    told = announcing.news(desktop.replica)
    assert [(one.what, one.device) for one in told] == [("“tablet” was linked", tablet.replica.opened.device)]


def test_a_device_shows_once_a_day_that_it_is_there(machines) -> None:
    laptop, desktop, _phone = machines
    day = laptop.replica.day
    laptop.house.now += 86_400
    edits.be_heard(desktop.replica)
    assert desktop.replica.store.waits() == 1
    edits.be_heard(desktop.replica)
    desktop.sync()
    laptop.sync()
    heard = {one.label: one.last_day for one in account_devices.shown(laptop.replica)}
    assert heard["desktop"] == day + 1
    assert heard["laptop"] in (day, None)


def test_a_device_is_linked_by_a_typed_code(house, tmp_path) -> None:
    laptop = house.create(tmp_path / "laptop")
    chat = laptop.write("Typed, not scanned")
    laptop.sync()
    phone = house.link(tmp_path / "phone", laptop, wrong=1, typed=True)
    assert phone.seen() == laptop.seen()
    assert chat.hex() in phone.seen()


def test_who_showed_a_link_takes_no_grant_without_its_secret(house, tmp_path) -> None:
    laptop = house.create(tmp_path / "laptop")
    ground = house.ground(tmp_path / "phone")
    shown = house.run(linking.offer(ground, now=house.now))
    replied = house.run(linking.answer(laptop.replica, laptop.way, shown.channel, now=house.now))
    answered = house.run(linking.reveal(shown, replied.raw))
    state = replied.revealed(answered.reveal, now=house.now).typed(answered.code, now=house.now)
    laptop.prove()
    house.run(linking.grant(laptop.replica, laptop.way, shown.channel, state, label="phone", now=house.now))
    sealed = house.run(linking.poll(shown.channel, "grant"))
    with pytest.raises(VaultError, match=r"pairing\.foreign"):
        house.run(linking.enter(ground, answered, sealed or b"", label="phone"))


def test_another_code_takes_the_place_of_the_old_one(house, machines, tmp_path) -> None:
    laptop, _, phone = machines
    laptop.write("Before")
    laptop.sync()
    before = laptop.replica.opened.trusted.keyring
    letters = recovery.make(bytes(range(20)))
    laptop.prove()
    house.run(codes.replace(laptop.replica, laptop.way, letters))
    ring = laptop.replica.opened.trusted.keyring
    assert (ring.epoch, len(ring.openers)) == (before.epoch + 1, len(before.openers))
    laptop.write("After")
    laptop.sync()
    phone.sync()
    again = house.recover(tmp_path / "again", letters)
    assert again.seen() == laptop.seen() == phone.seen()
    with pytest.raises(ServiceRefused, match=r"access\.refused"):
        house.recover(tmp_path / "thief", laptop.code)


def test_a_code_needs_a_fresh_proof_and_a_record_that_the_service_keeps(house, machines) -> None:
    laptop = machines[0]
    before = laptop.replica.opened.trusted.keyring
    house.now += 301
    with pytest.raises(ServiceRefused, match=r"access\.scope"):
        house.run(codes.replace(laptop.replica, laptop.way, recovery.make(bytes(20))))
    assert laptop.replica.opened.trusted.keyring.epoch == before.epoch

    def without_records(call, reply):
        if call.path.startswith("/v1/keyring?from=") and laptop.replica.opened.trusted.keyring.epoch > before.epoch:
            return Reply(reply.status, json.dumps({**json.loads(reply.data), "openers": []}).encode())
        return reply

    laptop.prove()
    house.tricks.append(without_records)
    with pytest.raises(VaultError, match=r"opener\.unlisted"):
        house.run(codes.replace(laptop.replica, laptop.way, recovery.make(bytes(20))))


def test_a_device_leaves_with_its_last_signature(house, machines) -> None:
    laptop, desktop, phone = machines
    phone.write("The last words")
    phone.prove()
    house.run(account_devices.leave(phone.replica, phone.way))
    with pytest.raises(ServiceRefused, match=r"access\."):
        phone.sync()
    for one in (laptop, desktop):
        one.sync()
    assert laptop.seen() == desktop.seen()
    assert any("The last words"[:20] == one["title"] for one in laptop.seen().values())
    assert [one.active for one in account_devices.shown(laptop.replica)] == [True, True, False]
    assert laptop.replica.opened.trusted.keyring.epoch == 2


def test_a_code_that_is_used_after_a_rotation_gets_another_opener(house, machines, tmp_path) -> None:
    laptop, _, phone = machines

    def codes_of(machine) -> list[bytes]:
        return [one.id for one in machine.replica.opened.trusted.keyring.openers if one.kind == opener.Kind.RECOVERY]

    before = codes_of(laptop)
    laptop.prove()
    house.run(account_devices.revoke(laptop.replica, laptop.way, phone.replica.opened.device))
    assert codes_of(laptop) == before
    seen = []
    for name in ("tablet", "another"):
        again = house.recover(tmp_path / name, laptop.code)
        seen.append(codes_of(again))
        assert again.seen() == laptop.seen()
    assert seen[0] == seen[1] != before
    assert len(seen[0]) == 1
