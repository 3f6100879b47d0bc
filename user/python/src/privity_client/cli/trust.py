"""`privity trust`: which public logs count for a server, what is remembered, what changed between releases."""

import asyncio
import json
import os
import shutil
from dataclasses import dataclass, replace
from pathlib import Path

from privity_attest import release as release_document
from privity_attest.release import Release
from privity_protocol.errors import PrivityError
from privity_tlog.limits import MAX_POLICY
from rich.console import Console
from rich.table import Table
from rich.text import Text

from privity_client.channel import unix_time
from privity_client.cli.connection import relay_of
from privity_client.cli.log_facts import facts, members, moment, show_logs
from privity_client.errors import ClientError
from privity_client.printable import clean
from privity_client.relayed import chosen
from privity_client.relayed.way import open_client
from privity_client.serve.home import home_path
from privity_client.trust import pins, remembered
from privity_client.trust.differences import differences
from privity_client.trust.pins import Pin
from privity_client.trust.server import open_server


@dataclass(frozen=True)
class Pinning:
    """The command line of `privity trust pin`; what is None stays as it is pinned."""

    url: str
    policy: Path | None
    deploy: str | None
    release: str | None
    keys: str | None
    accept_no_quorum: bool
    hold_back: int | None
    auditors: list[str] | None


def pin(asked: Pinning) -> int:
    """Pin a server, or change its pin. Raises ClientError `pin_unusable`, `no_quorum`, `file_unreadable`."""
    place = _place(asked.url)
    known = pins.read(place)
    text = _policy(asked.policy) if asked.policy is not None else None if known is None else known.policy
    if text is None:
        raise ClientError("misuse", "--policy FILE is needed for a server that is not pinned yet")
    base = known or Pin(asked.deploy or "local", text, asked.release or "", asked.keys or "")
    origins = _origins(text)
    fresh = replace(
        base,
        policy=text,
        deploy=asked.deploy or base.deploy,
        release=asked.release or base.release or origins.get("release", ""),
        keys=asked.keys or base.keys or origins.get("keys", ""),
        no_quorum=asked.accept_no_quorum or (base.no_quorum and asked.policy is None),
        hold_back=base.hold_back if asked.hold_back is None else asked.hold_back,
        auditors=base.auditors if asked.auditors is None else tuple(asked.auditors),
    )
    pins.write(place, fresh)
    _print_pin(Console(highlight=False), asked.url, fresh)
    return 0


def show(url: str, *, as_json: bool) -> int:
    """Show the pin, what is remembered, and what the server posts now."""
    place = _place(url)
    known = _pinned(place, url)
    memory = remembered.read(place)

    async def ask() -> dict[str, object]:
        async with open_client(url, relay_of(url, "")) as client:
            trust = open_server(client, url, home_path(dict(os.environ)))
            await trust.refresh(now=unix_time())
            found = facts(trust, now=unix_time())
            if not as_json:
                show_logs(Console(highlight=False), found)
            return members(found)

    if not as_json:
        _print_pin(Console(highlight=False), url, known)
    logs = asyncio.run(ask())
    if as_json:
        views = {origin: view.head.size for origin, view in memory.views.items()}
        print(json.dumps({"url": url, "folder": str(place), "remembered": views, "logs": logs}, ensure_ascii=False))
    return 0


def evidence(url: str, *, as_json: bool) -> int:
    """List what is kept against a log that lied."""
    kept = sorted((_place(url) / "evidence").glob("*.json"))
    if as_json:
        print(json.dumps({"url": url, "evidence": [str(path) for path in kept]}))
        return 0
    console = Console(highlight=False)
    if not kept:
        console.print(Text("Nothing is kept against this server's logs.", style="green"))
    for path in kept:
        document = json.loads(path.read_text())
        words = f"{moment(int(document['time']))}  {document['reason']}  {clean(str(document['origin']))}"
        console.print(Text(words, style="red"))
        console.print(Text(f"  {path}: both notes are signed by the log; show them to others.", style="dim"))
    return 0


