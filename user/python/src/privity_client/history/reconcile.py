"""What becomes of changes that wait here when the log brings others. Source: specs/merge.md, specs/tree.md.

Nothing that a person typed vanishes without being offered: offers are written in the same transaction.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from hashlib import sha256

from privity_protocol.errors import Malformed
from privity_protocol.stored.page import Entry, Op
from privity_vault import deletion, merge
from privity_vault.contents.chat import Node, Text
from privity_vault.contents.schema import Content, Kind
from privity_vault.errors import VaultError
from privity_vault.merge import Lost

from privity_client.history import edits
from privity_client.history.replica import BOX_OPS, Replica
from privity_client.history.store import Waiting


@dataclass(slots=True)
class Met:
    """What the person must hear of: texts that were offered, and chats whose trees want sweeping."""

    offered: int = 0
    touched: set[bytes] = field(default_factory=set)


@dataclass(frozen=True, slots=True)
class Mine:
    """A waiting change, opened before the log's own is taken over: afterwards its chat's keys may be gone."""

    row: Waiting
    content: Content | None
    base: Content | None


def prepare(replica: Replica, entries: Mapping[bytes, Entry]) -> dict[bytes, Mine]:
    """Open the waiting changes that these entries concern."""
    gone = {entry.object for entry in entries.values() if entry.op is Op.DELETE_BOX}
    rows = [row for id_ in entries for row in replica.store.waiting(id_)]
    rows += [row for box in gone for row in replica.store.waiting(box=box)]
    found = {}
    for row in rows:
        base = None
        if _is_own(entries.get(row.object), row):
            found[row.object] = Mine(row, None, None)
            continue
        if row.base is not None and row.base_version is not None:
            base = _opened(replica, replace(row, op=Op.PUT, body=row.base, version=row.base_version))
        found[row.object] = Mine(row, _opened(replica, row), base)
    return found


def meet(replica: Replica, entries: Mapping[bytes, Entry], mine: Mapping[bytes, Mine], met: Met) -> None:
    """Settle each waiting change with what the log has now."""
    gone = {entry.object for entry in entries.values() if entry.op is Op.DELETE_BOX}
    for id_, entry in entries.items():
        ours = mine.get(id_)
        if ours is not None and not _is_own(entry, ours.row):
            _settle(replica, entry, ours, met)
        elif ours is not None:
            replica.store.drop_waiting(id_)
    for ours in mine.values():
        if ours.row.box in gone and ours.row.object not in entries:
            _let_go(replica, ours, met)
    for entry in entries.values():
        if entry.op is Op.PUT and entry.object not in mine:
            _into_deleted(replica, entry.object, met)


def sweep(replica: Replica, chat: bytes) -> int:
    """Delete what hangs on deleted messages of a chat, after offering what the person wrote. Returns offers made."""
    if chat == replica.home or replica.is_active(chat) is None:
        return 0
    contents = replica.contents(chat)
    gone = _gone(replica, contents)
    if not gone:
        return 0
    found = deletion.sweep(contents, gone, box_gone=False, answered=())
    with replica.store.transaction():
        for one in found.offers:
            _offer_nodes(replica, [contents[id_] for id_ in one.nodes])
        whole = deletion.sweep(contents, gone, box_gone=False, answered=frozenset(contents))
        edits.delete_ids(replica, whole.deletes)
    return len(found.offers)


def merge_in(replica: Replica, id_: bytes, held: tuple[bytes, Content] | None) -> None:
    """Both branches of a repaired log wrote an object: later fields are written, texts that gave way offered."""
    theirs = _content(replica, id_)
    if held is None or theirs is None or type(held[1]) is not type(theirs):
        return
    _, settled, lost = merge.settle({b"a": theirs, b"b": held[1]}, replica.now())
    for one in lost:
        edits.offer(replica, one.member, one.text)
    if settled != theirs:
        edits.put(replica, settled, box=held[0], id_=id_)


def offer_content(replica: Replica, held: tuple[bytes, Content] | None) -> None:
    """The kept branch deleted what the other wrote: offer its texts."""
    if held is None:
        return
    if isinstance(held[1], Node):
        _offer_nodes(replica, [held[1]])
        return
    for one in merge.lost(None, held[1]):
        edits.offer(replica, one.member, one.text)


def _gone(replica: Replica, contents: Mapping[bytes, Content]) -> Collection[bytes]:
    """The deleted ids that something here still names."""
    named = {one.parent for one in contents.values() if isinstance(one, Node) and one.parent is not None}
    named |= {
        id_
        for one in contents.values()
        for id_ in (getattr(one, "attachment", None), getattr(one, "node", None))
        if id_
    }
    found = set()
    for id_ in named - contents.keys():
        item = replica.store.item(id_)
        if (item is not None and item.deleted) or any(one.op is Op.DELETE for one in replica.store.waiting(id_)):
            found.add(id_)
    return found


def _settle(replica: Replica, entry: Entry, ours: Mine, met: Met) -> None:
    """Another device changed what waits here."""
    row = ours.row
    if entry.op in (Op.DELETE, Op.DELETE_BOX):
        _let_go(replica, ours, met)
    elif row.op in BOX_OPS or row.op is Op.DELETE_BOX:
        _settle_box(replica, entry, row)
    elif row.op is Op.DELETE:
        theirs = _content(replica, entry.object)
        if theirs is not None:
            _offer(replica, merge.lost(ours.base, theirs), met)
        item = replica.store.item(row.object)
        base = None if item is None or item.body is None else replica.store.body(item.body.hash)
        replica.store.set_waiting(replace(row, version=entry.version + 1, base_version=entry.version, base=base))
    else:
        _merge(replica, entry, ours, met)


def _settle_box(replica: Replica, entry: Entry, row: Waiting) -> None:
    """The log's keys stand; what waits here is only whether the chat is active, or that it is deleted."""
    if row.op is Op.DELETE_BOX:
        replica.store.set_waiting(replace(row, version=entry.version + 1))
        return
    replica.store.drop_waiting(row.object)
    if entry.op is not row.op:
        replica.forget_boxes(row.object)
        edits.put_box(replica, replica.box(row.object), row.op)


