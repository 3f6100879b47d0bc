"""Revoking a device and the rotation behind it; repairing a log that was lost or forked; drafts after a crash."""

import json
import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from history_stand import House, Machine
from privity_client.errors import ClientError
from privity_client.history import checking, devices, drafts, edits, lost, reading
from privity_client.history.calls import Call, Reply
from privity_client.history.reasons import ServiceRefused
from privity_protocol.stored import page as stored
from privity_vault import object as sealed
from privity_vault.contents.chat import Node, Role, State, Text
from privity_vault.errors import VaultError
from sqlalchemy import text


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    made = House(tmp_path)
    yield made
    made.close()


def test_a_revoked_device_is_out_and_the_key_is_another(house: House, tmp_path: Path) -> None:
    laptop = house.create(tmp_path / "laptop")
    phone = house.link(tmp_path / "phone", laptop)
    desktop = house.recover(tmp_path / "desktop", laptop.code)
    chat = phone.write("Before")
    phone.sync()
    old = phone.replica.opened.key
    laptop.prove()
    house.run(devices.revoke(laptop.replica, laptop.way, devices.named(laptop.replica, "phone")))
    after = laptop.replica.opened
    assert after.trusted.keyring.epoch == 2
    assert after.key != old
    assert after.half.past == {}
    stays = {"Recovery code", after.device.hex(), desktop.replica.opened.device.hex()}
    assert {one.label for one in after.half.openers.values()} == stays
    assert len(after.trusted.keyring.openers) == 3
    assert [one.label for one in devices.shown(laptop.replica) if not one.active] == ["phone"]
    assert {sealed.read_header(laptop.replica.bytes_of(one)).generation for one in laptop.replica.store.boxes()} == {2}
    laptop.say(chat, "After")
    laptop.sync()
    with pytest.raises(ServiceRefused, match=r"access\.refused"):
        phone.sync()
    desktop.sync()
    assert desktop.seen() == laptop.seen()
    assert len(desktop.seen()[chat.hex()]["nodes"]) == 2
    assert desktop.reopen().seen() == laptop.seen()
    assert house.recover(tmp_path / "tablet", laptop.code).seen() == laptop.seen()


def test_revoking_needs_a_fresh_proof(house: House, tmp_path: Path) -> None:
    laptop = house.create(tmp_path / "laptop")
    house.link(tmp_path / "phone", laptop)
    laptop.sync()
    laptop.way.fresh = None
    house.now += 301
    with pytest.raises(ServiceRefused, match=r"access\.scope"):
        house.run(devices.revoke(laptop.replica, laptop.way, devices.named(laptop.replica, "phone")))
    assert laptop.replica.opened.trusted.keyring.epoch == 1
    with pytest.raises(ClientError, match="device_unknown"):
        devices.named(laptop.replica, "tablet")


def test_a_copy_of_a_device_forks_the_log_and_a_person_chooses(house: House, tmp_path: Path) -> None:
    """The disk was set back: the device writes a page, forgets it, and meets it again as another branch."""
    laptop = house.create(tmp_path / "laptop")
    chat = laptop.write("Common")
    laptop.sync()
    laptop.replica.store.close()
    shutil.copytree(tmp_path / "laptop", tmp_path / "copy")
    laptop = laptop.reopen()
    laptop.say(chat, "Only on ours")
    laptop.sync()
    ours = laptop.seen()
    _service_forgets_the_last_page(house, laptop)
    copy = Machine(house, tmp_path / "copy", laptop.replica, laptop.way, laptop.code)
    other = _opened_from(copy)
    other.say(chat, "Only on theirs")
    other.sync()
    house.tricks.clear()
    with pytest.raises(VaultError, match=r"log\.forked"):
        laptop.sync()
    fork = house.run(checking.compare(laptop.replica, laptop.way))
    assert fork.doubled == {laptop.replica.opened.device}
    assert checking.choices(laptop.replica, fork) == ("theirs",)
    with pytest.raises(VaultError, match=r"log\.forked"):
        house.run(checking.mend(laptop.replica, laptop.way, fork, keep_ours=True))
    assert laptop.seen() == ours
    house.run(checking.mend(laptop.replica, laptop.way, fork, keep_ours=False))
    assert laptop.replica.stopped is None
    laptop.push()
    texts = {said for _, parts in laptop.seen()[chat.hex()]["nodes"].values() for said in parts}
    assert texts == {"Common", "Only on ours", "Only on theirs"}
    assert laptop.replica.store.left(), "the pages of the branch that was left are evidence"
    assert house.recover(tmp_path / "tablet", laptop.code).seen() == laptop.seen()


