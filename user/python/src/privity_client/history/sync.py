"""Reads the log to its end, and appends what waits here by compare-and-set on its head.

Source: specs/page.md, specs/service-api.md.
"""

from collections.abc import Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from hashlib import sha256
from typing import Final

from privity_protocol.errors import Malformed
from privity_protocol.stored import page as stored
from privity_protocol.stored.page import MAX_ENTRIES, Body, Entry, Op
from privity_vault import box as boxes
from privity_vault import opener, page
from privity_vault.errors import VaultError
from privity_vault.page import SignedPage

from privity_client.history import answers, erasure, intake, opened, reconcile
from privity_client.history.access import Access
from privity_client.history.answers import Delivery, Keyrings
from privity_client.history.calls import Call, Flow, text_of
from privity_client.history.reasons import ServiceRefused
from privity_client.history.replica import Replica
from privity_client.history.store import Waiting

FETCHED: Final = 200
"""Hashes asked for at once."""
INLINE: Final = 2**20
"""Bytes of bodies that go with their page."""
TRIES: Final = 16
"""Times that a page is rebuilt because others wrote meanwhile."""
FETCHES: Final = 64
STOPPING: Final = frozenset({"log", "keyring", "page"})
MOVED: Final = frozenset({"log.moved", "log.keyring", "log.sequence", "log.version", "log.resurrected"})
"""Answers to a page that reading the log's newest pages explains."""


@dataclass(frozen=True, slots=True)
class Pulled:
    """What reading brought."""

    pages: int
    offered: int


def pull(replica: Replica, access: Access) -> Flow[Pulled]:
    """Read to the end, verify, merge. Raises VaultError, Malformed, ServiceRefused.

    After a reason of the log or the keyring nothing is written any more; what was accepted before stays readable.
    """
    with stopping(replica):
        return (yield from _pull(replica, access))


def _pull(replica: Replica, access: Access) -> Flow[Pulled]:
    pages, met = 0, reconcile.Met()
    while True:
        delivery = yield from _after(replica, access)
        if intake.unknown_keyring(replica, delivery):
            yield from refresh_keyring(replica, access)
        batch = intake.judge(replica, delivery)
        bodies = yield from fetch(access, intake.wanted(replica, batch))
        found = intake.take(replica, batch, bodies)
        yield from erasure.ask_again(replica, access, batch.pages)
        pages += len(batch.pages)
        met.offered += found.offered
        met.touched |= found.touched
        if batch.position.n >= delivery.n:
            break
    for chat in met.touched:
        met.offered += reconcile.sweep(replica, chat)
    return Pulled(pages, met.offered)


def _after(replica: Replica, access: Access) -> Flow[Delivery]:
    call = Call("GET", f"/v1/pages?after={replica.position.n}&limit=500")
    return answers.delivery((yield from access.send(call, 200)))


def fetch(access: Access, hashes: list[bytes]) -> Flow[dict[bytes, bytes]]:
    """Bodies by hash; what the service does not deliver is left out. Each is held to its page afterwards."""
    found: dict[bytes, bytes] = {}
    due = list(dict.fromkeys(hashes))
    for _ in range(FETCHES + len(due)):
        if not due:
            break
        asked, rest = due[:FETCHED], due[FETCHED:]
        call = Call("POST", "/v1/bodies/fetch", json={"hashes": [text_of(one) for one in asked]})
        got = answers.bodies((yield from access.send(call, 200)), len(asked))
        again = []
        for hash_, body in zip(asked, got, strict=True):
            if isinstance(body, bytes):
                found[hash_] = body
            elif body is False:
                again.append(hash_)
        if len(again) == len(asked):
            raise Malformed("member_value", "bodies: none of those that were asked for")
        due = again + rest
    return found


def refresh_keyring(replica: Replica, access: Access) -> Flow[None]:
    """Ask for keyrings behind the accepted one, judge them, and remember. Raises VaultError, ServiceRefused."""
    known = replica.opened.trusted.keyring.revision
    found = yield from fetch_keyrings(access, known)
    own = replica.store.get("opener") or b""
    with stopping(replica):
        trusted, half, keys, record = opened.advance(replica.opened, found, own)
    if trusted.hash == replica.opened.trusted.hash:
        return
    with replica.store.transaction():
        for revision, claim in enumerate(found.claims, known):
            if revision > known:
                replica.store.add_claim(revision, claim)
                replica.opened.rings |= opened.rings_of([claim])
        replica.store.set("private", found.private)
        if record is not None:
            replica.store.set("opener", record.id)
            replica.store.set("record", opener.encode(record))
    replica.opened.keys = keys
    replica.opened.trust(trusted, half)
    replica.forget_boxes()


