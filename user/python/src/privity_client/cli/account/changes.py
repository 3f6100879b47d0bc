"""`privity chats rename|archive|delete|export|import`: what a person changes, takes away and brings."""

import asyncio
import os
import time
from pathlib import Path

from privity_vault import passphrase
from rich.text import Text

from privity_client.cli.account import stage
from privity_client.errors import ClientError
from privity_client.history import edits, reading, takeout
from privity_client.history.session import Session
from privity_client.history.takeout import Preview

NAMES = {takeout.OWN: "Privity", "chatgpt": "ChatGPT", "claude": "Claude"}


def rename(chat: str, title: str, now: bool) -> int:
    """Give a chat another title. Returns the exit code. Raises PrivityError."""

    def work(found: Session) -> None:
        saved = reading.chat(found.replica, reading.named(found.replica, chat))
        if saved.object is None or saved.content is None:
            raise ClientError("chat_unknown", chat)
        edits.change(found.replica, saved.object, saved.id, saved.content, title=title.strip())

    return asyncio.run(_changed(work, now, "Renamed."))


def archive(chat: str, undo: bool, now: bool) -> int:
    """Archive a chat, or make it active. Returns the exit code. Raises PrivityError."""

    def work(found: Session) -> None:
        edits.archive(found.replica, reading.named(found.replica, chat), active=undo)

    return asyncio.run(_changed(work, now, "Active again." if undo else "Archived."))


def delete(chat: str, yes: bool, now: bool) -> int:
    """Delete a chat. Returns the exit code. Raises PrivityError."""

    def work(found: Session) -> None:
        saved = reading.chat(found.replica, reading.named(found.replica, chat))
        question = f"Delete “{saved.title}” with {len(saved.nodes)} messages, on all devices?"
        if not stage.agreed(question, yes=yes):
            raise ClientError("misuse", "nothing was deleted")
        edits.delete_chat(found.replica, saved.id)

    return asyncio.run(_changed(work, now, "Deleted."))


async def _changed(work: stage.Work, now: bool, words: str) -> int:
    """Make a change, durable on this machine; it leaves with whatever is due, so that no chat's moment shows."""
    async with stage.opened_account() as found:
        work(found)
        await found.try_to_synchronise(now=now)
        out = stage.console()
        stage.standing(found, out)
        waits = found.replica.store.waits() > 0
        out.print(Text(f"✓ {words}", style="green") + Text(" It leaves with what waits." if waits else "", style="dim"))
        return 0


def export(file: Path, encrypt: bool) -> int:
    """Write everything into a zip file, encrypted on demand. Returns the exit code. Raises PrivityError."""
    return asyncio.run(_export(file, encrypt))


async def _export(file: Path, encrypt: bool) -> int:
    async with stage.opened_account() as found:
        out = stage.console()
        stage.standing(found, out)
        try:
            handle = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        except OSError as error:
            raise ClientError("output_failed", f"{file}: {error.strerror}") from error
        words = passphrase.make(os.urandom(passphrase.ENTROPY)) if encrypt else None
        with os.fdopen(handle, "wb") as target:
            library = takeout.write_out(found.replica, target, time=int(time.time()), words=words, entropy=os.urandom)
        chats = stage.counted(len(library.chats), "chat")
        messages = sum(len(one.nodes) for one in library.chats)
        out.print(Text(f"✓ {chats} with {stage.counted(messages, 'message')} written to {file}.", style="green"))
        if words is None:
            out.print(Text("  The file is not encrypted: whoever has it reads everything.", style="yellow"))
        else:
            out.print(Text("  Encrypted. These seven words open it, and nothing else does; they are shown only now:"))
            out.print(Text(f"  {passphrase.written(words)}", style="bold"))
        return 0


def bring_in(file: Path, yes: bool) -> int:
    """Bring an export in. Returns the exit code. Raises PrivityError."""
    if not file.is_file():
        raise ClientError("file_unreadable", str(file))
    return asyncio.run(_bring_in(file, yes))


async def _bring_in(file: Path, yes: bool) -> int:
    async with stage.opened_account() as found:
        out = stage.console()
        words = passphrase.read(stage.secret("The seven words: ")) if takeout.is_encrypted(file) else None
        preview = takeout.preview_of(found.replica, file, words=words)
        out.print(described(preview))
        if not stage.agreed("Bring it in? Chats arrive archived.", yes=yes):
            return 1
        new = takeout.bring_in(found.replica, preview)
        with out.status("Sending what was brought in"):
            await found.try_to_synchronise(now=True)
        stage.standing(found, out)
        out.print(
            Text(f"✓ {stage.counted(new, 'new chat')}; `privity chats list --archived` shows all.", style="green")
        )
        return 0


def described(preview: Preview) -> Text:
    """What an import would bring, in words."""
    chats = stage.counted(len(preview.library.chats), "chat")
    text = Text(f"{NAMES[preview.source]}: {chats} with {stage.counted(preview.messages, 'message')}.")
    for kind, count in sorted(preview.unknown.items()):
        text += Text("\n· ", style="yellow") + stage.plain(f"{count} × {kind} becomes labelled text")
    for kind, count in sorted(preview.left_out.items()):
        text += Text("\n· ", style="yellow") + stage.plain(f"{count} × {kind} is left out")
    return text
