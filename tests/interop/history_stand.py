"""The real account service on a database in memory of this process, and devices of one person that talk to it.

house = House(tmp_path)
laptop = house.create(tmp_path / "laptop")
chat = laptop.write("Hello")
laptop.sync()
"""

import asyncio
import hashlib
import itertools
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import httpx
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from privity_client.history import accounts, custody, edits, linking, opened, reading, sync
from privity_client.history import devices as devices_of_account
from privity_client.history.access import Access
from privity_client.history.accounts import Ground
from privity_client.history.calls import Call, Flow, Reply
from privity_client.history.http import Service
from privity_client.history.replica import Replica
from privity_client.history.store import Store
from privity_service.accounts import house as service_house
from privity_service.accounts import schema
from privity_service.accounts.application import application
from privity_service.accounts.database import Database, engine_of
from privity_service.accounts.settings import AccountSettings
from privity_vault import pairing, recovery
from privity_vault.contents.chat import Node, Role, State, Text
from privity_vault.recovery import RecoveryLetters

T = TypeVar("T")
ORIGIN = "http://localhost:8080"
NOW = 1_790_000_000
_OPENINGS = itertools.count()
"""No two processes of a device draw the same bytes."""
Trick = Callable[[Call, Reply], Reply]


class Chance:
    """Bytes that differ at each call and are the same in each run."""

    def __init__(self, seed: str) -> None:
        self._seed, self._count = seed.encode(), 0

    def __call__(self, size: int) -> bytes:
        self._count += 1
        return hashlib.shake_256(self._seed + self._count.to_bytes(8)).digest(size)


class Cut(Exception):
    """The connection broke here."""


class Shape(Service):
    """The client's own adapter, with a place for tricks between it and the real service."""

    def __init__(self, client: httpx.AsyncClient, house: "House") -> None:
        super().__init__(client, ORIGIN)
        self._house = house

    async def _send(self, call: Call) -> Reply:
        self._house.calls.append(call)
        for before in self._house.before:
            before(call)
        own = next((made for made in (instead(call) for instead in self._house.instead) if made is not None), None)
        reply = own or await super()._send(call)
        for trick in self._house.tricks:
            reply = trick(call, reply)
        return reply


