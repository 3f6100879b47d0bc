"""The rows that an append reads and writes."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

from privity_protocol.stored.page import Page
from sqlalchemy import Connection, Insert, Update

from privity_service.accounts import page_statements as statements
from privity_service.accounts.page_effects import Effects, Held, Known


@dataclass(frozen=True, slots=True)
class Chain:
    """Where a device's own pages are."""

    seq: int
    head: bytes


@dataclass(frozen=True, slots=True)
class Places:
    """What is stored before a page: its device's newest page, its ids, and the bodies that it or they name."""

    last: Chain | None
    known: Mapping[bytes, Known]
    bodies: Mapping[bytes, Held]


def places(connection: Connection, page: Page) -> Places:
    """Look up all that an append needs. The account's row is locked before."""
    ids = [one.object for one in page.entries]
    hashes = [one.body.hash for one in page.entries if one.body is not None]
    named = {"of": page.account, "by": page.device, "ids": ids, "hashes": hashes}
    last: Chain | None = None
    known: dict[bytes, Known] = {}
    bodies: dict[bytes, Held] = {}
    for what, name, body, number, more in connection.execute(statements.PLACES, named):
        if what == statements.LAST:
            last = Chain(number, name)
        elif what == statements.KNOWN:
            known[name] = Known(number, more, body)
        else:
            bodies[name] = Held(number, more, new=False)
    return Places(last, known, bodies)


def same_place(connection: Connection, page: Page) -> tuple[int, bytes, bytes] | None:
    """Number, head and bytes of the page that has this device and sequence."""
    named = {"of": page.account, "by": page.device, "at": page.device_seq}
    found = connection.execute(statements.PAGE_OF_DEVICE, named).first()
    return None if found is None else (found.n, found.head, found.page)


def held(stored: Mapping[bytes, Held], inline: Mapping[bytes, bytes]) -> dict[bytes, Held]:
    """The bodies that are here: stored, staged, or inline."""
    return {hash_: Held(len(data), 0, new=True) for hash_, data in inline.items()} | dict(stored)


def add_page(connection: Connection, page: Page, data: bytes, signature: bytes, head: bytes) -> None:
    """Add the page itself."""
    row = {"account": page.account, "n": page.n, "device": page.device, "device_seq": page.device_seq}
    connection.execute(statements.ADD_PAGE, row | {"head": head, "page": data, "signature": signature})


def write_objects(connection: Connection, account: bytes, made: Effects, before: Mapping[bytes, Known]) -> None:
    """Write what the page makes of its ids."""
    new = [
        {"account": account, "id": id_, "version": one.version, "kind": one.kind, "body": one.body}
        for id_, one in made.objects.items()
        if id_ not in before
    ]
    changed = [
        {"of": account, "named": id_, "to_version": one.version, "to_kind": one.kind, "to_body": one.body}
        for id_, one in made.objects.items()
        if id_ in before
    ]
    _each(connection, statements.ADD_OBJECTS, new)
    _each(connection, statements.CHANGE_OBJECTS, changed)


def write_bodies(
    connection: Connection, account: bytes, made: Effects, new: Mapping[bytes, bytes], gone: Collection[bytes]
) -> None:
    """Add the new bodies, count uses, erase those that nothing names any more."""
    added = [
        {"account": account, "hash": one, "size": len(data), "uses": made.uses[one], "staged_until": None, "data": data}
        for one, data in new.items()
    ]
    moved = [
        {"of": account, "named": hash_, "more": change}
        for hash_, change in made.uses.items()
        if change and hash_ not in new and hash_ not in gone
    ]
    _each(connection, statements.ADD_BODIES, added)
    _each(connection, statements.USE_BODIES, moved)
    if gone:
        connection.execute(statements.DROP_BODIES, {"of": account, "hashes": list(gone)})


def _each(connection: Connection, statement: Insert | Update, rows: list[dict[str, Any]]) -> None:
    """Execute for each row. PostgreSQL's driver makes two round trips more of a list, also of one."""
    if rows:
        connection.execute(statement, rows if len(rows) > 1 else rows[0])


def advance(connection: Connection, page: Page, head: bytes, *, active: int, archived: int, stored: int) -> None:
    """Move the account's head and counts."""
    counts = {"to_active": active, "to_archived": archived, "to_stored": stored}
    connection.execute(statements.ADVANCE, {"of": page.account, "to_n": page.n, "to_head": head, **counts})
