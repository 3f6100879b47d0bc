"""Judges what the service delivers of the log, and takes over all of it or nothing. Source: specs/page.md.

Checks 1 to 6 are `privity_vault.page`; here are 7 and 8, each of which concerns one object and never the log.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from privity_protocol.errors import Malformed
from privity_protocol.stored import page as stored
from privity_protocol.stored.page import Entry, Op
from privity_vault import box as boxes
from privity_vault import page
from privity_vault.contents import kinds
from privity_vault.contents.chat import Node
from privity_vault.errors import VaultError
from privity_vault.page import Chain, Known, Position, SignedPage

from privity_client.history.answers import Delivery
from privity_client.history.reconcile import Met, meet, prepare
from privity_client.history.replica import BOX_KIND, BOX_OPS, Replica
from privity_client.history.store import DELETED, Item


@dataclass(slots=True)
class Batch:
    """Pages that hold, and what they change together. Nothing of it is stored yet."""

    start: Position
    position: Position
    pages: list[SignedPage] = field(default_factory=list)
    chains: dict[bytes, Chain] = field(default_factory=dict)
    known: dict[bytes, Known] = field(default_factory=dict)
    entries: dict[bytes, Entry] = field(default_factory=dict)
    """The newest entry of each id, in the order of the first."""


def judge(replica: Replica, delivery: Delivery) -> Batch:
    """Return what follows this device's position. Raises VaultError `log.*`, `page.malformed`.

    A delivery may end before the promised head: the rest is asked for. One that brings nothing new leaves pages out.
    """
    view = replica.view()
    missing = page.check_head(view.position, delivery.n, delivery.head)
    batch = Batch(view.position, view.position)
    over = replace(
        view,
        chain=lambda device: batch.chains.get(device) or view.chain(device),
        known=lambda id_: batch.known.get(id_) or view.known(id_),
    )
    for signed in delivery.pages:
        accepted = page.accept(replace(over, position=batch.position), signed)
        batch.position = accepted.position
        batch.pages.append(signed)
        batch.chains[accepted.device] = accepted.chain
        batch.known |= accepted.changes
        batch.entries |= {entry.object: entry for entry in accepted.page.entries}
    if (missing and not batch.pages) or batch.position.n >= delivery.n:
        page.check_delivery(batch.position, delivery.n, delivery.head)
    if batch.position.n > delivery.n:
        raise VaultError("log.forked", f"page {batch.position.n} behind a head that is page {delivery.n}")
    return batch


def unknown_keyring(replica: Replica, delivery: Delivery) -> bool:
    """Whether a page names a keyring that this device has not accepted yet, so that it must be asked for first."""
    try:
        return any(stored.decode(one.data).keyring not in replica.opened.rings for one in delivery.pages)
    except Malformed:
        return False


def wanted(replica: Replica, batch: Batch) -> list[bytes]:
    """The hashes of bodies that are not here. What was superseded within the batch is not asked for."""
    found = []
    for entry in batch.entries.values():
        if entry.body is None or replica.store.body(entry.body.hash) is not None:
            continue
        own = next(iter(replica.store.waiting(entry.object)), None)
        if own is None or not _is_own(own.body, batch.known[entry.object]):
            found.append(entry.body.hash)
    return found


def take(replica: Replica, batch: Batch, bodies: Mapping[bytes, bytes]) -> Met:
    """Store position, chains, objects and bodies in one transaction, and what becomes of what waits here.

    Returns what the person must hear of.
    """
    store = replica.store
    met = Met()
    replica.forget_boxes()
    with store.transaction():
        if replica.position != batch.start:
            return met  # Another command of this machine was faster; its batch began where this one did.
        mine = prepare(replica, batch.entries)
        for at, signed in enumerate(batch.pages, batch.position.n - len(batch.pages) + 1):
            store.add_page(at, signed)
        for device, chain in batch.chains.items():
            store.set_chain(device, chain)
        _place(replica, batch.position)
        for entry in sorted(batch.entries.values(), key=lambda one: one.op not in BOX_OPS):
            own = mine[entry.object].row.body if entry.object in mine else None
            body = None if entry.body is None else bodies.get(entry.body.hash, own)
            _set(replica, entry, batch.known[entry.object], body, met)
        meet(replica, batch.entries, mine, met)
    return met


def _place(replica: Replica, position: Position) -> None:
    replica.store.set_number("n", position.n)
    replica.store.set("head", position.head)
    replica.store.set_number("keyring", position.keyring)


def _is_own(body: bytes | None, known: Known) -> bool:
    try:
        page.check_body(known, body)
    except VaultError:
        return False
    return True


def _set(replica: Replica, entry: Entry, known: Known, body: bytes | None, met: Met) -> None:
    """Write the newest entry of one id; a body that does not hold is that item's trouble, and no one else's."""
    store = replica.store
    before = store.item(entry.object)
    if before is not None and before.body is not None and before.body != entry.body:
        store.set_body(before.body.hash, None)
    box = entry.object if entry.lane is None else boxes.lane(entry.lane, replica.opened.half.lane, entry.object)
    if entry.op is Op.DELETE:
        box = entry.object if before is None else before.box
    item = Item(entry.object, entry.version, entry.op, box, None, entry.body, None, replica.position.n)
    if entry.op in DELETED:
        store.set_item(item)
        met.touched |= {box} if entry.op is Op.DELETE else set()
        return
    data = body if body is not None else store.body(entry.body.hash if entry.body else b"")
    try:
        data = page.check_body(known, data)
        store.set_body(known.body.hash if known.body else b"", data)
        store.set_item(item)
        kind = _opened_kind(replica, item, data, met)
    except VaultError as error:
        gone = box != entry.object and _is_gone(replica, box)
        store.set_item(replace(item, trouble=None if gone else error.reason))
    else:
        store.set_item(replace(item, kind=kind))


def heal(replica: Replica, item: Item, body: bytes | None) -> bool:
    """Take a body that came late. Returns whether the object is whole now."""
    known = replica.store.known(item.id)
    if known is None:
        return False
    try:
        data = page.check_body(known, body)
        kind = _opened_kind(replica, item, data, Met())
    except VaultError as error:
        replica.store.set_item(replace(item, trouble=error.reason))
        return False
    replica.store.set_body(known.body.hash if known.body else b"", data)
    replica.store.set_item(replace(item, kind=kind, trouble=None))
    return True


def _opened_kind(replica: Replica, item: Item, data: bytes, met: Met) -> int:
    if item.op in BOX_OPS:
        replica.forget_boxes(item.id)
        account, keys = replica.opened.account, replica.opened.keys
        replica.hold_box(boxes.open_box(data, keys, account=account, id_=item.id, version=item.version))
        return BOX_KIND
    content = replica.open_body(data, box=item.box, id_=item.id, version=item.version)
    if isinstance(content, Node) and content.parent is not None and _is_gone(replica, content.parent):
        met.touched.add(item.box)
    return int(kinds.kind_of(content))


def _is_gone(replica: Replica, id_: bytes) -> bool:
    item = replica.store.item(id_)
    return item is not None and item.deleted
