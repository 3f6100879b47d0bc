"""`privity verify-web`: a server's page, fetched as anybody gets it, against the build in the public log."""

import asyncio
import json
import os
from dataclasses import dataclass
from urllib.parse import urlsplit

from rich.console import Console
from rich.table import Table
from rich.text import Text

from privity_client import fetch, wellknown
from privity_client.channel import unix_time
from privity_client.cli.log_facts import LogFacts, facts, members, show_logs
from privity_client.errors import CLIENT_REASONS, Exit
from privity_client.printable import clean
from privity_client.relayed import relay
from privity_client.serve.home import home_path
from privity_client.trust.server import reach
from privity_client.web import bundle, visit
from privity_client.web.visit import Checked, Logged


@dataclass(frozen=True)
class Found:
    """A page held against the log; `ours` names the build of this installation that it is, if any."""

    checked: Checked
    origin: str
    logs: LogFacts
    ours: str | None

    @property
    def reason(self) -> str:
        """Return the reason code of what is wrong, an empty one when nothing is."""
        if self.checked.logged is None:
            return "web_not_logged"
        if any(state != "same" for state in self.checked.files.values()):
            return "web_differs"
        return "web_headers" if self.checked.headers else ""


def verify_web(url: str, *, as_json: bool) -> int:
    """Run the command; return 0 when the page is a logged build, whole and under its headers."""
    found = asyncio.run(look(url))
    if as_json:
        print(json.dumps(_document(url, found), ensure_ascii=False))
    else:
        _show(Console(highlight=False), url, found)
    return int(CLIENT_REASONS[found.reason].exit if found.reason else Exit.OK)


async def look(url: str) -> Found:
    """Fetch the page, then ask the log about it. Raises PrivityError."""
    # The page first, while nothing yet tells the server that somebody checks.
    async with fetch.new_client(url) as browser, fetch.new_client(url) as client:
        seen = await visit.page(browser, url)
        trust = await reach(client, url, home_path(dict(os.environ)))
        await trust.refresh(now=unix_time())
        hints = await fetch.get(client, f"{seen.origin}/.well-known/privity", limit=wellknown.MAX_WELL_KNOWN)
        told = wellknown.decode(hints)
        logged = visit.builds(await trust.release_leaves())
        others = [*told.logs.values(), *(one.url for one in relay.offered(hints) if one.kind == "forward")]
        reached = [told.run, *sorted({_origin(address) for address in others})]
        checked = await visit.check(browser, seen, logged, reached)
        return Found(checked, trust.pin.release, facts(trust, now=unix_time()), _ours(checked.digest))


def _ours(digest: bytes) -> str | None:
    builds = {name: bundle.find(name) for name in bundle.BUILDS}
    return next((name for name, one in builds.items() if one is not None and one.digest() == digest), None)


def _origin(address: str) -> str:
    parts = urlsplit(address)
    return f"{parts.scheme}://{parts.netloc}"


def _document(url: str, found: Found) -> dict[str, object]:
    checked = found.checked
    return {
        "url": url,
        "whole": checked.whole,
        "reason": found.reason or None,
        "page": checked.digest.hex(),
        "log": found.origin,
        "build": _build(checked.logged),
        "newest": _build(checked.newest),
        "ours": found.ours,
        "files": dict(checked.files),
        "headers": dict(checked.headers),
        "logs": members(found.logs),
    }


def _build(one: Logged | None) -> dict[str, object] | None:
    if one is None:
        return None
    page = one.web.files["index.html"].hex()
    return {"index": one.index, "version": one.web.version, "source": one.web.source, "page": page}


def _show(console: Console, url: str, found: Found) -> None:
    show_logs(console, found.logs)
    console.print(Text(f"Page of {clean(url)}", style="bold"))
    console.print(_table([("page", Text(found.checked.digest.hex())), *_facts(found)]))
    console.print(_table(_files(found.checked)))
    if found.reason:
        wrong = CLIENT_REASONS[found.reason]
        console.print(Text(f"✗ {wrong.what}", style="red"))
        console.print(Text(f"→ {wrong.do}"))
    else:
        console.print(Text("✓ What this server sent to this machine is the logged build, file by file.", style="green"))
        console.print(Text("  It may send others something else: have it checked from other places too.", style="dim"))


def _table(rows: list[tuple[str, Text]]) -> Table:
    table = Table(box=None, show_header=False, padding=(0, 2, 0, 2))
    table.add_column(style="dim", no_wrap=True)
    table.add_column(overflow="fold")
    for row in rows:
        table.add_row(*row)
    return table


def _facts(found: Found) -> list[tuple[str, Text]]:
    checked, logged, newest = found.checked, found.checked.logged, found.checked.newest
    rows: list[tuple[str, Text]] = []
    if logged is not None:
        rows.append(("build", Text(clean(logged.web.version))))
        rows.append(("commit", Text(clean(logged.web.source))))
        rows.append(("log", Text(f"✓ {clean(found.origin)}, place {logged.index}", style="green")))
    if newest is not None and (logged is None or newest.index != logged.index):
        words = f"{clean(newest.web.version)} at place {newest.index}: {newest.web.files['index.html'].hex()}"
        rows.append(("newest", Text(words, style="yellow")))
    if found.ours is not None:
        rows.append(("this disk", Text(f"✓ the {found.ours} build of this installation", style="green")))
    if logged is not None and not checked.headers:
        rows.append(("headers", Text("✓ those that hold the page together", style="green")))
    for name, came in checked.headers.items():
        rows.append((name, Text(f"✗ {'not sent' if came is None else clean(came)[:200]}", style="red")))
    return rows


def _files(checked: Checked) -> list[tuple[str, Text]]:
    marks = {"same": ("✓", "green"), "differs": ("✗ not the logged file", "red"), "missing": ("✗ not there", "red")}
    return [(clean(path), Text(*marks[state])) for path, state in checked.files.items()]
