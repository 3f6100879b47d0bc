"""The terminal chat: a line to type, an answer that grows, a status line that never hides a test enclave."""

import time
from collections.abc import Callable
from pathlib import Path

from privity_protocol.errors import PrivityError
from prompt_toolkit import PromptSession
from prompt_toolkit.formatted_text import FormattedText
from prompt_toolkit.history import InMemoryHistory
from prompt_toolkit.key_binding import KeyBindings, KeyPressEvent
from prompt_toolkit.styles import Style
from rich.console import Console
from rich.text import Text

from privity_client.chain import Chain
from privity_client.cli.account.kept import Kept, keeping_chat
from privity_client.cli.ask import ask
from privity_client.cli.connection import Connection
from privity_client.cli.failure import BANNER
from privity_client.cli.failure import text as failure_text
from privity_client.cli.keys import typed_ahead
from privity_client.cli.live import LiveView
from privity_client.cli.options import UNPACED, Options, connection, default_model, new_request, relay_words
from privity_client.cli.views import View
from privity_client.conversation import Attachment, Conversation, compose, read_attachments
from privity_client.nodes import VerifiedNode
from privity_client.request import Request

HELP = """\
/new            forget this conversation and start another
/file PATH      attach a text file to the next message
/model [ID]     show the models of this server, or change to one
/verify         show what was verified about the node
/help           this list
/quit           leave (also Ctrl-D)

Enter sends; Alt-Enter starts a new line. Ctrl-C stops an answer and keeps its text."""
TEMPORARY = "Nothing of this conversation is written to disk."
KEPT = "This chat is kept in your account, sealed, and sent some minutes after it was written; --temporary keeps none."
_STYLE = Style.from_dict({"bottom-toolbar": "noreverse", "warning": "bold ansiyellow", "facts": "ansibrightblack"})


async def converse(options: Options, conversation: Conversation, attachments: list[Attachment]) -> int:
    """Run the chat until the user leaves. Returns the exit code. Raises PrivityError before the first question."""
    console = Console(highlight=False)
    async with keeping_chat(options, conversation) as kept, connection(options, ask_person=True) as connected:
        if kept is not None:
            await kept.compare(options.url, connected.trust)
        room = Terminal(console, options, connected, conversation, attachments, kept)
        room.welcome()
        if options.text is not None and options.text.strip():
            await room.answer(options.text)
        return await room.loop()


