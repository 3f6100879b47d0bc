"""Appending a page: one transaction, in the order of specs/service-api.md; and reading pages."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass

from privity_protocol.errors import Malformed, NotAuthentic
from privity_protocol.stored import header
from privity_protocol.stored import page as stored
from privity_protocol.stored.page import Page
from sqlalchemy import Connection, RowMapping, select

from privity_service.accounts import erasures, page_rows, rings
from privity_service.accounts.call import Answer, Call
from privity_service.accounts.house import House, row_of
from privity_service.accounts.limits import MAX_ANSWER, MAX_INLINE, PAGES
from privity_service.accounts.page_effects import check_bodies, check_plan, effects
from privity_service.accounts.page_rows import Chain, Places
from privity_service.accounts.problem import Problem
from privity_service.accounts.tables import PageRow
from privity_service.accounts.wire import Appended, PageEntry, PageList, PagePost, octets, spelled


@dataclass(frozen=True, slots=True)
class Posted:
    """A page that decodes and is the caller's, with its inline bodies by hash."""

    page: Page
    data: bytes
    signature: bytes
    inline: Mapping[bytes, bytes]


def post(house: House, call: Call) -> Answer:
    """`POST /v1/pages`."""
    house.counters.take(PAGES, call.caller.account + call.device)
    posted = _posted(call)
    with house.database.writing() as connection:
        made = append(connection, house, posted)
    return Answer(200, made)


def _posted(call: Call) -> Posted:
    sent = call.sent(PagePost)
    data, bodies = octets(sent.page), [octets(one) for one in sent.bodies]
    if sum(len(one) for one in bodies) > MAX_INLINE:
        raise Problem("request.too_large", "upload large bodies before the page")
    try:
        page = stored.decode(data)
    except Malformed as error:
        raise Problem("page.malformed", error.reason) from error
    if page.account != call.caller.account:
        raise Problem("page.malformed", "another account")
    if page.device != call.device:
        raise Problem("log.device", "another device than the token's")
    return Posted(page, data, octets(sent.signature), {hashlib.sha256(one).digest(): one for one in bodies})


def append(connection: Connection, house: House, posted: Posted) -> Appended:
    """Checks 3 to 10, then the writes. Raises Problem."""
    page = posted.page
    row = row_of(connection, page.account, lock=True)
    ring = rings.newest(connection, row)
    device = ring.device(page.device)
    if device is None:
        raise Problem("log.device", "a device that the keyring does not list")
    try:
        stored.verify(posted.data, posted.signature, device.key)
    except NotAuthentic:
        raise Problem("log.bad_signature") from None
    places = page_rows.places(connection, page)
    last = places.last
    again = _replayed(connection, posted, last)
    if again is not None:
        return again
    if page.keyring != row["keyring"]:
        raise Problem("log.keyring", "another keyring is the newest")
    if device.last_seq is not None:
        raise Problem("log.device", "a revoked device")
    if (page.n, page.parent) != (row["n"] + 1, row["head"]):
        raise Problem("log.moved", f"the log is at {row['n']}")
    due = (1, None) if last is None else (last.seq + 1, last.head)
    if (page.device_seq, page.device_prev) != due:
        raise Problem("log.sequence", f"the device's {page.device_seq}, expected {due[0]}")
    return _apply(connection, house, posted, row, places)


def _replayed(connection: Connection, posted: Posted, last: Chain | None) -> Appended | None:
    page = posted.page
    if last is None or page.device_seq > last.seq:
        return None
    found = page_rows.same_place(connection, page)
    if found is None or found[2] != posted.data:
        return None
    n, head, _ = found
    return Appended(n, spelled(head), erasures.of_page(connection, page.account, n))


def _apply(connection: Connection, house: House, posted: Posted, row: RowMapping, places: Places) -> Appended:
    page, account = posted.page, posted.page.account
    named = {one.body.hash: one.body.size for one in page.entries if one.body is not None}
    _check_inline(posted.inline, named)
    known, held = places.known, page_rows.held(places.bodies, posted.inline)
    check_bodies(page, held)
    made = effects(page, known)
    gone = {hash_ for hash_, change in made.uses.items() if hash_ in held and held[hash_].uses + change == 0}
    new = {hash_: data for hash_, data in posted.inline.items() if held[hash_].new}
    added = len(posted.data) + sum(map(len, new.values())) - sum(held[one].size for one in gone)
    active, stored_after = row["active"] + made.active, row["stored"] + added
    check_plan(made, house.plan(row), active=active, stored=stored_after)
    head = stored.head(posted.data)
    archived = row["archived"] + made.archived
    receipt = None
    with house.database.together(connection):
        page_rows.add_page(connection, page, posted.data, posted.signature, head)
        page_rows.write_objects(connection, account, made, known)
        page_rows.write_bodies(connection, account, made, new, gone)
        page_rows.advance(connection, page, head, active=active, archived=archived, stored=stored_after)
        if made.erased:
            receipt = erasures.write(connection, house, account, made.erased, page.n, kept_with=account)
    return Appended(page.n, spelled(head), receipt)


def _check_inline(inline: Mapping[bytes, bytes], named: Mapping[bytes, int]) -> None:
    for hash_, data in inline.items():
        if named.get(hash_) != len(data):
            raise Problem("body.hash", "a body that the page does not name, or of another size")
        try:
            header.decode(data)
        except Malformed as error:
            raise Problem("body.malformed", error.reason) from error


def get(house: House, call: Call) -> Answer:
    """`GET /v1/pages`."""
    account = call.caller.account
    with house.database.reading() as connection:
        row = row_of(connection, account)
        own = PageRow.account == account, PageRow.n > call.query["after"]
        query = select(PageRow.page, PageRow.signature).where(*own).order_by(PageRow.n).limit(call.query["limit"])
        entries: list[PageEntry] = []
        size = 0
        for page, signature in connection.execute(query):
            size += len(page)
            if entries and size > MAX_ANSWER:
                break
            entries.append(PageEntry(spelled(page), spelled(signature)))
    return Answer(200, PageList(row["n"], spelled(row["head"]), entries))