class House:
    """One account service. `tricks` change what it answers; `before` may raise before a call reaches it; what
    `instead` answers never reaches it."""

    def __init__(self, folder: Path, settings: AccountSettings | None = None) -> None:
        self.now = NOW
        self.file = folder / "service.db"
        engine = engine_of(f"sqlite:///{self.file}")
        schema.upgrade(engine)
        self.house = service_house.House(
            database=Database(engine),
            settings=settings or AccountSettings(plans=None, new_per_prefix_day=1_000_000),
            registration="open",
            rp_id="localhost",
            origins=(ORIGIN,),
            erasure=Ed25519PrivateKey.generate(),
            clock=lambda: self.now,
        )
        self.tricks: list[Trick] = []
        self.before: list[Callable[[Call], None]] = []
        self.instead: list[Callable[[Call], Reply | None]] = []
        self.calls: list[Call] = []
        self.serve()
        self._prefix = 0
        self._runner = asyncio.Runner()
        transport = httpx.ASGITransport(app=self._dispatch, raise_app_exceptions=False)
        self._service = Shape(httpx.AsyncClient(transport=transport, base_url=ORIGIN), self)

    def serve(self) -> None:
        """Begin to serve `house` as it is now."""
        self._app = application(self.house)

    async def _dispatch(self, scope: Any, receive: Any, send: Any) -> None:
        self._prefix += 1
        prefix = b"\x04" + self._prefix.to_bytes(4)
        await self._app(scope | {"state": {"prefix": prefix}}, receive, send)

    def cut_after(self, calls: int, *, arrived: bool) -> None:
        """Let the connection break at so many calls from now, before the request arrives or before its answer does."""
        left = [calls]

        def count() -> None:
            left[0] -= 1
            if left[0] == 0:
                raise Cut

        def before(_call: Call) -> None:
            if not arrived:
                count()

        def after(_call: Call, reply: Reply) -> Reply:
            if arrived:
                count()
            return reply

        self.before.append(before)
        self.tricks.append(after)

    def run(self, flow: Flow[T]) -> T:
        """Drive a flow against the service."""
        return self._runner.run(self._service.run(flow))

    def close(self) -> None:
        self._runner.close()
        self.house.database.close()

    def ground(self, folder: Path, store: type[Store] = Store) -> Ground:
        """A machine without an account."""
        chance = Chance(folder.name)
        signing = custody.make(chance(custody.SIZE))
        custody.write(folder / "device.key", signing)
        return Ground(store(folder / "history.db"), signing, ORIGIN, self.now // 86_400, chance)

    def create(self, folder: Path, letters: RecoveryLetters | None = None) -> "Machine":
        """A new account on a new machine, its first page written."""
        code = letters or recovery.make(Chance("code")(recovery.ENTROPY))
        ground = self.ground(folder)
        found, way = self.run(accounts.create(ground, code, label=folder.name, invitation=None))
        machine = Machine(
            self, folder, Replica(ground.store, found, lambda: self.now * 1000, ground.entropy), way, code
        )
        accounts.begin_home(machine.replica)
        machine.sync()
        return machine

    def recover(self, folder: Path, letters: RecoveryLetters) -> "Machine":
        """The account on another machine, by its code."""
        ground = self.ground(folder)
        found, way = self.run(accounts.recover(ground, letters, label=folder.name))
        machine = Machine(
            self, folder, Replica(ground.store, found, lambda: self.now * 1000, ground.entropy), way, letters
        )
        machine.sync()
        return machine

    def link(self, folder: Path, by: "Machine", *, wrong: int = 0, typed: bool = False) -> "Machine":
        """The account on another machine, by link or `typed` code, and digits; so many wrong ones are typed first."""
        ground = self.ground(folder)
        shown = self.run(linking.offer(ground, now=self.now, typed=typed))
        link = pairing.read_code(shown.link.lower()) if typed else pairing.read_link(shown.link)
        replied = self.run(linking.answer(by.replica, by.way, link, now=self.now))
        answer = self.run(linking.poll(shown.channel, "answer"))
        assert answer is not None
        answered = self.run(linking.reveal(shown, answer))
        revealed = self.run(linking.poll(shown.channel, "reveal"))
        assert revealed is not None
        state: Any = replied.revealed(revealed, now=self.now)
        mistaken = f"{(int(answered.code) + 1) % 10**6:06}"
        for digits in [*[mistaken] * wrong, answered.code]:
            state = self.run(linking.typed(by.way, linking.channel_of(link), state, digits, now=self.now))
        by.prove()
        self.run(linking.grant(by.replica, by.way, linking.channel_of(link), state, label=folder.name, now=self.now))
        sealed = self.run(linking.poll(shown.channel, "grant"))
        assert sealed is not None
        found, way, grant = self.run(linking.enter(ground, answered, sealed, label=folder.name))
        machine = Machine(
            self, folder, Replica(ground.store, found, lambda: self.now * 1000, ground.entropy), way, by.code
        )
        machine.sync()
        accounts.at_least(machine.replica, grant.n, grant.head)
        return machine


@dataclass
class Machine:
    """One device of the person. `reopen` starts it anew from what is on its disk."""

    house: House
    folder: Path
    replica: Replica
    way: Access
    code: RecoveryLetters

    def reopen(self, store: type[Store] = Store) -> "Machine":
        self.replica.store.close()
        signing = custody.read(self.folder / "device.key")
        opening = store(self.folder / "history.db")
        found = opened.load(opening, signing)
        chance = Chance(f"{self.folder} {next(_OPENINGS)}")
        replica = Replica(opening, found, lambda: self.house.now * 1000, chance)
        way = Access(ORIGIN, found.account, found.device, signing)
        return Machine(self.house, self.folder, replica, way, self.code)

    def prove(self) -> None:
        """Prove the recovery code, as before something that needs a fresh proof."""
        from privity_client.history import access

        self.way.fresh = self.house.run(access.with_code(self.code, origin=ORIGIN))

    def pull(self) -> Any:
        return self.house.run(sync.pull(self.replica, self.way))

    def push(self) -> int:
        return self.house.run(sync.push(self.replica, self.way))

    def sync(self) -> None:
        self.house.run(sync.refresh_keyring(self.replica, self.way))
        self.pull()
        self.house.run(devices_of_account.take_up(self.replica, self.way))
        self.push()

    def write(
        self, text: str, *, chat: bytes | None = None, parent: bytes | None = None, role: Role = Role.USER
    ) -> bytes:
        """Write a message, in a new chat unless one is named; returns the chat."""
        box = edits.new_chat(self.replica, title=text[:20]) if chat is None else chat
        self.say(box, text, parent=parent, role=role)
        return box

    def say(self, chat: bytes, text: str, *, parent: bytes | None = None, role: Role = Role.USER) -> bytes:
        before = self.replica.content(parent) if parent else None
        time = edits.next_time(before if isinstance(before, Node) else None, self.replica)
        node = Node(chat, parent, role, (Text(text),), None, None, State.COMPLETE, time)
        id_ = self.replica.entropy(16)
        edits.put(self.replica, node, box=chat, id_=id_)
        return id_

    def seen(self) -> dict[str, Any]:
        """Everything that this device shows, in plain values: what must be the same everywhere."""
        return {chat.hex(): self._chat(chat) for chat in self.replica.chats()}

    def _chat(self, chat: bytes) -> dict[str, Any]:
        saved = reading.chat(self.replica, chat)
        nodes = {
            id_.hex(): (node.parent and node.parent.hex(), [part.text for part in node.parts if isinstance(part, Text)])
            for id_, node in saved.nodes.items()
        }
        return {
            "title": saved.title,
            "active": saved.active,
            "nodes": nodes,
            "shown": [one.hex() for one in saved.shown],
        }


def devices(house: House, folder: Path) -> Iterator[Machine]:
    """Three machines of one account: one that made it, one recovered, one linked."""
    first = house.create(folder / "laptop")
    yield first
    yield house.recover(folder / "desktop", first.code)
    yield house.link(folder / "phone", first)
