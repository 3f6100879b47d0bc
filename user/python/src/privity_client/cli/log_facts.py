"""What was checked of a server's public logs, for a person and for programs: position, witnesses, ages, releases."""

import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from privity_attest import release as release_document
from privity_protocol.errors import PrivityError
from privity_tlog.head import Head
from rich.console import Console
from rich.table import Table
from rich.text import Text

from privity_client.printable import clean
from privity_client.trust.server import Server

NO_QUORUM: Final = "no quorum: you accepted that nobody but the server vouches for its log"


@dataclass(frozen=True)
class LogFact:
    """One verified head: origin, leaves, and each witness with the age of its word in seconds."""

    origin: str
    size: int
    witnesses: Mapping[str, int]


@dataclass(frozen=True)
class ReleaseFact:
    """One logged release: its name, its place in the log, its flags, and whether it was withdrawn."""

    name: str
    index: int
    flags: tuple[str, ...]
    revoked: bool


@dataclass(frozen=True)
class LogFacts:
    """Everything that `privity verify` says of the logs. `quorum` is false when no witness was asked for."""

    deploy: str
    quorum: bool
    logs: tuple[LogFact, ...]
    releases: tuple[ReleaseFact, ...]
    revocations_age: int


def facts(trust: Server, *, now: int) -> LogFacts:
    """Return what the last refresh of `trust` established, with ages at `now` (Unix seconds)."""
    found = trust.standing
    posted = found.posted
    return LogFacts(
        deploy=found.pin.deploy,
        quorum=found.pin.asks_for_witnesses,
        logs=tuple(_log(head, now) for head in (posted.release_head, posted.keys_head)),
        releases=tuple(
            _release(entry.leaf, entry.index, digest in posted.revocations.releases)
            for digest, entry in posted.releases.items()
        ),
        revocations_age=max(0, now - posted.revocations.time),
    )


def _log(head: Head, now: int) -> LogFact:
    ages = {name: max(0, now - at) for name, at in head.witnesses}
    return LogFact(head.checkpoint.origin, head.checkpoint.size, ages)


def _release(leaf: bytes, index: int, revoked: bool) -> ReleaseFact:
    try:
        read = release_document.decode(leaf)
    except PrivityError:
        return ReleaseFact("a release that cannot be read", index, (), revoked)
    return ReleaseFact(f"{read.name} {read.version}", index, read.flags, revoked)


def members(logs: LogFacts) -> dict[str, object]:
    """Return the facts as JSON members."""
    return {
        "deploy": logs.deploy,
        "quorum": logs.quorum,
        "heads": [{"origin": one.origin, "size": one.size, "witnesses": dict(one.witnesses)} for one in logs.logs],
        "releases": [
            {"name": one.name, "index": one.index, "flags": list(one.flags), "revoked": one.revoked}
            for one in logs.releases
        ],
        "revocations_age": logs.revocations_age,
    }


def show_logs(console: Console, logs: LogFacts) -> None:
    """Print the facts: one row for each log, one for each release."""
    console.print(Text(f"Public log of {clean(logs.deploy)}", style="bold"))
    table = Table(box=None, show_header=False, padding=(0, 2, 0, 2))
    table.add_column(style="dim", no_wrap=True)
    table.add_column(overflow="fold")
    for one in logs.logs:
        seen = ", ".join(f"{clean(name)} {_age(age)} ago" for name, age in one.witnesses.items())
        leaves = "1 leaf" if one.size == 1 else f"{one.size} leaves"
        words = f"✓ {leaves}, seen by {seen}" if logs.quorum else f"✓ {leaves}"
        table.add_row(clean(one.origin), Text(words, style="green"))
    for release in logs.releases:
        flags = f", {', '.join(release.flags)}" if release.flags else ""
        state = Text("✗ withdrawn", style="red") if release.revoked else Text("✓ logged", style="green")
        table.add_row(clean(release.name), state + Text(f" at place {release.index}{clean(flags)}"))
    table.add_row("withdrawn", f"list of {_age(logs.revocations_age)} ago")
    console.print(table)
    if not logs.quorum:
        console.print(Text(f"  {NO_QUORUM}", style="yellow"))
    console.print()


def _age(seconds: int) -> str:
    if seconds < 120:
        return f"{seconds} s"
    if seconds < 7200:
        return f"{seconds // 60} min"
    return f"{seconds // 3600} h" if seconds < 172_800 else f"{seconds // 86_400} days"


def moment(at: int) -> str:
    """Return a time as a person reads it."""
    return time.strftime("%Y-%m-%d %H:%M", time.localtime(at))
