"""Changes that a person makes here: sealed into the outbox, on the disk before anything else happens. No network."""

from collections.abc import Iterable
from typing import Any, Final, TypeVar

from privity_protocol.stored.page import Op
from privity_vault import box as boxes
from privity_vault import deletion, merge, tree
from privity_vault.box import Box
from privity_vault.clock import tick
from privity_vault.contents import kinds
from privity_vault.contents.chat import MAX_INSTRUCTIONS, MAX_TITLE, Chat, Node
from privity_vault.contents.home import Prompt
from privity_vault.contents.proof import View
from privity_vault.contents.schema import Content, Field, Kind
from privity_vault.export.library import BLANK, stamped
from privity_vault.secret import ChatKey

from privity_client.history import timing
from privity_client.history.replica import BOX_KIND, BOX_OPS, Replica
from privity_client.history.store import Item, Waiting

C = TypeVar("C", bound=Content)
ID: Final = 16
OFFERED: Final = MAX_INSTRUCTIONS // 4
"""Characters of one piece, whatever their UTF-8 takes."""


def new_box(replica: Replica, id_: bytes, *, active: bool) -> None:
    """Make a box with a fresh key, the home box or a chat's."""
    made = boxes.new(id_, ChatKey(replica.entropy(ChatKey.SIZE)))
    put_box(replica, made, Op.BOX_ACTIVE if active else Op.BOX_ARCHIVED)


def put_box(replica: Replica, box: Box, op: Op) -> None:
    """Write a box: a new one, an archived one, or one that is wrapped again."""
    version = _next_version(replica, box.id)
    body = replica.seal_box(box, version)
    with replica.store.transaction():
        replica.store.set_waiting(Waiting(box.id, op, box.id, BOX_KIND, version, body))
    replica.hold_box(box)


def new_chat(replica: Replica, *, title: str = "", id_: bytes | None = None, active: bool = True) -> bytes:
    """Make a chat and return its id."""
    chat = replica.entropy(ID) if id_ is None else id_
    with replica.store.transaction():
        clock, stamp = tick(replica.clock(), replica.now())
        replica.set_clock(clock)
        new_box(replica, chat, active=active)
        blank = stamped(BLANK, stamp)
        put(replica, Chat(**{**_members(blank), "title": Field(title, stamp)}), box=chat, id_=replica.entropy(ID))
    return chat


def put(replica: Replica, content: Content, *, box: bytes, id_: bytes) -> None:
    """Write a content into a box: a new object, or the next version of one."""
    item = replica.store.item(id_)
    version = _next_version(replica, id_)
    body = replica.seal(content, box=box, id_=id_, version=version)
    base_version, base = _base(replica, item, id_)
    row = Waiting(id_, Op.PUT, box, int(kinds.kind_of(content)), version, body, base_version, base)
    with replica.store.transaction():
        replica.store.set_waiting(row)


def change(replica: Replica, id_: bytes, box: bytes, content: C, **values: Any) -> C:
    """Change fields of a content and write it, unless they had these values. Returns it as it is then."""
    clock, changed = merge.edit(content, replica.clock(), replica.now(), **values)
    if changed != content:
        with replica.store.transaction():
            replica.set_clock(clock)
            put(replica, changed, box=box, id_=id_)
    return changed


def archive(replica: Replica, chat: bytes, *, active: bool) -> None:
    """Archive a chat, or make it active again."""
    if replica.is_active(chat) is not active:
        put_box(replica, replica.box(chat), Op.BOX_ACTIVE if active else Op.BOX_ARCHIVED)


def delete_message(replica: Replica, chat: bytes, node: bytes) -> int:
    """Delete a message with all below it and what belongs to them. Returns how many objects that are."""
    ids = deletion.of_message(replica.contents(chat), node)
    with replica.store.transaction():
        delete_ids(replica, ids)
    return len(ids)


def delete_chat(replica: Replica, chat: bytes) -> int:
    """Delete a chat: its keys first, then what they opened. Returns how many objects that are."""
    here = {one.id for one in replica.store.items(box=chat) if not one.deleted}
    ids = [chat, *sorted((here | {one.object for one in replica.store.waiting(box=chat)}) - {chat})]
    with replica.store.transaction():
        delete_ids(replica, ids)
    replica.forget_boxes(chat)
    return len(ids)