def test_what_was_typed_into_a_chat_that_our_branch_deleted_is_offered(house: House, tmp_path: Path) -> None:
    laptop = house.create(tmp_path / "laptop")
    chat = laptop.write("Common")
    laptop.sync()
    laptop.replica.store.close()
    shutil.copytree(tmp_path / "laptop", tmp_path / "copy")
    laptop = laptop.reopen()
    before = sqlite3.connect(":memory:")
    with closing(sqlite3.connect(house.file)) as service:
        service.backup(before)
    edits.delete_chat(laptop.replica, chat)
    laptop.sync()
    with closing(sqlite3.connect(house.file)) as service:
        before.backup(service)
    other = _opened_from(Machine(house, tmp_path / "copy", laptop.replica, laptop.way, laptop.code))
    other.say(chat, "Typed meanwhile")
    other.sync()
    with pytest.raises(VaultError, match=r"log\.forked"):
        laptop.sync()
    fork = house.run(checking.compare(laptop.replica, laptop.way))
    house.run(checking.mend(laptop.replica, laptop.way, fork, keep_ours=False))
    laptop.push()
    assert laptop.seen() == {}
    assert [one.text.value for _, one in edits.offers(laptop.replica)] == ["Typed meanwhile"]
    other.sync()
    assert other.seen() == {}


def _opened_from(copy: Machine) -> Machine:
    from privity_client.history import custody, opened
    from privity_client.history.access import Access
    from privity_client.history.replica import Replica
    from privity_client.history.store import Store

    signing = custody.read(copy.folder / "device.key")
    store = Store(copy.folder / "history.db")
    found = opened.load(store, signing)
    from history_stand import ORIGIN, Chance

    replica = Replica(store, found, lambda: copy.house.now * 1000, Chance("the copy"))
    return Machine(copy.house, copy.folder, replica, Access(ORIGIN, found.account, found.device, signing), copy.code)


def _service_forgets_the_last_page(house: House, machine: Machine) -> None:
    """What an operator does who restores a backup: page, objects and head are those of before."""
    last = list(machine.replica.store.pages())[-1]
    read = stored.decode(last.data)
    with house.house.database.writing() as connection:
        connection.execute(text("DELETE FROM pages WHERE n = :n"), {"n": read.n})
        for entry in read.entries:
            connection.execute(text("DELETE FROM objects WHERE id = :id"), {"id": entry.object})
        connection.execute(text("UPDATE accounts SET n = :n, head = :head"), {"n": read.n - 1, "head": read.parent})


def test_pages_that_the_service_lost_are_posted_again_when_a_person_says_so(house: House, tmp_path: Path) -> None:
    laptop = house.create(tmp_path / "laptop")
    laptop.write("Kept")
    laptop.sync()
    _service_forgets_the_last_page(house, laptop)
    with pytest.raises(VaultError, match=r"log\.rolled_back"):
        laptop.sync()
    fork = house.run(checking.compare(laptop.replica, laptop.way))
    assert checking.choices(laptop.replica, fork) == ("ours", "theirs")
    plan = house.run(checking.mend(laptop.replica, laptop.way, fork, keep_ours=True))
    assert len(plan.repost) == 1
    laptop.sync()
    assert checking.choices(laptop.replica, house.run(checking.compare(laptop.replica, laptop.way))) == ()
    assert house.recover(tmp_path / "tablet", laptop.code).seen() == laptop.seen() != {}


def test_pages_whose_bodies_are_gone_here_too_cannot_be_posted_again(house: House, tmp_path: Path) -> None:
    laptop = house.create(tmp_path / "laptop")
    laptop.write("Gone")
    laptop.sync()
    _service_forgets_the_last_page(house, laptop)
    (named,) = [one.body for one in stored.decode(list(laptop.replica.store.pages())[-1].data).entries if one.body][:1]
    laptop.replica.store._db.execute("DELETE FROM bodies WHERE hash = ?", (named.hash,))
    fork = house.run(checking.compare(laptop.replica, laptop.way))
    assert checking.choices(laptop.replica, fork) == ("theirs",)


def test_what_the_service_delivers_again_lets_writing_go_on(house: House, tmp_path: Path) -> None:
    laptop = house.create(tmp_path / "laptop")
    laptop.write("Said")
    laptop.sync()

    def older(call: Call, reply: Reply) -> Reply:
        if not call.path.startswith("/v1/pages?"):
            return reply
        return Reply(200, json.dumps(json.loads(reply.data) | {"n": 0, "pages": []}).encode())

    house.tricks.append(older)
    with pytest.raises(VaultError, match=r"log\.rolled_back"):
        laptop.sync()
    with pytest.raises(VaultError, match=r"log\.rolled_back"):
        house.run(checking.settle(laptop.replica, laptop.way))
    assert laptop.replica.stopped == "log.rolled_back"
    house.tricks.clear()
    laptop.pull()
    assert laptop.replica.stopped == "log.rolled_back", "nothing heals by itself"
    house.run(checking.settle(laptop.replica, laptop.way))
    assert laptop.replica.stopped is None