def _merge(replica: Replica, entry: Entry, ours: Mine, met: Met) -> None:
    theirs = _content(replica, entry.object)
    if ours.content is None or theirs is None or type(ours.content) is not type(theirs):
        _let_go(replica, ours, met)
        return
    base = ours.base if ours.base is not None and type(ours.base) is type(theirs) else theirs
    found = merge.merge(base, ours.content, theirs, replica.now())
    _offer(replica, found.lost, met)
    replica.set_clock(merge.observe_all(replica.clock(), theirs, replica.now()))
    replica.store.drop_waiting(entry.object)
    if found.content is not None:
        edits.put(replica, found.content, box=ours.row.box, id_=entry.object)


def _let_go(replica: Replica, ours: Mine, met: Met) -> None:
    """Deletion beats edits: what was typed here is offered."""
    replica.store.drop_waiting(ours.row.object)
    replica.store.set_draft(ours.row.object, ours.row.box, None)
    if isinstance(ours.content, Node):
        met.offered += _offer_nodes(replica, [ours.content])
    elif ours.content is not None:
        _offer(replica, merge.lost(ours.base, ours.content), met)


def _into_deleted(replica: Replica, id_: bytes, met: Met) -> None:
    """Something new in a chat whose deletion waits here: it goes as well, and what a person wrote is offered."""
    item = replica.store.item(id_)
    if item is None or not any(one.op is Op.DELETE_BOX for one in replica.store.waiting(item.box)):
        return
    content = _content(replica, id_)
    if isinstance(content, Node):
        met.offered += _offer_nodes(replica, [content])
    edits.delete_ids(replica, (id_,))


def _offer(replica: Replica, lost: tuple[Lost, ...], met: Met) -> None:
    for one in lost:
        edits.offer(replica, one.member, one.text)
        met.offered += 1


def _offer_nodes(replica: Replica, nodes: list[Content]) -> int:
    """Offer what the person wrote in these messages, one offer for each."""
    own = [one for one in nodes if isinstance(one, Node) and deletion.is_own(one)]
    for node in own:
        edits.offer(replica, "message", "\n\n".join(part.text for part in node.parts if isinstance(part, Text)))
    return len(own)


def _content(replica: Replica, id_: bytes) -> Content | None:
    item = replica.store.item(id_)
    if item is None or item.body is None or item.op is not Op.PUT:
        return None
    try:
        return replica.open_body(replica.bytes_of(item), box=item.box, id_=id_, version=item.version)
    except (VaultError, Malformed):
        return None


def _opened(replica: Replica, row: Waiting) -> Content | None:
    try:
        return replica.open_waiting(row) if row.kind != Kind.WALLET else None
    except (VaultError, Malformed):
        return None


def _is_own(entry: Entry | None, row: Waiting) -> bool:
    """Whether this entry is what waits here: our own page came back, however its posting was answered."""
    if entry is None or (entry.op, entry.version) != (row.op, row.version):
        return False
    body = None if row.body is None else sha256(row.body).digest()
    return body == (None if entry.body is None else entry.body.hash)