def delete_ids(replica: Replica, ids: Iterable[bytes]) -> None:
    """Put the deletion of these ids into the outbox; what the log never held is just dropped."""
    for id_ in ids:
        item = replica.store.item(id_)
        if item is None:
            replica.store.drop_waiting(id_)
        elif not item.deleted:
            op = Op.DELETE_BOX if item.op in BOX_OPS else Op.DELETE
            base = None if item.op in BOX_OPS or item.body is None else replica.store.body(item.body.hash)
            replica.store.set_waiting(Waiting(id_, op, item.box, item.kind, item.version + 1, None, item.version, base))


def offer(replica: Replica, title: str, text: str) -> None:
    """Keep a text that lost its place until the person decides: sealed, on this device alone. A long one in pieces."""
    clock, stamp = tick(replica.clock(), replica.now())
    with replica.store.transaction():
        replica.set_clock(clock)
        for at in range(0, len(text), OFFERED):
            piece = Field(text[at : at + OFFERED], stamp)
            content = Prompt(Field(title[: MAX_TITLE // 4], stamp), piece, Field("", stamp))
            id_ = replica.entropy(ID)
            replica.store.set_offer(id_, replica.seal(content, box=replica.home, id_=id_, version=1))


def offers(replica: Replica) -> list[tuple[bytes, Prompt]]:
    """The texts that lost their place, oldest first."""
    found = []
    for id_, body in replica.store.offers():
        content = replica.open_body(body, box=replica.home, id_=id_, version=1)
        found += [(id_, content)] if isinstance(content, Prompt) else []
    return found


def put_view(
    replica: Replica,
    *,
    checkpoints: tuple[tuple[str, bytes], ...] | None = None,
    missing: tuple[bytes, ...] | None = None,
) -> None:
    """Show the other devices what this one saw of the logs and misses of the history. Source: specs/contents.md.

    What is not given stays as it was; the view is written anew, so that this device is heard.
    """
    id_ = replica.store.get("view") or replica.entropy(ID)
    before = replica.content(id_)
    clock, stamp = tick(replica.clock(), replica.now())
    if checkpoints is None:
        checkpoints = before.checkpoints.value if isinstance(before, View) else ()
    if missing is None:
        missing = before.missing.value if isinstance(before, View) else ()
    with replica.store.transaction():
        replica.set_clock(clock)
        replica.store.set("view", id_)
        seen, lacked = Field(checkpoints, stamp), Field(missing, stamp)
        put(replica, View(replica.opened.device, seen, lacked), box=replica.home, id_=id_)


def views(replica: Replica) -> list[View]:
    """What the devices of the account saw and miss, this one's among them."""
    return [one for one in replica.contents(replica.home, Kind.VIEW).values() if isinstance(one, View)]


def be_heard(replica: Replica) -> None:
    """At the first synchronisation of a day, show the others that this device is here. It waits as everything does."""
    if (replica.store.number("heard") or 0) >= replica.day or replica.stopped is not None:
        return
    with replica.store.transaction():
        put_view(replica)
        due(replica, timed=True)
        replica.store.set_number("heard", replica.day)


def due(replica: Replica, *, timed: bool) -> None:
    """Set when the outbox leaves: on the exponential clock, or with the next synchronisation if nothing is timed."""
    if timed and replica.store.number("due") is None:
        after = int(timing.wait(replica.entropy(8)) * 1000)
        replica.store.set_number("due", replica.now() + after)


def is_due(replica: Replica) -> bool:
    """Whether what waits may leave now."""
    moment = replica.store.number("due")
    return moment is None or replica.now() >= moment or moment > replica.now() + int(timing.MOST_S * 1000)


def next_time(parent: Node | None, replica: Replica) -> int:
    """The time of a new message, never before the one that it follows."""
    return tree.reply_time(parent, replica.now())


def _next_version(replica: Replica, id_: bytes) -> int:
    item = replica.store.item(id_)
    return 1 if item is None else item.version + 1


def _base(replica: Replica, item: Item | None, id_: bytes) -> tuple[int | None, bytes | None]:
    for one in replica.store.waiting(id_):
        return one.base_version, one.base
    if item is None or item.body is None:
        return None, None
    return item.version, replica.store.body(item.body.hash)


def _members(chat: Chat) -> dict[str, Any]:
    return {name: getattr(chat, name) for name in Chat.__slots__}
