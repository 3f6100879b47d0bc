"""What is logged and posted, how old it is, and what ends next: as values first, then for a person."""

from collections.abc import Callable
from typing import Final

from privity_attest import policy as appraisal
from privity_protocol import directory
from privity_tlog.bulletin import DIRECTORY
from privity_tlog.leaves import fleet, revocations, trust
from rich.console import Console
from rich.table import Table

from privity_image.keeper import facts
from privity_image.keeper.upkeep import WEEKLY
from privity_image.release.desk import Desk
from privity_image.release.drafts import newest_release

DAY: Final = 86_400
LATEST: Final = 8 * DAY
"""Seconds after which clients refuse revocations."""
KEYS_AGE: Final = 7200
RELEASE_AGE: Final = 7 * DAY
SOON: Final = 0.25
"""The part of its life below which something that ends is shown as due."""
Row = dict[str, object]


def rows(desk: Desk) -> list[Row]:
    """Return one row for each thing: `what`, `says`, `since` and `ends` (Unix seconds or null), `due`."""
    found = [_head(desk, "release", RELEASE_AGE), _head(desk, "keys", KEYS_AGE)]
    readers: list[Callable[[Desk], Row]] = [_policy, _fleet, _revocations, _release, _directory]
    return found + [read(desk) for read in readers]


def show(desk: Desk, console: Console) -> bool:
    """Print the rows for a person; return whether something is missing, ended or due."""
    table = Table(box=None, pad_edge=False)
    for name in ("", "what", "logged", "since", "ends"):
        table.add_column(name)
    found = rows(desk)
    for row in found:
        mark = "[red]✗[/]" if row["due"] else "[green]✓[/]"
        since, ends = (_ago(row[name], desk.now()) for name in ("since", "ends"))
        table.add_row(mark, str(row["what"]), str(row["says"]), since, ends)
    console.print(table)
    return any(row["due"] for row in found)


def _row(desk: Desk, what: str, says: str, since: int | None, ends: int | None) -> Row:
    now = desk.now()
    due = since is None or (ends is not None and (ends - now) < SOON * (ends - since))
    return {"what": what, "says": says, "since": since, "ends": ends, "due": due}


def _head(desk: Desk, name: str, age: int) -> Row:
    seen = desk.ledger.sides[name].seen
    if seen is None:
        return _row(desk, f"{name} log", "never read", None, None)
    says = f"{seen.size} leaves, {len(seen.head.witnesses)} cosignatures"
    since = seen.head.time
    return _row(
        desk, f"{name} log", says, desk.now() if since is None else since, None if since is None else since + age
    )


def _policy(desk: Desk) -> Row:
    leaf = desk.newest(trust.KIND)
    if leaf is None:
        return _row(desk, "policy", "none", None, None)
    read = trust.decode(leaf)
    document = facts.logged_appraisal(desk.release, desk.settings.state, desk.files)
    if document is None:
        return _row(desk, "policy", f"appraisal {read.appraisal_policy.hex()[:16]}… is not at hand", None, None)
    policy = appraisal.decode(document)
    says = f"appraisal {policy.name} version {policy.version}"
    return _row(desk, "policy", says, policy.issued_at, policy.expires_at)


def _fleet(desk: Desk) -> Row:
    leaf = desk.newest(fleet.KIND)
    if leaf is None:
        return _row(desk, "fleet", "none", None, None)
    read = fleet.decode(leaf)
    return _row(desk, "fleet", f"{len(read.platforms)} machines, {len(read.keys)} keys", read.time, None)


def _revocations(desk: Desk) -> Row:
    leaf = desk.newest(revocations.KIND)
    if leaf is None:
        return _row(desk, "revocations", "none", None, None)
    read = revocations.decode(leaf)
    says = f"{len(read.releases)} releases, {len(read.keys)} keys, {len(read.platforms)} platforms"
    row = _row(desk, "revocations", says, read.time, read.time + LATEST)
    return {**row, "due": desk.now() - read.time > WEEKLY + DAY}


def _release(desk: Desk) -> Row:
    newest = newest_release(desk.release)
    if newest is None:
        return _row(desk, "release", "none", None, None)
    _, read = newest
    flags = f" ({', '.join(read.flags)})" if read.flags else ""
    began = read.not_before <= desk.now()
    says = f"{read.name} {read.version}{flags}{'' if began else ', not yet in force'}"
    return _row(desk, "release", says, read.not_before, None)


def _directory(desk: Desk) -> Row:
    entry = desk.ledger.keys.newest.get(DIRECTORY)
    if entry is None:
        return _row(desk, "directory", "none", None, None)
    read = directory.decode(entry.leaf)
    return _row(desk, "directory", f"{len(read.nodes)} nodes", read.nbf, read.exp)


def _ago(value: object, now: int) -> str:
    if not isinstance(value, int):
        return "–"
    seconds = abs(value - now)
    unit = next((one for one in (("d", DAY), ("h", 3600), ("min", 60)) if seconds >= 2 * one[1]), ("s", 1))
    text = f"{seconds // unit[1]} {unit[0]}"
    return f"in {text}" if value > now else f"{text} ago"
