"""Devices of one account and the real service: made, recovered, linked; written everywhere, the same everywhere."""

from collections.abc import Iterator

import pytest
from history_stand import House, Machine, devices
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
