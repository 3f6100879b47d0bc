"""Three devices, random edits, deletions and offline times: in the end all show the same, as a plain model says.

What a device wrote is shown, or was deleted by somebody, or was offered back: no user's text vanishes in silence.
"""

from pathlib import Path
from typing import Any

import pytest
from history_stand import House, Machine
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from privity_client.history import checking, devices, edits, reading

MACHINES = st.integers(0, 2)
STEP = st.one_of(
    st.tuples(st.just("write"), MACHINES, st.integers(0, 3)),
    st.tuples(st.just("reply"), MACHINES, st.integers(0, 9)),
    st.tuples(st.just("rename"), MACHINES, st.integers(0, 9)),
    st.tuples(st.just("delete"), MACHINES, st.integers(0, 9)),
    st.tuples(st.just("prune"), MACHINES, st.integers(0, 9)),
    st.tuples(st.just("archive"), MACHINES, st.integers(0, 9)),
    st.tuples(st.just("sync"), MACHINES, st.just(0)),
    st.tuples(st.just("reopen"), MACHINES, st.just(0)),
)


@pytest.fixture(scope="module")
def trio(tmp_path_factory: pytest.TempPathFactory) -> Any:
    folder = tmp_path_factory.mktemp("trio")
    house = House(folder)
    yield house, list(_three(house, folder))
    house.close()


def _three(house: House, folder: Path) -> list[Machine]:
    from history_stand import devices as made

    return list(made(house, folder))


class Model:
    """What was written and what was deleted, by anybody, in plain sets."""

    def __init__(self) -> None:
        self.written: set[str] = set()
        self.deleted_chats: set[bytes] = set()
        self.count = 0

    def text(self) -> str:
        self.count += 1
        text = f"text {self.count} of this run"
        self.written.add(text)
        return text


def act(machine: Machine, model: Model, what: str, choice: int) -> None:
    chats = machine.replica.chats()
    if what == "write":
        machine.write(model.text())
    if not chats or what == "write":
        return
    chat = chats[choice % len(chats)]
    saved = reading.chat(machine.replica, chat)
    if what == "reply":
        parent = saved.shown[choice % len(saved.shown)] if saved.shown else None
        machine.say(chat, model.text(), parent=parent)
    elif what == "rename" and saved.object is not None and saved.content is not None:
        edits.change(machine.replica, saved.object, chat, saved.content, title=f"title {choice}")
    elif what == "delete" and choice < 3:
        edits.delete_chat(machine.replica, chat)
        model.deleted_chats.add(chat)
        model.written -= texts_of(saved)
    elif what == "prune" and saved.shown:
        node = saved.shown[choice % len(saved.shown)]
        from privity_vault.tree import subtree

        model.written -= {reading.text_of(saved.nodes[one]) for one in subtree(saved.tree, node)}
        edits.delete_message(machine.replica, chat, node)
    elif what == "archive":
        edits.archive(machine.replica, chat, active=choice % 2 == 0)


def texts_of(saved: reading.ShownChat) -> set[str]:
    return {reading.text_of(node) for node in saved.nodes.values()}


@pytest.mark.slow
@settings(max_examples=20, deadline=None, suppress_health_check=list(HealthCheck), derandomize=True)
@given(steps=st.lists(STEP, min_size=4, max_size=24))
def test_whatever_was_done_offline_all_devices_end_alike(trio: Any, steps: list[tuple[str, int, int]]) -> None:
    house, machines = trio
    house.now += 4000
    for one in machines:
        for chat in one.replica.chats():
            edits.delete_chat(one.replica, chat)
        with one.replica.store.transaction():
            for id_, _ in edits.offers(one.replica):
                one.replica.store.set_offer(id_, None)
        one.sync()
    for one in machines:
        one.sync()
        with one.replica.store.transaction():
            for id_, _ in edits.offers(one.replica):
                one.replica.store.set_offer(id_, None)
    model = Model()
    for what, who, choice in steps:
        house.now += 7
        if what == "sync":
            machines[who].sync()
        elif what == "reopen":
            machines[who] = machines[who].reopen()
        else:
            act(machines[who], model, what, choice)
    for _ in range(3):
        house.now += 61
        for one in machines:
            one.sync()
    first = machines[0].seen()
    assert first == machines[1].seen() == machines[2].seen()
    assert not any(chat.hex() in first for chat in model.deleted_chats)
    shown = {said for one in first.values() for _, parts in one["nodes"].values() for said in parts}
    offered = {offer.text.value for one in machines for _, offer in edits.offers(one.replica)}
    assert model.written <= shown | offered
    assert [checking.local(one.replica).troubled for one in machines] == [{}, {}, {}]
    assert [one.replica.store.waiting() for one in machines] == [[], [], []]


def test_an_edit_meets_the_deletion_of_its_chat(trio: Any) -> None:
    """The text comes back as an offer, on the device where it was typed, and the chat does not."""
    house, (laptop, desktop, phone) = trio
    house.now += 4000
    chat = laptop.write("Shared")
    laptop.sync()
    desktop.sync()
    desktop.say(chat, "Typed while offline")
    edits.delete_chat(laptop.replica, chat)
    laptop.sync()
    desktop.sync()
    phone.sync()
    assert [chat.hex() in one.seen() for one in (laptop, desktop, phone)] == [False] * 3
    assert "Typed while offline" in [offer.text.value for _, offer in edits.offers(desktop.replica)]


def test_two_titles_typed_at_once_leave_one_shown_and_one_offered(trio: Any) -> None:
    house, (laptop, desktop, _phone) = trio
    house.now += 4000
    chat = laptop.write("Titled")
    laptop.sync()
    desktop.sync()
    for machine, title in ((laptop, "Mine"), (desktop, "Yours")):
        house.now += 1
        saved = reading.chat(machine.replica, chat)
        edits.change(machine.replica, saved.object, chat, saved.content, title=title)
    laptop.sync()
    desktop.sync()
    laptop.sync()
    assert laptop.seen()[chat.hex()]["title"] == desktop.seen()[chat.hex()]["title"] == "Yours"
    assert "Mine" in [offer.text.value for _, offer in edits.offers(desktop.replica)]


def test_a_reply_to_a_message_that_was_deleted_is_offered_and_gone(trio: Any) -> None:
    house, (laptop, desktop, phone) = trio
    house.now += 4000
    chat = laptop.write("Root")
    root = next(iter(reading.chat(laptop.replica, chat).nodes))
    laptop.sync()
    desktop.sync()
    desktop.say(chat, "Below it", parent=root)
    edits.delete_message(laptop.replica, chat, root)
    laptop.sync()
    desktop.sync()
    phone.sync()
    laptop.sync()
    assert phone.seen()[chat.hex()]["nodes"] == desktop.seen()[chat.hex()]["nodes"] == {}
    assert "Below it" in [offer.text.value for _, offer in edits.offers(desktop.replica)]


def test_the_devices_are_listed_with_the_day_they_were_last_heard(trio: Any) -> None:
    house, (laptop, *_rest) = trio
    laptop.sync()
    rows = {one.label: one for one in devices.shown(laptop.replica)}
    assert rows["laptop"].this
    assert rows["laptop"].last_day is not None
    assert rows["laptop"].last_day <= house.now // 86_400