def forget(url: str) -> int:
    """Forget pin and memory of a server; evidence stays, and the relay that hides the address from its operator."""
    place = _place(url)
    for name in ("pin.json", "remembered.json"):
        (place / name).unlink(missing_ok=True)
    if place.exists() and not any((place / name).exists() for name in ("evidence", chosen.FILE)):
        shutil.rmtree(place)
    Console(highlight=False).print(Text(f"{url} is not pinned any more."))
    return 0


def upgrades(url: str, *, as_json: bool) -> int:
    """Say what changed between the releases that the server posts, in plain words."""
    place = _place(url)
    known = _pinned(place, url)

    async def ask() -> list[tuple[int, Release, int]]:
        async with open_client(url, relay_of(url, "")) as client:
            trust = open_server(client, url, home_path(dict(os.environ)))
            found = await trust.refresh(now=unix_time())
            seen = remembered.read(place).releases
            rows = []
            for digest, entry in found.posted.releases.items():
                try:
                    rows.append((entry.index, release_document.decode(entry.leaf), seen.get(digest.hex(), 0)))
                except PrivityError:
                    continue
            return sorted(rows, key=lambda row: row[0])

    rows = asyncio.run(ask())
    if as_json:
        print(
            json.dumps({"url": url, "releases": [_row(rows, at, known) for at in range(len(rows))]}, ensure_ascii=False)
        )
        return 0
    console = Console(highlight=False)
    for at, (index, release, since) in enumerate(rows):
        console.print(Text(f"{clean(release.name)} {clean(release.version)}, place {index} of the log", style="bold"))
        for sentence in differences(rows[at - 1][1], release) if at else ():
            console.print(Text(f"  {clean(sentence)}"))
        if since:
            until = since + known.hold_back * 3600
            console.print(Text(f"  first seen {moment(since)}; {_held(until)}", style="dim"))
    return 0


def _row(rows: list[tuple[int, Release, int]], at: int, known: Pin) -> dict[str, object]:
    index, release, since = rows[at]
    changes = list(differences(rows[at - 1][1], release)) if at else []
    held_until = since + known.hold_back * 3600 if since and known.hold_back else None
    name = f"{release.name} {release.version}"
    return {"name": name, "index": index, "changes": changes, "first_seen": since or None, "held_until": held_until}


def _held(until: int) -> str:
    return f"held back until {moment(until)}" if until > unix_time() else "not held back"


def _place(url: str) -> Path:
    return pins.folder(home_path(dict(os.environ)), url)


def _pinned(place: Path, url: str) -> Pin:
    known = pins.read(place)
    if known is None:
        raise ClientError("not_pinned", url)
    return known


def _policy(path: Path) -> str:
    try:
        with path.open("rb") as file:
            return file.read(MAX_POLICY + 1).decode()
    except (OSError, UnicodeDecodeError) as error:
        raise ClientError("file_unreadable", f"{path} cannot be read as a log policy") from error


def _origins(text: str) -> dict[str, str]:
    """Return the origins of a policy's logs by their last part: `release` and `keys` where they are named so."""
    words = (line.split() for line in text.splitlines())
    names = [row[1].partition("+")[0] for row in words if len(row) > 1 and row[0] == "log"]
    return {name.rpartition("/")[2]: name for name in names}


def _print_pin(console: Console, url: str, known: Pin) -> None:
    table = Table(box=None, show_header=False, padding=(0, 2, 0, 2))
    table.add_column(style="dim", no_wrap=True)
    table.add_column(overflow="fold")
    table.add_row("deployment", clean(known.deploy))
    table.add_row("logs", clean(f"{known.release}, {known.keys}"))
    named = ", ".join(known.witnesses.witnesses)
    table.add_row("witnesses", clean(named) if known.asks_for_witnesses else "none asked for: you accepted that")
    table.add_row("new releases", f"held back for {known.hold_back} h" if known.hold_back else "used at once")
    if known.auditors:
        table.add_row("auditors", clean(", ".join(known.auditors)))
    console.print(Text(f"Pinned for {url}", style="bold"))
    console.print(table)
