"""`privity share create|list|revoke|show`: links to one branch of a chat."""

import asyncio
import time
from datetime import UTC, datetime
from typing import Final
from urllib.parse import urlsplit

from privity_vault.share import LIFETIMES_S, Snapshot
from rich.markdown import Markdown
from rich.table import Table
from rich.text import Text

from privity_client import fetch
from privity_client.cli.account import stage
from privity_client.errors import ClientError
from privity_client.history import reading, sharing
from privity_client.history.http import Service
from privity_client.history.session import Session
from privity_client.history.sharing import Shared
from privity_client.printable import clean

LIFETIMES: Final = dict(zip(("1h", "1d", "7d", "30d"), LIFETIMES_S, strict=True))
NAMES: Final = {"user": "Question", "assistant": "Answer"}
SHORT: Final = 8


def create(chat: str, lifetime: str, yes: bool, as_json: bool) -> int:
    """Share the branch of a chat that is shown. Returns the exit code. Raises PrivityError."""
    if lifetime not in LIFETIMES:
        raise ClientError("misuse", f"--for takes {', '.join(LIFETIMES)}")
    return asyncio.run(_create(chat, lifetime, yes, as_json))


async def _create(chat: str, lifetime: str, yes: bool, as_json: bool) -> int:
    async with stage.opened_account() as found:
        wanted = reading.named(found.replica, chat)
        shown = sharing.snapshot(found.replica, wanted)
        question = (
            f"Share “{clean(shown.title)}” with {len(shown.messages)} messages? Whoever has the link can read it."
        )
        if not stage.agreed(question, yes=yes):
            return 1
        flow = sharing.create(found.replica, found.way, wanted, origin=_origin(found), lifetime=LIFETIMES[lifetime])
        made = await found.run(flow)
        await found.try_to_synchronise(now=False)
        if as_json:
            stage.as_json({**_row(made), **stage.facts(found)})
            return 0
        out = stage.console()
        stage.standing(found, out)
        out.print(Text(made.link, style="bold"), soft_wrap=True)
        out.print(Text(f"Until {_moment(made.content.expiry)}. Taking it back does not reach copies.", style="dim"))
        return 0


def listed(as_json: bool) -> int:
    """Show the links that are out. Returns the exit code. Raises PrivityError."""
    return asyncio.run(_listed(as_json))


async def _listed(as_json: bool) -> int:
    async with stage.opened_account() as found:
        rows = sharing.listed(found.replica, origin=_origin(found))
        if as_json:
            stage.as_json({"shares": [_row(one) for one in rows], **stage.facts(found)})
            return 0
        out = stage.console()
        stage.standing(found, out)
        if not rows:
            out.print("No links are out.")
            return 0
        table = Table(box=None, pad_edge=False, header_style="dim")
        for name in ("Id", "Chat", "Until"):
            table.add_column(name)
        titles = {one.id: one.title for one in reading.listing(found.replica)}
        for one in rows:
            title = titles.get(one.content.chat, "a chat that is gone")
            table.add_row(
                Text(one.content.share.hex()[:SHORT], style="cyan"), stage.plain(title), _moment(one.content.expiry)
            )
        out.print(table)
        return 0


def revoke(link: str) -> int:
    """Take a link back. Returns the exit code. Raises PrivityError."""
    return asyncio.run(_revoke(link))


async def _revoke(link: str) -> int:
    async with stage.opened_account() as found:
        shared = sharing.named(found.replica, link, origin=_origin(found))
        await found.run(sharing.revoke(found.replica, found.way, shared))
        await found.try_to_synchronise(now=False)
        out = stage.console()
        stage.standing(found, out)
        out.print(Text("✓ The link shows nothing any more. Copies that were read stay read.", style="green"))
        return 0


def show(link: str, as_json: bool) -> int:
    """Show what a link holds; no account is needed. Returns the exit code. Raises PrivityError."""
    return asyncio.run(_show(link, as_json))


async def _show(link: str, as_json: bool) -> int:
    parts = urlsplit(link)
    origin = stage.origin_of(f"{parts.scheme}://{parts.netloc}")
    async with fetch.new_client(origin) as client:
        shown = await Service(client, origin).run(sharing.fetch(link, now=int(time.time())))
    if as_json:
        stage.as_json(_whole(shown))
        return 0
    out = stage.console()
    out.print(Text(clean(shown.title), style="bold"))
    for one in shown.messages:
        out.print()
        style = "bold cyan" if one.role == "user" else "bold green"
        out.print(Text(NAMES[one.role], style=style) + Text(f"  {_moment(one.time)}", style="dim"))
        body = clean(one.text)
        out.print(Markdown(body) if one.role == "assistant" else Text(body))
    return 0


def _whole(shown: Snapshot) -> dict[str, object]:
    messages = [{"role": one.role, "text": one.text, "time": one.time} for one in shown.messages]
    return {"title": shown.title, "messages": messages}


def _row(one: Shared) -> dict[str, object]:
    content = one.content
    return {"id": content.share.hex(), "chat": content.chat.hex(), "expiry": content.expiry, "link": one.link}


def _origin(found: Session) -> str:
    return found.replica.opened.origin


def _moment(at: int) -> str:
    return datetime.fromtimestamp(at, UTC).astimezone().strftime("%Y-%m-%d %H:%M")
