"""Devices of one account and the real service: made, recovered, linked; written everywhere, the same everywhere."""

import contextlib
from collections.abc import Iterator

import pytest
from history_stand import Cut, House, Machine, devices
from privity_client.history import devices as account_devices
from privity_client.history import edits
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
    for one in machines:
        account_devices.changed(one.replica)
    laptop.prove()
    laptop.sync()
    laptop.house.run(account_devices.revoke(laptop.replica, laptop.way, phone.replica.opened.device))
    desktop.sync()
    assert account_devices.changed(desktop.replica) == ["“phone” was revoked"]
    assert account_devices.changed(desktop.replica) == []
    laptop.house.link(desktop.folder.parent / "tablet", laptop)
    desktop.sync()
    assert account_devices.changed(desktop.replica) == ["“tablet” was linked"]


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
