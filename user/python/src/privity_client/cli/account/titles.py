"""A title by the model: one question more, only where the person switched it on. Else it is the first words."""

from contextlib import aclosing
from typing import Final

from privity_protocol.errors import PrivityError
from privity_vault.contents.chat import MAX_TITLE

from privity_client.answer import Answer
from privity_client.chain import Chain
from privity_client.cli.account.kept import Kept
from privity_client.cli.connection import Connection
from privity_client.cli.options import new_request
from privity_client.commands import Complete, Line
from privity_client.conversation import Conversation
from privity_client.history import edits, preferences, reading
from privity_client.printable import clean

QUESTION: Final = "Give this conversation a title of at most six words. Answer with the title alone."
FIRST: Final = 2
"""Turns after which a title is asked for: a question and its answer."""


async def entitle(
    kept: Kept, connected: Connection, conversation: Conversation, *, model: str, profile: str
) -> str | None:
    """Ask for a title after the first answer of a chat, and give it. Return it, None where none was wanted or came.

    A failure changes nothing: the chat keeps its first words as its title.
    """
    replica, chat = kept.session.replica, kept.keeper.chat
    if chat is None or len(conversation.turns) != FIRST or not preferences.read(replica).titles.value:
        return None
    try:
        title = await _asked(connected, conversation, model, profile)
    except PrivityError:
        return None
    saved = reading.chat(replica, chat)
    if not title or saved.object is None or saved.content is None:
        return None
    edits.change(replica, saved.object, chat, saved.content, title=title)
    return title


async def _asked(connected: Connection, conversation: Conversation, model: str, profile: str) -> str:
    request = new_request(model, profile, conversation, QUESTION, connected.trust.seen)
    answer = Answer()
    async with aclosing(connected.channel.ask(request, Chain())) as events:
        async for event in events:
            if isinstance(event, Line):
                answer.take(event.value)
            elif isinstance(event, Complete):
                answer.complete()
    return one_line(answer.raw)


def one_line(text: str) -> str:
    """Return a title as a list shows it: the first line that says anything, without marks around it."""
    line = next((one for one in clean(text).splitlines() if one.strip()), "")
    whole = " ".join(line.split()).strip("\"'“”„#*. ")
    return whole.encode()[: MAX_TITLE // 8].decode("utf-8", "ignore").strip()
