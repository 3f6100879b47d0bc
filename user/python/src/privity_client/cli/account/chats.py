"""`privity chats list|show|search|offers|sync`: what a person reads of their history."""

import asyncio
from datetime import UTC, datetime

from privity_vault.contents.chat import Node, Role, State
from privity_vault.tree import siblings
from rich.markdown import Markdown
from rich.table import Table
from rich.text import Text

from privity_client.cli.account import stage
from privity_client.history import edits, reading
from privity_client.history.reading import Listed, ShownChat
from privity_client.history.session import session
from privity_client.printable import clean

SHORT = 8
"""Letters of an id in a list: what the commands take."""
NAMES = {Role.USER: "You", Role.ASSISTANT: "Answer", Role.SYSTEM: "Instructions", Role.TOOL: "Tool"}
STATES = {
    State.STOPPED: "stopped by you: not complete",
    State.CUT: "cut off: not complete",
    State.FAILED: "not complete",
}


def listed(archived: bool, as_json: bool) -> int:
    """Show the list. Returns the exit code. Raises PrivityError."""
    return asyncio.run(_listed(archived, as_json))


async def _listed(archived: bool, as_json: bool) -> int:
    async with stage.opened_account() as found:
        rows = [one for one in reading.listing(found.replica) if archived or one.active]
        if as_json:
            stage.as_json({"chats": [_row(one) for one in rows], **stage.facts(found)})
            return 0
        out = stage.console()
        stage.standing(found, out)
        if not rows:
            out.print("No chats yet. `privity chat` begins one.")
            return 0
        table = Table(box=None, pad_edge=False, header_style="dim")
        for name, how in (("Id", "left"), ("Title", "left"), ("Messages", "right")):
            table.add_column(name, justify="right" if how == "right" else "left", no_wrap=name == "Id")
        for one in rows:
            title = ("★ " if one.pinned else "") + one.title + ("" if one.active else "  (archived)")
            table.add_row(Text(one.id.hex()[:SHORT], style="cyan"), stage.plain(title), str(one.messages))
        out.print(table)
        waiting = found.replica.store.waits()
        if waiting:
            out.print(
                Text(
                    f"\n{stage.counted(waiting, 'change')} to be sent; `privity chats sync` sends them now.",
                    style="dim",
                )
            )
        return 0


def _row(one: Listed) -> dict[str, object]:
    return {
        "id": one.id.hex(),
        "title": one.title,
        "active": one.active,
        "pinned": one.pinned,
        "messages": one.messages,
    }


def show(chat: str, as_json: bool) -> int:
    """Show one chat. Returns the exit code. Raises PrivityError."""
    return asyncio.run(_show(chat, as_json))


async def _show(chat: str, as_json: bool) -> int:
    async with stage.opened_account() as found:
        saved = reading.chat(found.replica, reading.named(found.replica, chat))
        if as_json:
            stage.as_json({"chat": _whole(saved), **stage.facts(found)})
            return 0
        out = stage.console()
        stage.standing(found, out)
        out.print(Text(clean(saved.title), style="bold") + Text(f"  {saved.id.hex()[:SHORT]}", style="dim"))
        for id_ in saved.shown:
            node = saved.nodes[id_]
            versions = siblings(saved.tree, id_)
            place = f" · version {versions.index(id_) + 1} of {len(versions)}" if len(versions) > 1 else ""
            out.print()
            head = Text(NAMES[node.role], style="bold cyan" if node.role is Role.USER else "bold green")
            out.print(head + Text(f"  {moment(node)}{place}", style="dim"))
            body = clean(reading.text_of(node))
            out.print(Markdown(body) if node.role is Role.ASSISTANT else Text(body))
            if node.state in STATES:
                out.print(Text(f"[{STATES[node.state]}]", style="yellow"))
        return 0


def moment(node: Node) -> str:
    """When a message was written, in local time."""
    when = datetime.fromtimestamp(node.time / 1000, UTC).astimezone()
    return when.strftime("%Y-%m-%d %H:%M")


def _whole(saved: ShownChat) -> dict[str, object]:
    nodes = [
        {
            "id": id_.hex(),
            "parent": None if node.parent is None else node.parent.hex(),
            "role": node.role.name.lower(),
            "state": node.state.name.lower(),
            "time": node.time,
            "text": reading.text_of(node),
            "reasoning": reading.reasoning_of(node),
        }
        for id_, node in sorted(saved.nodes.items(), key=lambda one: (one[1].time, one[0]))
    ]
    shown = [one.hex() for one in saved.shown]
    return {"id": saved.id.hex(), "title": saved.title, "active": saved.active, "messages": nodes, "shown": shown}


def search(words: str, as_json: bool) -> int:
    """Find messages. Returns the exit code. Raises PrivityError."""
    return asyncio.run(_search(words, as_json))


async def _search(words: str, as_json: bool) -> int:
    async with stage.opened_account() as found:
        hits = list(reading.search(found.replica, words))
        if as_json:
            rows = [
                {"chat": one.chat.hex(), "title": one.title, "message": one.node.hex(), "excerpt": one.excerpt}
                for one in hits
            ]
            stage.as_json({"found": rows, **stage.facts(found)})
            return 0
        out = stage.console()
        stage.standing(found, out)
        for one in hits:
            out.print(Text(one.chat.hex()[:SHORT], style="cyan") + Text("  ") + Text(clean(one.title), style="bold"))
            said = stage.plain(f"{NAMES[one.role]}: {one.excerpt}")
            said.highlight_words(words.split(), "bold yellow", case_sensitive=False)
            out.print(Text("          ") + said)
        out.print(Text(stage.counted(len(hits), "message"), style="dim"))
        return 0


def offers(discard: bool, as_json: bool) -> int:
    """Show texts that lost their place. Returns the exit code. Raises PrivityError."""
    return asyncio.run(_offers(discard, as_json))


async def _offers(discard: bool, as_json: bool) -> int:
    async with stage.opened_account() as found:
        rows, out = edits.offers(found.replica), stage.console()
        if as_json:
            stage.as_json({"offers": [{"was": one.title.value, "text": one.text.value} for _, one in rows]})
        for _, one in rows if not as_json else []:
            out.print(Text(f"— {clean(one.title.value)}", style="dim"))
            out.print(stage.plain(one.text.value))
        if not rows and not as_json:
            out.print("Nothing lost its place.")
        if discard:
            with found.replica.store.transaction():
                for id_, _ in rows:
                    found.replica.store.set_offer(id_, None)
        return 0


def sync(as_json: bool) -> int:
    """Read and write now. Returns the exit code. Raises PrivityError."""
    return asyncio.run(_sync(as_json))


async def _sync(as_json: bool) -> int:
    async with session(stage.folder()) as found:
        before = found.replica.position.n
        written = await found.synchronise(now=True)
        if as_json:
            stage.as_json(
                {"read": found.replica.position.n - before - written, "written": written, **stage.facts(found)}
            )
            return 0
        out = stage.console()
        stage.standing(found, out)
        out.print(Text(f"✓ In step with the service at page {found.replica.position.n}.", style="green"))
        return 0
