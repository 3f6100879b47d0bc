"""What the command line of a chat says, and what one answer and a conversation both make of it."""

import os
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from pathlib import Path

from privity_protocol.application import Seen

from privity_client.cli.connection import Connection, connect, relay_of
from privity_client.conversation import Conversation
from privity_client.nodes import VerifiedNode
from privity_client.request import Request, chat_request

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
    continued: str = ""
    temporary: bool = False
    relay: str = ""


def connection(options: Options, *, ask_person: bool) -> AbstractAsyncContextManager[Connection]:
    """Return the context manager of a verified connection for these options."""
    return connect(
        options.url,
        model=options.model,
        allow_simulated=options.allow_simulated,
        development_root=options.development_root,
        ask=ask_person,
        relay=relay_of(options.url, options.relay),
    )


def new_request(
    model: str,
    profile: str,
    conversation: Conversation,
    text: str,
    seen: tuple[Seen, ...] = (),
    rid: bytes | None = None,
) -> Request:
    """Return a request for `text` after everything said so far; `seen` are the heads of the logs that we hold."""
    messages = conversation.messages(text)
    return chat_request(messages, model=model, profile=profile, entropy=os.urandom, seen=seen, rid=rid)


def relay_words(words: str, *, account: bool) -> str:
    """Return what a person is told of the relay, and of what does not go through it."""
    return f"{words} Your account's own requests go to the operator directly." if account else words


def default_model(node: VerifiedNode) -> str:
    """Return the model a node proposes: its first."""
    return node.models[0].id
