"""This device's copy of an account's history: what the log holds, and over it what waits in the outbox."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Final

from privity_protocol.errors import Malformed
from privity_protocol.stored.page import Op
from privity_vault import box as boxes
from privity_vault import object as sealed
from privity_vault import page
from privity_vault.box import Box
from privity_vault.clock import Clock
from privity_vault.contents import kinds
from privity_vault.contents.schema import Content, Kind
from privity_vault.errors import VaultError
from privity_vault.object import Place
from privity_vault.page import Position, View
from privity_vault.secret import ChatKey

from privity_client.history.opened import DAY_S, Entropy, Opened
from privity_client.history.store import Item, Store, Waiting

BOX_KIND: Final = 0
BOX_OPS: Final = frozenset({Op.BOX_ACTIVE, Op.BOX_ARCHIVED})


@dataclass(slots=True, repr=False)
class Replica:
    """`now` gives Unix milliseconds. Contents are opened when they are asked for, and not kept."""

    store: Store
    opened: Opened
    now: Callable[[], int]
    entropy: Entropy
    _boxes: dict[bytes, Box] = field(default_factory=dict)

    def __repr__(self) -> str:
        return f"Replica(page {self.position.n})"

    @property
    def home(self) -> bytes:
        """The box of what belongs to no chat."""
        return self.opened.account

    @property
    def day(self) -> int:
        """Days since 1970-01-01."""
        return self.now() // 1000 // DAY_S

    @property
    def position(self) -> Position:
        """How far this device has read."""
        head = self.store.get("head")
        if head is None:
            return page.start(self.opened.account)
        return Position(self.opened.account, self.store.number("n") or 0, head, self.store.number("keyring") or 0)

    @property
    def stopped(self) -> str | None:
        """The reason for which nothing is written any more."""
        reason = self.store.get("stopped")
        return None if reason is None else reason.decode()

    def view(self) -> View:
        """What the next page is held against."""
        return View(self.position, self.store.chain, self.store.known, self.opened.rings, self.opened.trusted)

    def clock(self) -> Clock:
        """This device's hybrid clock."""
        millis, counter = (self.store.get("clock") or b"0.0").decode().split(".")
        return Clock(self.opened.device, int(millis), int(counter))

    def set_clock(self, clock: Clock) -> None:
        """Keep the clock with what it stamped."""
        self.store.set("clock", f"{clock.millis}.{clock.counter}".encode())

    def box(self, id_: bytes) -> Box:
        """The keys of a chat, as the newest version has them. Raises VaultError `object.*`."""
        if id_ not in self._boxes:
            body, version = self._box_body(id_)
            account, keys = self.opened.account, self.opened.keys
            self._boxes[id_] = boxes.open_box(body, keys, account=account, id_=id_, version=version)
        return self._boxes[id_]

    def forget_boxes(self, *ids: bytes) -> None:
        """Open these boxes anew when they are next asked for, or all."""
        for id_ in ids or tuple(self._boxes):
            self._boxes.pop(id_, None)

    def hold_box(self, box: Box) -> None:
        """Work with a box that was opened elsewhere."""
        self._boxes[box.id] = box

    def _box_body(self, id_: bytes) -> tuple[bytes, int]:
        for one in self.store.waiting(id_):
            if one.op in BOX_OPS and one.body is not None:
                return one.body, one.version
        item = self.store.item(id_)
        if item is None or item.op not in BOX_OPS or item.body is None:
            raise VaultError("object.missing", "the keys of this chat are not here")
        return self.bytes_of(item), item.version

    def bytes_of(self, item: Item) -> bytes:
        """The body that the log names. Raises VaultError `object.missing`, `object.swapped`."""
        known = self.store.known(item.id)
        if known is None or item.body is None:
            raise VaultError("object.missing", "nothing was ever written here")
        return page.check_body(known, self.store.body(item.body.hash))

    def open_body(self, body: bytes, *, box: bytes, id_: bytes, version: int) -> Content:
        """Open a body at its place. Raises VaultError `object.*`."""
        place = Place(self.opened.account, box, id_, version)
        keys = self.box(box)
        generation = sealed.read_header(body).generation
        if generation not in keys.keys:
            raise VaultError("object.wrong_key", f"no key of generation {generation}")
        return kinds.open_object(body, place=place, key=keys.keys[generation], generation=generation)

    def seal(self, content: Content, *, box: bytes, id_: bytes, version: int) -> bytes:
        """Seal a content at its place. Raises VaultError `object.*`."""
        keys = self.box(box)
        place = Place(self.opened.account, box, id_, version)
        key: ChatKey = keys.keys[keys.newest]
        return kinds.seal(content, place=place, key=key, generation=keys.newest, nonce=self.entropy(sealed.NONCE))

    def seal_box(self, box: Box, version: int) -> bytes:
        """Seal a chat's keys under the account key of this epoch."""
        epoch = self.opened.trusted.keyring.epoch
        account, nonce = self.opened.account, self.entropy(sealed.NONCE)
        return boxes.seal(box, self.opened.key, account=account, version=version, epoch=epoch, nonce=nonce)

    def content(self, id_: bytes) -> Content | None:
        """The newest content of an id, None when there is none or it is deleted. Raises VaultError `object.*`."""
        for one in self.store.waiting(id_):
            return self.open_waiting(one)
        item = self.store.item(id_)
        if item is None or item.deleted or item.op in BOX_OPS:
            return None
        return self.open_body(self.bytes_of(item), box=item.box, id_=id_, version=item.version)

    def open_waiting(self, one: Waiting) -> Content | None:
        """The content of a waiting change, None for a deletion or a box."""
        if one.body is None or one.op is not Op.PUT:
            return None
        return self.open_body(one.body, box=one.box, id_=one.object, version=one.version)

    def is_active(self, box: bytes) -> bool | None:
        """Whether a chat is active, False when archived, None when there is no such chat (any more)."""
        found: Waiting | Item | None = next(iter(self.store.waiting(box)), None) or self.store.item(box)
        if found is None or found.op not in BOX_OPS:
            return None
        return found.op is Op.BOX_ACTIVE

    def chats(self) -> list[bytes]:
        """The ids of all chats, active and archived."""
        ids = {one.id for one in self.store.boxes()} | set(self.store.waiting_boxes())
        return sorted(one for one in ids if one != self.home and self.is_active(one) is not None)

    def contents(self, box: bytes, kind: Kind | None = None) -> Mapping[bytes, Content]:
        """What can be read of a box, by id. What cannot be read is left out; `Store.troubled` lists it."""
        found: dict[bytes, Content] = {}
        waiting = {one.object: one for one in self.store.waiting(box=box)}
        for item in self.store.items(box=box, kind=None if kind is None else int(kind)):
            if item.id in waiting or item.deleted or item.op in BOX_OPS:
                continue
            try:
                found[item.id] = self.open_body(self.bytes_of(item), box=box, id_=item.id, version=item.version)
            except (VaultError, Malformed):
                continue
        for one in waiting.values():
            if kind is None or one.kind == kind:
                content = self.open_waiting(one)
                found |= {} if content is None else {one.object: content}
        return found