def fetch_keyrings(access: Access, first: int) -> Flow[Keyrings]:
    """Keyrings from revision `first` to the newest. Raises Malformed, ServiceRefused."""
    found = answers.keyrings((yield from access.send(Call("GET", f"/v1/keyring?from={first}"), 200)))
    while found.claims and first + len(found.claims) - 1 < found.newest:
        call = Call("GET", f"/v1/keyring?from={first + len(found.claims)}")
        more = answers.keyrings((yield from access.send(call, 200)))
        if not more.claims:
            break
        found = Keyrings(more.newest, found.claims + more.claims, more.private, more.records)
    return found


def push(replica: Replica, access: Access, *, only: Collection[bytes] | None = None) -> Flow[int]:
    """Append what waits here, page by page. Returns how many pages. Raises VaultError, ServiceRefused, Malformed.

    `only`: of what waits, these objects; the rest goes on waiting for its moment. Refused with the reason for which
    nothing is written any more.
    """
    if replica.stopped is not None:
        raise VaultError(replica.stopped, "nothing is written before this is settled")
    written, tries = 0, 0
    while rows := first_rows(_due(replica, only)):
        signed = build(replica, rows)
        inline = yield from _staged(access, rows)
        try:
            yield from _post(replica, access, signed, inline)
        except ServiceRefused as refused:
            tries += 1
            if refused.reason not in MOVED or tries > TRIES:
                raise
            yield from refresh_keyring(replica, access)
            yield from pull(replica, access)
        else:
            written, tries = written + 1, 0
    if only is None:
        with replica.store.transaction():
            replica.store.set_number("due", None)
    return written


def _due(replica: Replica, only: Collection[bytes] | None) -> list[Waiting]:
    if only is None:
        return replica.store.waiting(most=MAX_ENTRIES)
    return [row for id_ in only for row in replica.store.waiting(id_)]


def first_rows(rows: list[Waiting]) -> list[Waiting]:
    """What fits into one page, its bodies together within one request; a large body goes alone."""
    found: list[Waiting] = []
    total = 0
    for one in rows[:MAX_ENTRIES]:
        total += 0 if one.body is None else len(one.body)
        if found and total > INLINE:
            break
        found.append(one)
    return found


def build(replica: Replica, rows: list[Waiting]) -> SignedPage:
    """The next page with these changes, judged as others will judge it. Raises VaultError."""
    found = replica.opened
    entries = []
    for one in rows:
        body = None if one.body is None else Body(sha256(one.body).digest(), len(one.body))
        lane = boxes.lane(one.box, found.half.lane, one.object) if one.op is Op.PUT else None
        entries.append(Entry(one.op, one.object, one.version, lane, body))
    return page.write(replica.view(), entries, device=found.device, day=replica.day, key=found.signing.signing)


def _staged(access: Access, rows: list[Waiting]) -> Flow[list[bytes]]:
    """Upload what is too large to go with the page; return what goes with it."""
    bodies = [one.body for one in rows if one.body is not None]
    if sum(map(len, bodies)) <= INLINE:
        return bodies
    for body in bodies:
        yield from access.send(Call("PUT", f"/v1/bodies/{text_of(sha256(body).digest())}", octets=body), 200, 201)
    return []


def repost(replica: Replica, access: Access, signed: SignedPage) -> Flow[None]:
    """Post a page again that the service lost, with the bodies that are here. Raises ServiceRefused."""
    read = stored.decode(signed.data)
    bodies = [replica.store.body(one.body.hash) for one in read.entries if one.body is not None]
    for body in bodies:
        if body is not None:
            hash_ = text_of(sha256(body).digest())
            yield from access.send(Call("PUT", f"/v1/bodies/{hash_}", octets=body), 200, 201)
    sent = {"page": text_of(signed.data), "signature": text_of(signed.signature), "bodies": []}
    yield from access.send(Call("POST", "/v1/pages", json=sent), 200)


def _post(replica: Replica, access: Access, signed: SignedPage, inline: list[bytes]) -> Flow[None]:
    sent = {
        "page": text_of(signed.data),
        "signature": text_of(signed.signature),
        "bodies": [text_of(one) for one in inline],
    }
    key = (yield from erasure.key_if_any(replica)) if erasure.deleted_by(signed) else None
    n, head, promised = answers.posted((yield from access.send(Call("POST", "/v1/pages", json=sent), 200)))
    with stopping(replica):
        intake.take(replica, intake.judge(replica, Delivery(n, head, (signed,))), {})
    erasure.keep(replica, signed, promised, key)


@contextmanager
def stopping(replica: Replica) -> Iterator[None]:
    """After a reason of the log or of the keyring nothing is written any more, until a person settles it."""
    try:
        yield
    except VaultError as error:
        if error.reason.partition(".")[0] in STOPPING:
            with replica.store.transaction():
                replica.store.set("stopped", error.reason.encode())
        raise
