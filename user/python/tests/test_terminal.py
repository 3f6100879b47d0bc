"""The terminal chat with a fake node: what was typed is never lost, what is partial is marked."""

import asyncio
import io
from collections.abc import Callable
from pathlib import Path

import pytest
from privity_client.channel import Channel
from privity_client.cli.connection import Connection
from privity_client.cli.failure import BANNER
from privity_client.cli.options import Options
from privity_client.cli.terminal import Terminal
from privity_client.conversation import Conversation
from privity_client.errors import ClientError
from privity_client.fetch import new_client
from privity_client.testing.fake_node import ORIGIN, FakeNetwork, FakeNode, FixedSource, Script
from privity_client.wallet.opening import ServerPurse
from privity_protocol.lines import Done, Text
from prompt_toolkit.application import create_app_session
from prompt_toolkit.input import create_pipe_input
from prompt_toolkit.output import DummyOutput
from rich.console import Console

Entropy = Callable[[int], bytes]
OPTIONS = Options(ORIGIN, None, None, "", None, [], "p1", False, True, None)


class NoLogs:
    """The logs of a node that belongs to none: the terminal only shows what heads it holds."""

    seen = ()


class Room:
    """A terminal chat with keys from a pipe and a screen in memory."""

    def __init__(self, entropy: Entropy, node: FakeNode, options: Options = OPTIONS) -> None:
        self.node = node
        self.entropy = entropy
        self.options = options
        self.conversation = Conversation()
        self.screen = io.StringIO()
        self.terminal: Terminal | None = None
        self.source = FixedSource(node.verified())

    def type(self, keys: str) -> int:
        return asyncio.run(self._type(keys))

    async def _type(self, keys: str) -> int:
        async def sleep(_seconds: float) -> None: ...

        console = Console(file=self.screen, width=80, height=24, force_terminal=False, highlight=False)
        async with new_client(ORIGIN, FakeNetwork(self.node).transport()) as client:
            channel = Channel(client, self.source, clock=lambda: 1000, entropy=self.entropy, sleep=sleep)
            connected = Connection(
                channel,
                self.source,
                self.node.verified(),
                NoLogs(),  # type: ignore[arg-type]
                ServerPurse(ORIGIN, NoLogs(), Path(".")),  # type: ignore[arg-type]
            )
            with create_pipe_input() as pipe, create_app_session(input=pipe, output=DummyOutput()):
                self.terminal = Terminal(console, self.options, connected, self.conversation, [])
                self.terminal.welcome()
                pipe.send_text(keys)
                return await self.terminal.loop()

    def shown(self) -> str:
        return self.screen.getvalue()


def test_a_conversation_remembers_within_the_run(entropy: Entropy) -> None:
    room = Room(entropy, FakeNode())
    assert room.type("Hello\rAnd now?\r/quit\r") == 0
    assert b'"content":"Hello you."' in room.node.runs[1].body
    assert room.shown().count("complete") == 2
    assert BANNER in room.shown()
    assert room.shown().count("Test enclave: whoever runs this server can read this.") == 2


def test_what_was_typed_returns_after_a_failure_and_keeps_its_id(entropy: Entropy) -> None:
    room = Room(entropy, FakeNode(script=Script(inner=[(7, "restarting")])))
    room.type("A long thought\r\r/quit\r")
    assert len(room.node.runs) == 2
    assert room.node.runs[0].header.rid == room.node.runs[1].header.rid
    assert room.node.runs[0].body == room.node.runs[1].body
    assert "Your message is back in the input line." in room.shown()
    assert [turn.text for turn in room.conversation.turns] == ["A long thought", "Hello you."]


def test_an_edited_message_is_a_new_request(entropy: Entropy) -> None:
    room = Room(entropy, FakeNode(script=Script(inner=[(7, "restarting")])))
    room.type("One\r two\r/quit\r")
    assert b'"content":"One two"' in room.node.runs[1].body
    assert room.node.runs[0].header.rid != room.node.runs[1].header.rid


def test_a_partial_answer_is_marked_and_not_remembered(entropy: Entropy) -> None:
    lines = [*(Text("word " * 100) for _piece in range(20)), Done("stop")]
    node = FakeNode(script=Script(lines=lines, cuts=[2] * 99))
    room = Room(entropy, node)
    room.type("Hello\r\x01\x0b/quit\r")
    assert "not complete" in room.shown()
    assert "— complete" not in room.shown()
    assert room.conversation.turns == []


def test_a_lost_answer_begins_anew_and_says_so(entropy: Entropy) -> None:
    lines = [Text("word " * 300), Done("stop")]
    room = Room(entropy, FakeNode(script=Script(lines=lines, cuts=[2], inner=[None, (10, "gone")])))
    room.type("Hello\r/quit\r")
    assert "everything above is void" in room.shown()
    assert "— complete" in room.shown()


def test_commands(entropy: Entropy, tmp_path: Path) -> None:
    note = tmp_path / "note.txt"
    note.write_text("forty-two")
    room = Room(entropy, FakeNode())
    room.type(f"/help\r/model\r/verify\r/file {note}\r/file {tmp_path}\r/nonsense\rAsk\r/new\rAgain\r/quit\r")
    shown = room.shown()
    assert "/file PATH" in shown
    assert "● demonstration" in shown
    assert "Checks" in shown
    assert "Attached to the next message: note.txt" in shown
    assert "could not be read" in shown
    assert "/nonsense is not a command" in shown
    assert b"forty-two" in room.node.runs[0].body
    assert b"forty-two" not in room.node.runs[1].body
    assert b"Ask" not in room.node.runs[1].body


def test_end_of_input_leaves(entropy: Entropy) -> None:
    assert Room(entropy, FakeNode()).type("\x04") == 0


def test_a_model_that_is_not_there_is_named(entropy: Entropy) -> None:
    room = Room(entropy, FakeNode())

    async def none(_model: str, *, refresh: bool) -> list[object]:
        raise ClientError("no_node", "model other")

    room.source.nodes = none  # type: ignore[assignment,method-assign]
    room.type("/model other\r/quit\r")
    assert "No verified node offers" in room.shown()


def test_no_pacing_is_shown(entropy: Entropy) -> None:
    options = Options(ORIGIN, None, None, "", None, [], "p0", False, True, None)
    room = Room(entropy, FakeNode(), options)
    room.type("/quit\r")
    assert "no pacing" in room.shown()


@pytest.mark.parametrize("simulated", [True, False])
def test_the_status_line_never_hides_a_test_enclave(entropy: Entropy, simulated: bool) -> None:
    room = Room(entropy, FakeNode())
    room.type("/quit\r")
    assert room.terminal is not None
    room.terminal._node = room.node.verified(simulated=simulated)
    words = "".join(text for _style, text in room.terminal._toolbar())
    assert (BANNER in words) is simulated
    assert room.node.digest[:8] in words
