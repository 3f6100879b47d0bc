"""The process dies at every writing and at every call, each time twice: what was written is lost, or it was kept.

Afterwards the device opens what is on its disk, goes on, and all devices show the same; what was acknowledged is there.
"""

import contextlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from history_stand import Cut, House, Machine
from privity_client.history import checking, devices, drafts, edits, reading
from privity_client.history.calls import Call, Reply
from privity_client.history.store import Store
from privity_vault.contents.chat import Node, Role, State, Text

pytestmark = pytest.mark.slow


class Dying(Store):
    """Dies at the commit number `at`; `kept` says whether the bytes were on the disk by then."""

    at = 0
    kept = False
    count = 0

    def commit(self) -> None:
        Dying.count += 1
        if Dying.count != Dying.at:
            super().commit()
            return
        if Dying.kept:
            super().commit()
        else:
            self._db.execute("ROLLBACK")
        raise Cut


@pytest.fixture(scope="module")
def pair(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[House, Machine, Machine]]:
    folder = tmp_path_factory.mktemp("crash")
    house = House(folder)
    first = house.create(folder / "first")
    yield house, first, house.link(folder / "second", first)
    house.close()


def steps(mark: str) -> list[Callable[[Machine, dict[str, Any]], None]]:
    """What the person does; `kept` remembers what was acknowledged."""

    def begin(machine: Machine, kept: dict[str, Any]) -> None:
        kept["chat"] = machine.write(f"{mark} begins")
        kept["texts"] = [f"{mark} begins"]

    def reply(machine: Machine, kept: dict[str, Any]) -> None:
        node = Node(kept["chat"], None, Role.ASSISTANT, (Text(f"{mark} answer"),), None, None, State.COMPLETE, 1)
        id_ = machine.replica.entropy(16)
        drafts.save(machine.replica, id_, node)
        drafts.finish(machine.replica, id_, node)
        kept["texts"].append(f"{mark} answer")

    def rename(machine: Machine, kept: dict[str, Any]) -> None:
        saved = reading.chat(machine.replica, kept["chat"])
        assert saved.object is not None
        assert saved.content is not None
        edits.change(machine.replica, saved.object, saved.id, saved.content, title=f"{mark} renamed")

    def other(machine: Machine, kept: dict[str, Any]) -> None:
        kept["gone"] = machine.write(f"{mark} goes")

    def remove(machine: Machine, kept: dict[str, Any]) -> None:
        edits.delete_chat(machine.replica, kept["gone"])

    def sync(machine: Machine, _kept: dict[str, Any]) -> None:
        machine.sync()

    return [begin, sync, reply, rename, other, sync, remove, sync]


def live(machine: Machine, mark: str) -> tuple[Machine, dict[str, Any]]:
    """Do all steps; a step in which the process dies is not done again."""
    kept: dict[str, Any] = {}
    for step in steps(mark):
        needed = {"reply": "chat", "rename": "chat", "remove": "gone"}.get(step.__name__)
        if needed is not None and needed not in kept:
            continue
        try:
            step(machine, kept)
        except Cut:
            machine = machine.reopen(Dying)
            drafts.rescue(machine.replica)
    return machine, kept


def settled(house: House, machine: Machine, other: Machine, kept: dict[str, Any]) -> None:
    house.before.clear()
    house.tricks.clear()
    house.now += 61  # so that the service's limits do not count one run with the next
    machine.sync()
    other.sync()
    machine.sync()
    assert machine.seen() == other.seen()
    assert checking.local(machine.replica).troubled == {}
    assert machine.replica.store.waiting() == []
    shown = machine.seen().get(kept["chat"].hex(), {"nodes": {}}) if "chat" in kept else {"nodes": {}}
    texts = {said for _, parts in shown["nodes"].values() for said in parts}
    assert set(kept.get("texts", [])) <= texts


@pytest.mark.parametrize("kept_on_disk", [False, True], ids=["lost", "kept"])
def test_the_process_dies_at_every_writing(pair: Any, kept_on_disk: bool) -> None:
    house, first, second = pair
    Dying.kept, Dying.at, at = kept_on_disk, 0, 0
    machine = first.reopen(Dying)
    while True:
        at += 1
        Dying.at, Dying.count = at, 0
        machine, kept = live(machine, f"{kept_on_disk}{at}")
        reached = Dying.count >= at
        Dying.at = 0
        settled(house, machine, second, kept)
        if not reached:
            break
    assert at > 15
    pair[1].replica = machine.replica


@pytest.mark.parametrize("arrived", [False, True], ids=["lost", "arrived"])
def test_the_connection_breaks_at_every_call(pair: Any, arrived: bool) -> None:
    house, first, second = pair
    machine, at = first.reopen(Dying), 0
    Dying.at = 0
    while True:
        at += 1
        left = [at]

        def due(left: list[int] = left) -> bool:
            left[0] -= 1
            return left[0] == 0

        def before(_call: Call, due: Callable[[], bool] = due) -> None:
            if not arrived and due():
                raise Cut

        def after(_call: Call, reply: Reply, due: Callable[[], bool] = due) -> Reply:
            if arrived and due():
                raise Cut
            return reply

        house.before.append(before)
        house.tricks.append(after)
        machine, kept = live(machine, f"call {arrived}{at}")
        settled(house, machine, second, kept)
        if left[0] > 0:
            break
    assert at >= 8
    pair[1].replica = machine.replica


@pytest.mark.parametrize("arrived", [False, True], ids=["lost", "arrived"])
def test_a_rotation_is_finished_by_whoever_comes_next(tmp_path: Path, arrived: bool) -> None:
    house = House(tmp_path)
    laptop = house.create(tmp_path / "laptop")
    desktop = house.recover(tmp_path / "desktop", laptop.code)
    laptop.write("Before")
    laptop.sync()
    for at in range(1, 9):
        house.now += 3600
        phone = house.link(tmp_path / f"phone{at}", laptop)
        laptop.sync()
        laptop.prove()
        left = [at]

        def cut(left: list[int] = left) -> None:
            left[0] -= 1
            if left[0] == 0:
                raise Cut

        house.before[:] = [lambda _call, cut=cut: None if arrived else cut()]
        house.tricks[:] = [lambda _call, reply, cut=cut: (cut() if arrived else None) or reply]
        with contextlib.suppress(Cut):
            house.run(devices.revoke(laptop.replica, laptop.way, phone.replica.opened.device))
        house.before.clear()
        house.tricks.clear()
        laptop = laptop.reopen()
        desktop.sync()
        laptop.sync()
        desktop.sync()
        assert laptop.seen() == desktop.seen() != {}
        assert laptop.replica.opened.half.past == {}
        assert checking.local(desktop.replica).troubled == {}
        laptop.say(laptop.replica.chats()[0], f"After {at}")
        laptop.sync()
    assert house.recover(tmp_path / "tablet", laptop.code).seen() == laptop.seen()
    house.close()
