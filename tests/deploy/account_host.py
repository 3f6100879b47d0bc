"""A machine with the account service as a real process, and people whose clients talk to it over HTTP."""

import asyncio
import contextlib
import io
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ports import free_row
from privity_client import fetch
from privity_client.history import accounts, custody, edits, sync
from privity_client.history.access import Access
from privity_client.history.accounts import Ground
from privity_client.history.calls import Flow
from privity_client.history.http import Service
from privity_client.history.replica import Replica
from privity_client.history.session import millis
from privity_client.history.store import Store
from privity_service.admin import __main__ as admin
from privity_vault import recovery
from privity_vault.contents.chat import Node, Role, State, Text
from privity_vault.recovery import RecoveryLetters

DAY_MS = 86_400_000


@dataclass
class Host:
    """One machine: its folder holds everything. The same `port` on another one is the same address for clients."""

    folder: Path
    port: int = field(default_factory=free_row)
    url: str | None = None
    """The database's, None for SQLite in the folder."""

    @property
    def origin(self) -> str:
        return f"http://localhost:{self.port}"

    @property
    def config(self) -> Path:
        return self.folder / "service.json"

    @property
    def database(self) -> Path:
        return self.folder / "state/accounts/accounts.db"

    def write(self) -> None:
        """Write the configuration."""
        self.folder.mkdir(exist_ok=True)
        document = {
            "v": 1,
            "deploy": "tried",
            "service": {"host": "127.0.0.1", "port": self.port},
            "relay": {"host": "127.0.0.1", "port": 0},
            "nodes": [f"unix:{self.folder}/nowhere"],
            "state": str(self.folder / "state"),
            "public_run_origin": "http://localhost:1",
            "published": None,
            "logs": [],
            "database": {"url": self.url},
            "accounts": {"origin": self.origin, "new_per_prefix_day": 1000},
        }
        self.config.write_text(json.dumps(document))

    @contextmanager
    def running(self) -> Iterator[dict[str, str]]:
        """The service, until the block ends; the addresses of both origins."""
        command = [sys.executable, "-m", "privity_service", "run", "--config", str(self.config)]
        with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as process:
            try:
                assert process.stdout is not None
                ready = process.stdout.readline()
                assert ready.startswith(b"READY "), ready
                yield json.loads(ready[6:])
            finally:
                process.terminate()
                assert process.wait(timeout=60) == 0

    def admin(self, *arguments: object) -> tuple[int, str]:
        """`privity-admin` in this process: its exit code and what it said."""
        said = io.StringIO()
        with contextlib.redirect_stdout(said), contextlib.redirect_stderr(said):
            code = admin.main(["--config", str(self.config), *map(str, arguments)])
        return code, said.getvalue()

    def admin_process(self, *arguments: object) -> str:
        """`privity-admin` as an operator runs it, which must succeed; what it printed."""
        command = [sys.executable, "-m", "privity_service.admin", "--config", str(self.config), *map(str, arguments)]
        return subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True).stdout


@dataclass
class Person:
    """Somebody with a device at a host. Everything that the device believes, it has verified itself."""

    replica: Replica
    way: Access
    code: RecoveryLetters
    origin: str

    def run(self, flow: Flow[Any]) -> Any:
        return _drive(flow, self.origin)

    def sync(self) -> None:
        self.run(sync.refresh_keyring(self.replica, self.way))
        self.run(sync.pull(self.replica, self.way))
        self.run(sync.push(self.replica, self.way))

    def write(self, text: str) -> bytes:
        chat = edits.new_chat(self.replica, title=text)
        node = Node(
            chat, None, Role.USER, (Text(text),), None, None, State.COMPLETE, edits.next_time(None, self.replica)
        )
        edits.put(self.replica, node, box=chat, id_=os.urandom(16))
        return chat

    def texts(self) -> list[str]:
        """What the device shows, decrypted."""
        found = [
            part.text
            for chat in self.replica.chats()
            for content in self.replica.contents(chat).values()
            if isinstance(content, Node)
            for part in content.parts
            if isinstance(part, Text)
        ]
        return sorted(found)


def newcomer(host: Host, folder: Path) -> Person:
    """A new account."""
    ground, code = _ground(host, folder), recovery.make(os.urandom(recovery.ENTROPY))
    found, way = _drive(accounts.create(ground, code, label=folder.name, invitation=None), host.origin)
    person = Person(Replica(ground.store, found, millis, os.urandom), way, code, host.origin)
    accounts.begin_home(person.replica)
    person.sync()
    return person


def with_code(host: Host, folder: Path, code: RecoveryLetters) -> Person:
    """An account on a device that knows nothing but the recovery code: it reads and verifies the log from page 1."""
    ground = _ground(host, folder)
    found, way = _drive(accounts.recover(ground, code, label=folder.name), host.origin)
    person = Person(Replica(ground.store, found, millis, os.urandom), way, code, host.origin)
    person.sync()
    return person


def _ground(host: Host, folder: Path) -> Ground:
    signing = custody.make(os.urandom(custody.SIZE))
    custody.write(folder / "device.key", signing)
    return Ground(Store(folder / "history.db"), signing, host.origin, millis() // DAY_MS, os.urandom)


def _drive(flow: Flow[Any], origin: str) -> Any:
    async def drive() -> Any:
        async with fetch.new_client(origin) as client:
            return await Service(client, origin).run(flow)

    return asyncio.run(drive())


@contextmanager
def closing(*people: Person) -> Iterator[None]:
    """Close the stores of people who are no longer needed."""
    try:
        yield
    finally:
        for one in people:
            with contextlib.suppress(Exception):
                one.replica.store.close()
