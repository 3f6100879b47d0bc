"""An account's history in the Python client: from the disk to the list of chats, and what one new message costs.

Messages are written by one device and read by another, through the real account service in this process.
"""

import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from figure import Figure, at_most, median
from privity_client.history import custody, edits, opened, reading
from privity_client.history.calls import Call, Reply
from privity_client.history.replica import Replica
from privity_client.history.store import Store
from privity_vault.contents.chat import Role

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tests/interop"))

from history_stand import Chance, House, Machine

IN_A_CHAT = 20
LIST_GOAL_S = 1.0
ROUNDS = 5


def run(*, quick: bool) -> list[Figure]:
    """The figures. The largest history takes minutes to write, so only the whole run has it."""
    figures: list[Figure] = []
    for size in (1_000, 5_000) if quick else (1_000, 10_000, 20_000, 100_000):
        with tempfile.TemporaryDirectory() as folder:
            figures += _of(Path(folder), size)
    return figures


def _of(folder: Path, size: int) -> list[Figure]:
    house = House(folder)
    writer = house.create(folder / "writer")
    reader = house.link(folder / "reader", writer)
    _fill(house, writer, size)
    house.now += 61
    first = _seconds(lambda: _synchronise(house, reader))
    figures = [Figure(f"first synchronisation of {size} messages", f"{first:.1f} s", "", None)]
    if size in (5_000, 20_000):
        lists = median([_seconds(lambda: _list(folder / "reader")) for _ in range(ROUNDS)])
        figures.append(at_most(f"unlock to chat list, {size} messages", lists, LIST_GOAL_S, "s"))
    seconds, sent = [], []
    chat = writer.replica.chats()[0]
    for number in range(ROUNDS):
        writer.say(chat, f"One more, {number}")
        writer.push()
        house.calls.clear()
        received = _count(house)
        seconds.append(_seconds(reader.pull))
        sent.append(sum(received) + sum(len(str(call.json or "")) + len(call.path) for call in house.calls))
        house.tricks.clear()
    value = f"{median([float(one) for one in sent]):.0f} bytes, {median(seconds) * 1000:.1f} ms"
    figures.append(Figure(f"reading one new message after {size}", value, "", None))
    house.close()
    return figures


def _fill(house: House, writer: Machine, size: int) -> None:
    for start in range(0, size, IN_A_CHAT):
        with writer.replica.store.transaction():
            chat = edits.new_chat(writer.replica, title=f"Chat {start}", active=False)
            parent = None
            for number in range(min(IN_A_CHAT, size - start)):
                role = Role.ASSISTANT if number % 2 else Role.USER
                text = f"Message {start + number} says a few words, as messages do."
                parent = writer.say(chat, text, parent=parent, role=role)
        if start % 1000 == 0:
            house.now += 61
            writer.push()
    house.now += 61
    writer.push()


def _synchronise(house: House, reader: Machine) -> None:
    house.now += 1
    reader.pull()


def _list(folder: Path) -> None:
    """What `privity chats list` does offline: open the account, open the titles, count the messages."""
    signing = custody.read(folder / "device.key")
    store = Store(folder / "history.db")
    found = opened.load(store, signing)
    assert reading.listing(Replica(store, found, lambda: 0, Chance("list")))
    store.close()


def _count(house: House) -> list[int]:
    sizes: list[int] = []

    def trick(_call: Call, reply: Reply) -> Reply:
        sizes.append(len(reply.data))
        return reply

    house.tricks.append(trick)
    return sizes


def _seconds(work: Callable[[], object]) -> float:
    began = time.perf_counter()
    work()
    return time.perf_counter() - began
