"""A title by the model: only where the person switched it on, once for a chat, and never in the way of anything."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from history_stand import House, Machine
from privity_client.answer import Answer
from privity_client.cli.account.kept import Kept
from privity_client.cli.account.titles import entitle, one_line
from privity_client.commands import Complete, Line
from privity_client.conversation import Conversation
from privity_client.errors import ClientError
from privity_client.history import preferences, reading
from privity_client.history.keeping import Keeper
from privity_client.history.session import Session
from privity_client.request import Request
from privity_protocol.lines import Done, Text


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    made = House(tmp_path)
    yield made
    made.close()


@pytest.fixture
def laptop(house: House, tmp_path: Path) -> Machine:
    (tmp_path / "laptop").mkdir()
    return house.create(tmp_path / "laptop")


class Model:
    """Answers every question with one text, or fails; what was asked is kept."""

    def __init__(self, text: str | None) -> None:
        self.text = text
        self.asked: list[bytes] = []

    async def ask(self, request: Request, _chain: object) -> AsyncIterator[object]:
        self.asked.append(request.body)
        if self.text is None:
            raise ClientError("unreachable")
        yield Line(Text(self.text))
        yield Line(Done("stop"))
        yield Complete()


def talk(laptop: Machine, model: Model) -> tuple[str | None, bytes]:
    """A first question and its answer, kept, and a title if one is wanted."""
    keeper, conversation = Keeper(laptop.replica), Conversation()
    answer = Answer(raw="Very well.")
    answer.complete()
    keeper.asked("How is the canary in the mine?")
    keeper.answered(answer)
    conversation.add("How is the canary in the mine?", "Very well.", "complete")
    kept = Kept(Session(laptop.replica, laptop.way, None), keeper)  # type: ignore[arg-type]
    connected: Any = SimpleNamespace(channel=model, trust=SimpleNamespace(seen=()))
    title = asyncio.run(entitle(kept, connected, conversation, model="demo", profile="p1"))
    assert keeper.chat is not None
    return title, keeper.chat


def test_without_the_switch_nothing_is_asked(laptop: Machine) -> None:
    model = Model("Canaries")
    title, chat = talk(laptop, model)
    assert (title, model.asked) == (None, [])
    assert reading.chat(laptop.replica, chat).title == "How is the canary in the mine?"


def test_with_the_switch_the_model_names_the_chat_once(laptop: Machine) -> None:
    preferences.change(laptop.replica, titles=True)
    model = Model('\n"Canaries   under\tground"\nand more')
    title, chat = talk(laptop, model)
    assert title == "Canaries under ground"
    assert reading.chat(laptop.replica, chat).title == title
    assert len(model.asked) == 1
    assert b"How is the canary" in model.asked[0]


@pytest.mark.parametrize("text", [None, "", "  \n ", '""'])
def test_a_title_that_does_not_come_changes_nothing(laptop: Machine, text: str | None) -> None:
    preferences.change(laptop.replica, titles=True)
    title, chat = talk(laptop, Model(text))
    assert title is None
    assert reading.chat(laptop.replica, chat).title == "How is the canary in the mine?"


def test_the_switch_is_that_of_the_account(house: House, laptop: Machine, tmp_path: Path) -> None:
    preferences.change(laptop.replica, titles=True)
    laptop.sync()
    (tmp_path / "phone").mkdir()
    phone = house.link(tmp_path / "phone", laptop)
    assert preferences.read(phone.replica).titles.value
    preferences.change(phone.replica, titles=False)
    phone.sync()
    laptop.sync()
    assert not preferences.read(laptop.replica).titles.value


def test_a_title_is_one_line_of_bounded_length() -> None:
    assert one_line("# Birds **") == "Birds"
    assert one_line("\x1b[31mred") == one_line("\x1b[31mred").strip()
    assert len(one_line("ä" * 4000).encode()) <= 128