def test_the_whole_copy_verifies_and_a_changed_byte_is_found(house: House, tmp_path: Path) -> None:
    laptop = house.create(tmp_path / "laptop")
    laptop.write("One")
    laptop.sync()
    report = checking.local(laptop.replica)
    assert (report.pages, report.revisions, report.devices, report.troubled) == (2, 1, 1, {})
    assert len(report.fingerprint) == 20
    hash_ = next(one.body.hash for one in laptop.replica.store.items(kind=2) if one.body)
    body = laptop.replica.store.body(hash_)
    assert body is not None
    laptop.replica.store.set_body(hash_, body[:-1] + b"!")
    assert checking.local(laptop.replica).troubled == {"object.swapped": 1}
    laptop.replica.store.set_body(hash_, None)
    assert checking.local(laptop.replica).troubled == {"object.missing": 1}


def test_what_was_lost_once_is_asked_for_again(house: House, tmp_path: Path) -> None:
    laptop = house.create(tmp_path / "laptop")
    phone = house.link(tmp_path / "phone", laptop)
    chat = laptop.write("One")
    laptop.sync()

    def nothing(call: Call, reply: Reply) -> Reply:
        count = len(call.json["hashes"]) if call.path == "/v1/bodies/fetch" and call.json else 0  # type: ignore[arg-type]
        return Reply(200, bytes([1, 0, 0, 0, 0]) * count) if count else reply

    house.tricks.append(nothing)
    phone.sync()
    assert phone.seen()[chat.hex()]["nodes"] == {}
    house.tricks.clear()
    assert house.run(checking.again(phone.replica, phone.way)) == 3
    assert phone.seen() == laptop.seen()
    assert phone.replica.store.troubled() == []


def test_what_the_service_lost_is_found_on_another_device(house: House, tmp_path: Path) -> None:
    laptop = house.create(tmp_path / "laptop")
    phone = house.link(tmp_path / "phone", laptop)
    chat = laptop.write("One")
    laptop.sync()
    (node,) = laptop.replica.store.items(box=chat, kind=2)
    assert node.body is not None
    with house.house.database.writing() as connection:
        connection.execute(text("DELETE FROM bodies WHERE hash = :hash"), {"hash": node.body.hash})
    phone.sync()
    assert phone.seen()[chat.hex()]["nodes"] == {}
    assert house.run(lost.ask(phone.replica, phone.way)) == (0, 1)
    phone.sync()
    laptop.sync()
    assert house.run(lost.give_back(laptop.replica, laptop.way)) == 1
    assert house.run(lost.give_back(laptop.replica, laptop.way)) == 0, "what was looked at is not sent again"
    assert house.run(lost.ask(phone.replica, phone.way)) == (1, 0)
    assert phone.seen() == laptop.seen()
    view = lost.own_view(phone.replica)
    assert view is not None
    assert view.missing.value == ()


def test_a_draft_becomes_a_cut_message_after_a_crash(house: House, tmp_path: Path) -> None:
    laptop = house.create(tmp_path / "laptop")
    chat = edits.new_chat(laptop.replica, title="Draft")
    asked = laptop.say(chat, "Tell me")
    answer = Node(chat, asked, Role.ASSISTANT, (Text("Once upon"),), None, None, State.COMPLETE, house.now * 1000 + 1)
    id_ = laptop.replica.entropy(16)
    drafts.save(laptop.replica, id_, answer)
    again = laptop.reopen()
    assert drafts.rescue(again.replica) == 1
    assert drafts.rescue(again.replica) == 0
    saved = reading.chat(again.replica, chat)
    assert saved.nodes[id_].state is State.CUT
    assert reading.text_of(saved.nodes[id_]) == "Once upon"
    again.sync()
    assert again.replica.store.drafts() == []


def test_a_finished_answer_leaves_no_draft_and_waits_for_its_moment(house: House, tmp_path: Path) -> None:
    laptop = house.create(tmp_path / "laptop")
    chat = edits.new_chat(laptop.replica, title="Draft")
    answer = Node(chat, None, Role.ASSISTANT, (Text("Whole"),), None, None, State.COMPLETE, house.now * 1000)
    id_ = laptop.replica.entropy(16)
    drafts.save(laptop.replica, id_, answer)
    drafts.finish(laptop.replica, id_, answer)
    assert laptop.replica.store.drafts() == []
    assert not edits.is_due(laptop.replica)
    house.now += 300
    assert edits.is_due(laptop.replica)
    state: Any = reading.chat(laptop.replica, chat).nodes[id_].state
    assert state is State.COMPLETE