class Terminal:
    """One conversation at one terminal. `draft` holds what was typed and not yet answered."""

    def __init__(
        self,
        console: Console,
        options: Options,
        connected: Connection,
        conversation: Conversation,
        attachments: list[Attachment],
        kept: Kept | None = None,
    ) -> None:
        self._kept = kept
        self._console = console
        self._options = options
        self._connected = connected
        self._conversation = conversation
        self._attachments = attachments
        self._model = options.model or default_model(connected.node)
        self._chain = Chain()
        self._node: VerifiedNode = connected.node
        self._draft = ""
        self._unanswered: tuple[str, Request] | None = None

    def welcome(self) -> None:
        """Say where the messages go, and what protects them."""
        node = self._node
        if node.simulated:
            self._console.print(Text(f" {BANNER} ", style="bold black on yellow"))
        self._console.print(Text(f"Verified: {node.release}, {kind_words(node)}, {clock(node.appraised_at)}"))
        model = next((offered for offered in node.models if offered.id == self._model), None)
        if model is not None:
            label = " (demonstration: a small model that knows little)" if model.demonstration else ""
            self._console.print(Text(f"Model: {model.display}{label}"))
        if self._connected.relayed:
            self._console.print(Text(f"· {relay_words(self._connected.relayed, account=self._kept is not None)}"))
        if self._options.profile == "p0":
            self._console.print(Text(f"· {UNPACED}", style="yellow"))
        if self._attachments:
            self._console.print(Text(f"Attached: {', '.join(item.name for item in self._attachments)}"))
        if self._conversation.turns:
            self._console.print(Text(f"Continuing after {len(self._conversation.turns)} messages.", style="dim"))
        self._console.print(Text("/help shows the commands, Ctrl-D leaves.\n", style="dim"))

    async def loop(self) -> int:
        """Read and answer until the end of input or /quit."""
        session: PromptSession[str] = PromptSession(history=InMemoryHistory(), key_bindings=_keys(), style=_STYLE)
        while True:
            try:
                typed = await session.prompt_async(
                    "› ", default=self._draft, multiline=True, bottom_toolbar=self._toolbar, prompt_continuation="  "
                )
            except EOFError:
                return 0
            except KeyboardInterrupt:
                self._draft = ""
                continue
            self._draft = ""
            if not typed.strip():
                continue
            if typed.lstrip().startswith("/"):
                if not await self._command(typed.strip()):
                    return 0
                continue
            await self.answer(typed)

    async def answer(self, text: str) -> None:
        """Ask `text`. When that fails the text returns to the input line, and sending it unchanged keeps its id."""
        request = await self._request(text)
        view: View = LiveView(self._console)
        if self._kept is not None:
            self._kept.keeper.asked(compose(text, self._attachments))
            view = self._kept.watch(view)
        with typed_ahead():
            view.begin(self._node)
            asked = await ask(self._connected.channel, request, self._chain, view, restart=True)
        self._node = self._chain.node or self._node
        if asked.error is not None:
            self._draft, self._unanswered = text, (text, request)
            self._console.print(Text("  Your message is back in the input line.\n", style="dim"))
            return
        self._unanswered = None
        self._conversation.add(compose(text, self._attachments), asked.answer.raw, asked.answer.state)
        self._attachments = []
        self._console.print()
        await self._entitle()

    async def _entitle(self) -> None:
        if self._kept is None:
            return
        from privity_client.cli.account.titles import entitle

        profile = self._options.profile
        await entitle(self._kept, self._connected, self._conversation, model=self._model, profile=profile)

    async def _request(self, text: str) -> Request:
        if self._unanswered is not None and self._unanswered[0] == text:
            return self._unanswered[1]
        composed = compose(text, self._attachments)
        seen = self._connected.trust.seen
        rid = await self._connected.channel.request_id()
        return new_request(self._model, self._options.profile, self._conversation, composed, seen, rid)

    async def _command(self, typed: str) -> bool:
        word, _, rest = typed.partition(" ")
        actions: dict[str, Callable[[str], None]] = {
            "/help": lambda _rest: self._console.print(Text(f"{HELP}\n{TEMPORARY if self._kept is None else KEPT}")),
            "/new": self._new,
            "/file": self._attach,
            "/verify": self._verify,
        }
        if word == "/quit":
            return False
        if word == "/model":
            await self._choose_model(rest.strip())
        elif word in actions:
            actions[word](rest.strip())
        else:
            self._console.print(Text(f"{word} is not a command; /help shows them.", style="yellow"))
        self._console.print()
        return True

    def _new(self, _rest: str) -> None:
        self._conversation.clear()
        if self._kept is not None:
            self._kept.keeper.leave()
        self._chain.drop()
        self._attachments = []
        self._unanswered = None
        last = "forgotten" if self._kept is None else "kept"
        self._console.print(Text(f"A new conversation; the last one is {last}."))

    def _attach(self, rest: str) -> None:
        try:
            self._attachments += read_attachments([Path(rest).expanduser()])
        except PrivityError as error:
            self._console.print(Text(failure_text(error), style="red"))
        else:
            self._console.print(Text(f"Attached to the next message: {self._attachments[-1].name}"))

    def _verify(self, _rest: str) -> None:
        from privity_client.cli.record import render

        render(self._console, self._node.record)

    async def _choose_model(self, wanted: str) -> None:
        if wanted:
            try:
                nodes = await self._connected.source.nodes(wanted, refresh=True)
            except PrivityError as error:
                self._console.print(Text(failure_text(error), style="red"))
                return
            self._model, self._node = wanted, nodes[0]
            self._chain.drop()
        for model in self._node.models:
            mark = "●" if model.id == self._model else "○"
            label = " · demonstration" if model.demonstration else ""
            self._console.print(Text(f"{mark} {model.id} · {model.display} · {model.context} tokens{label}"))

    def _toolbar(self) -> FormattedText:
        node = self._node
        facts = f"node {node.digest[:8]} · {node.release} · verified {clock(node.appraised_at)} · {self._model}"
        lines: list[tuple[str, str]] = []
        if node.simulated:
            lines.append(("class:warning", f"{BANNER}\n"))
        lines.append(("class:facts", facts[: max(20, self._console.width)]))
        return FormattedText(lines)


def kind_words(node: VerifiedNode) -> str:
    """Return the kind of hardware in words."""
    return "test enclave" if node.simulated else node.kind


def clock(moment: int) -> str:
    """Return local time of day."""
    return time.strftime("%H:%M", time.localtime(moment))


def _keys() -> KeyBindings:
    keys = KeyBindings()

    @keys.add("enter")
    def _send(event: KeyPressEvent) -> None:
        event.current_buffer.validate_and_handle()

    @keys.add("escape", "enter")
    def _line(event: KeyPressEvent) -> None:
        event.current_buffer.insert_text("\n")

    return keys
