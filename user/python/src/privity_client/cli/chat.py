"""`privity chat`: decides between one answer and a conversation."""

import asyncio
import sys
from pathlib import Path

from privity_client.chain import Chain
from privity_client.cli.account.kept import keeping_chat
from privity_client.cli.ask import ask
from privity_client.cli.options import UNPACED, Options, connection, default_model, new_request, relay_words
from privity_client.cli.views import JsonView, PlainView, View
from privity_client.conversation import MAX_FILE, MAX_TEXT, Conversation, as_text, compose, read_attachments, read_bytes
from privity_client.errors import ClientError

PROFILES = ("p0", "p1", "p2")


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
    async with (
        keeping_chat(options, conversation) as kept,
        connection(options, ask_person=not options.json) as connected,
    ):
        if kept is not None:
            await kept.compare(options.url, connected.trust)
        shown = JsonView() if options.json else PlainView()
        view: View = shown if kept is None else kept.watch(shown)
        view.begin(connected.node)
        if connected.relayed:
            view.note("relay", relay_words(connected.relayed, account=kept is not None))
        if options.profile == "p0":
            view.note("unpaced", UNPACED)
        model = options.model or default_model(connected.node)
        rid = await connected.channel.request_id()
        request = new_request(model, options.profile, conversation, text, connected.trust.seen, rid)
        if kept is not None:
            kept.keeper.asked(text)
        asked = await ask(connected.channel, request, Chain(), view, restart=shown.restartable)
        return asked.code


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
