"""`privity chat`: decides between one answer and a conversation, and holds what both need."""

import asyncio
import os
import sys
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from pathlib import Path

from privity_client.chain import Chain
from privity_client.cli.ask import ask
from privity_client.cli.connection import Connection, connect
from privity_client.cli.views import JsonView, PlainView
from privity_client.conversation import MAX_FILE, MAX_TEXT, Conversation, as_text, compose, read_attachments, read_bytes
from privity_client.errors import ClientError
from privity_client.nodes import VerifiedNode
from privity_client.request import Request, chat_request

PROFILES = ("p0", "p1", "p2")
UNPACED = "traffic profile p0: no pacing; the network sees when words come"


@dataclass(frozen=True)
class Options:
    """The command line of `privity chat`."""

    url: str
    text: str | None
    once: str | None
    model: str
    system: Path | None
    files: list[Path]
    profile: str
    json: bool
    allow_simulated: bool
    development_root: Path | None


def chat(options: Options) -> int:
    """Run the command; return its exit code. Raises PrivityError when nothing could be asked."""
    if options.profile not in PROFILES:
        raise ClientError("misuse", f"--profile is one of {', '.join(PROFILES)}")
    if options.once is not None and options.text is not None:
        raise ClientError("misuse", "give the message once, either with --once or without")
    conversation = Conversation(system_text(options.system))
    attachments = read_attachments(options.files)
    terminal = sys.stdin.isatty() and sys.stdout.isatty()
    if terminal and not options.json and options.once is None:
        from privity_client.cli.terminal import converse

        return asyncio.run(converse(options, conversation, attachments))
    text = options.once if options.once is not None else options.text
    if text is None:
        text = piped_text()
    if not text.strip():
        raise ClientError("nothing_to_send")
    return asyncio.run(once(options, conversation, compose(text, attachments)))


async def once(options: Options, conversation: Conversation, text: str) -> int:
    """Ask one question into a pipe, a file or a program."""
    async with connection(options, ask_person=not options.json) as connected:
        view = JsonView() if options.json else PlainView()
        view.begin(connected.node)
        if options.profile == "p0":
            view.note("unpaced", UNPACED)
        request = new_request(options.model or default_model(connected.node), options.profile, conversation, text)
        asked = await ask(connected.channel, request, Chain(), view, restart=view.restartable)
        return asked.code


def connection(options: Options, *, ask_person: bool) -> AbstractAsyncContextManager[Connection]:
    """Return the context manager of a verified connection for these options."""
    return connect(
        options.url,
        model=options.model,
        allow_simulated=options.allow_simulated,
        development_root=options.development_root,
        ask=ask_person,
    )


def new_request(model: str, profile: str, conversation: Conversation, text: str) -> Request:
    """Return a request for `text` after everything said so far."""
    return chat_request(conversation.messages(text), model=model, profile=profile, entropy=os.urandom)


def default_model(node: VerifiedNode) -> str:
    """Return the model a node proposes: its first."""
    return node.models[0].id


def system_text(path: Path | None) -> str:
    """Return the text of --system FILE. Raises ClientError as attachments do."""
    return "" if path is None else as_text(read_bytes(path, MAX_FILE), path.name).strip()


def piped_text() -> str:
    """Return the message on standard input. Raises ClientError `nothing_to_send`, `file_too_large`, `file_not_text`."""
    if sys.stdin.isatty():
        raise ClientError("nothing_to_send")
    data = sys.stdin.buffer.read(MAX_TEXT + 1)
    if len(data) > MAX_TEXT:
        raise ClientError("file_too_large", f"standard input: more than {MAX_TEXT} bytes")
    return as_text(data, "standard input")
