"""`privity-image collateral fetch` and `status`."""

import asyncio
import time
from pathlib import Path

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from privity_image.cli import ALARM, DONE, FAILED
from privity_image.collateral import run
from privity_image.collateral.download import Download
from privity_image.collateral.item import Period
from privity_image.collateral.settings import Settings, load
from privity_image.collateral.store import Folder
from privity_image.collateral.watch import Alarm, acknowledgement, day
from privity_image.errors import Failed
from privity_image.trust import PINNED, Roots

DAY = 86_400


def fetch(path: Path, *, roots: Roots = PINNED, now: int | None = None) -> int:
    """Run once; print a line per item and per alarm. Return the exit code. Raises Failed."""
    settings = load(path)
    moment = int(time.time()) if now is None else now
    folder = Folder(settings.folder)
    outcomes = asyncio.run(_fetched(settings, folder, roots, moment))
    console = Console(highlight=False, soft_wrap=True)
    for label, error in outcomes:
        console.print(f"[green]✓[/] {label}" if error is None else f"[red]✗[/] {label}: {escape(str(error))}")
    found = run.watch(settings, folder, moment)
    _tell(console, found)
    if found:
        return ALARM
    return FAILED if any(error for _, error in outcomes) else DONE


async def _fetched(settings: Settings, folder: Folder, roots: Roots, now: int) -> list[tuple[str, Failed | None]]:
    async with Download(deadline=settings.deadline, proxy=settings.proxy) as download:
        return await run.fetch(settings, folder, download, roots=roots, now=now)


def status(path: Path, *, now: int | None = None) -> int:
    """Print the table of dates and the alarms. Return the exit code. Raises Failed."""
    settings = load(path)
    moment = int(time.time()) if now is None else now
    folder = Folder(settings.folder)
    folder.load()
    Console(highlight=False).print(_table(folder, moment))
    lines = Console(highlight=False, soft_wrap=True)
    for label, entry in sorted(folder.entries.items()):
        if entry.failure:
            lines.print(f"[red]✗[/] {label}: last try on {day(entry.tried_at)}: {escape(entry.failure)}")
    found = run.watch(settings, folder, moment)
    _tell(lines, found)
    _hint(lines, folder, settings, moment)
    return ALARM if found else DONE


def _table(folder: Folder, now: int) -> Table:
    table = Table(title=str(folder.path), title_justify="left")
    for name in ("file", "date of", "until", "days left", "state"):
        table.add_column(name)
    for label in sorted(folder.entries):
        shown = label
        for one in folder.entries[label].periods:
            state, colour = _state(one, now)
            table.add_row(
                shown, escape(one.what), day(one.until), f"{(one.until - now) // DAY}", f"[{colour}]{state}[/]"
            )
            shown = ""
    return table


def _state(one: Period, now: int) -> tuple[str, str]:
    if now >= one.until:
        return "ended", "red"
    return ("past half", "yellow") if now >= one.half else ("good", "green")


def _tell(console: Console, found: list[Alarm]) -> None:
    for one in found:
        console.print(f"[yellow]![/] {one.label}: {escape(one.text)}")


def _hint(console: Console, folder: Folder, settings: Settings, now: int) -> None:
    """What only its vendor can renew may be acknowledged; everything else is renewed by fetching."""
    for label, entry in sorted(folder.entries.items()):
        for one in entry.periods:
            known = acknowledgement(label, one)
            if one.kind == "certificate" and one.half <= now < one.until and known not in settings.acknowledged:
                console.print(f'· if you know of it, add to acknowledged: "{escape(known)}"')
