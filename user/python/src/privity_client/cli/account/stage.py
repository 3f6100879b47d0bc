"""What the commands of an account share: opening it, asking a person, saying where the service stands."""

import getpass
import json
import os
import platform
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from urllib.parse import urlsplit

from privity_vault import recovery
from privity_vault.recovery import RecoveryLetters
from rich.console import Console
from rich.text import Text

from privity_client.cli.failure import text as failure_text
from privity_client.errors import ClientError, words_for
from privity_client.history import access, announcing
from privity_client.history.opened import DAY_S
from privity_client.history.session import Folder, Session, session
from privity_client.printable import clean
from privity_client.serve.home import home_path


def console() -> Console:
    """Where people read."""
    return Console(highlight=False)


def folder() -> Folder:
    """Where the account of this machine lies."""
    return Folder(home_path(dict(os.environ)) / "account")


def origin_of(url: str) -> str:
    """The origin that a person named, in the spelling that is signed. Raises ClientError `misuse`."""
    try:
        parts = urlsplit(url.strip())
        host, port = (parts.hostname or "").lower(), parts.port
    except ValueError as error:
        raise ClientError("misuse", "--url is not an address") from error
    local = host in ("localhost", "127.0.0.1")
    if not host or parts.scheme not in ("http", "https") or (parts.scheme == "http" and not local):
        raise ClientError("misuse", "--url of an account is https://HOST, or http://localhost:PORT")
    name = "localhost" if parts.scheme == "http" else host
    return f"{parts.scheme}://{name}" + (f":{port}" if port is not None else "")


def device_label(given: str) -> str:
    """How this machine is called in the account."""
    return (given.strip() or platform.node() or "terminal").encode()[:96].decode("utf-8", "ignore")


def person() -> None:
    """Raises ClientError `terminal_needed` where nobody can be asked."""
    if not (sys.stdin.isatty() and sys.stdout.isatty()):
        raise ClientError("terminal_needed")


def asked(question: str) -> str:
    """Return the line that a person types; the end of input is an empty one."""
    sys.stdout.write(question)
    sys.stdout.flush()
    return sys.stdin.readline().strip()


def day(number: int | None) -> str:
    """A day as a date."""
    return "never" if number is None else datetime.fromtimestamp(number * DAY_S, UTC).strftime("%Y-%m-%d")


def agreed(question: str, *, yes: bool) -> bool:
    """Ask for a yes, unless it was given on the command line. Anything else is no."""
    if yes:
        return True
    person()
    return asked(f"{question} [y/N] ").lower() in ("y", "yes")


def typed_code() -> RecoveryLetters:
    """Ask for the recovery code, unseen. Raises ClientError `terminal_needed`, VaultError `recovery.*`."""
    person()
    return recovery.read(getpass.getpass("Recovery code: "))


def secret(question: str) -> str:
    """Ask for something that is not shown while it is typed. Raises ClientError `terminal_needed`."""
    person()
    return getpass.getpass(question)


async def prove(opened: Session) -> None:
    """A fresh proof, before something that gives keys away or takes them. Raises ServiceRefused, VaultError."""
    letters = typed_code()
    opened.way.fresh = await opened.run(access.with_code(letters, origin=opened.replica.opened.origin))


@asynccontextmanager
async def opened_account(*, now: bool = False) -> AsyncIterator[Session]:
    """The account of this machine, after trying to read what is new. Raises ClientError `no_account`, VaultError."""
    async with session(folder()) as found:
        await found.try_to_synchronise(now=now)
        yield found


def standing(found: Session, out: Console) -> None:
    """Say what the person must know before reading on: stopped, away, rescued, offered."""
    replica = found.replica
    if found.problem is not None and words_for(found.problem).exit != 5:
        out.print(Text(failure_text(found.problem), style="red"))
    elif found.problem is not None:
        out.print(Text("· offline: this is what this machine has", style="yellow"))
    if replica.stopped is not None and (found.problem is None or found.problem.reason != replica.stopped):
        out.print(Text(f"✗ Writing is stopped: {replica.stopped}. See `privity verify-history`.", style="red"))
    for one in announcing.news(replica):
        undo = "privity devices" + ("" if one.device is None else f" revoke {one.device.hex()[:8]}")
        out.print(plain(f"! On {day(one.day)} {one.what}. If that was not you: `{undo}`."), style="bold yellow")
    if found.rescued:
        out.print(
            Text(
                f"· kept what there was of {counted(found.rescued, 'answer')} when this machine stopped", style="yellow"
            )
        )
    lost = len(replica.store.troubled())
    if lost:
        out.print(
            Text(f"· {counted(lost, 'part')} cannot be read: `privity verify-history` asks again", style="yellow")
        )
    if replica.store.offers():
        out.print(Text("· texts of yours lost their place: `privity chats offers`", style="yellow"))


def facts(found: Session) -> dict[str, object]:
    """The same for programs."""
    return {
        "problem": None if found.problem is None else found.problem.reason,
        "stopped": found.replica.stopped,
        "waiting": found.replica.store.waits(),
        "unreadable": len(found.replica.store.troubled()),
        "offers": len(found.replica.store.offers()),
    }


def as_json(value: object) -> None:
    """One JSON object on a line."""
    print(json.dumps(value, ensure_ascii=False), flush=True)


def plain(text: str) -> Text:
    """Text of a person or a model, without what a terminal would obey."""
    return Text(clean(text))


def counted(number: int, what: str) -> str:
    """A number of things in words."""
    return f"{number} {what}" + ("" if number == 1 else "s")


Work = Callable[[Session], None]
