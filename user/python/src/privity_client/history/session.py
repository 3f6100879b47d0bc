"""An account as a command works with it: opened from the disk, read and written through its service."""

import os
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from privity_protocol.errors import PrivityError

from privity_client import fetch
from privity_client.errors import ClientError
from privity_client.history import custody, devices, drafts, edits, lost, opened, sync
from privity_client.history.access import Access
from privity_client.history.accounts import Ground
from privity_client.history.calls import Flow
from privity_client.history.http import Service
from privity_client.history.opened import DAY_S, Entropy, Opened
from privity_client.history.replica import Replica
from privity_client.history.store import Store

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Folder:
    """Where an account lies: PRIVITY_HOME/account."""

    root: Path

    @property
    def database(self) -> Path:
        """Ciphertext and state."""
        return self.root / "history.db"

    @property
    def device(self) -> Path:
        """The device's own secret."""
        return self.root / "device.key"

    def exists(self) -> bool:
        """Whether there is an account."""
        return self.device.exists() and self.database.exists()


def millis() -> int:
    """Unix milliseconds."""
    return time.time_ns() // 1_000_000


@dataclass(slots=True)
class Session:
    """An open account. `problem` is why the service was not heard, or not believed, when the session began."""

    replica: Replica
    way: Access
    service: Service
    problem: PrivityError | None = None
    rescued: int = 0

    async def run(self, flow: Flow[T]) -> T:
        """Drive a flow against the account's service."""
        return await self.service.run(flow)

    async def synchronise(self, *, now: bool) -> int:
        """Read to the end, and append what waits if its moment has come or `now`. Returns pages written. Raises."""
        await self.run(sync.refresh_keyring(self.replica, self.way))
        await self.run(sync.pull(self.replica, self.way))
        await self.run(devices.take_up(self.replica, self.way))
        await self.run(lost.give_back(self.replica, self.way))
        edits.be_heard(self.replica)
        if not self.replica.store.waits() or not (now or edits.is_due(self.replica)):
            return 0
        return await self.run(sync.push(self.replica, self.way))

    async def try_to_synchronise(self, *, now: bool) -> None:
        """The same where a service that is away or not believed does not end the command; `problem` says which."""
        try:
            await self.synchronise(now=now)
            self.problem = None
        except PrivityError as error:
            self.problem = error


@contextmanager
def here(
    folder: Folder, *, clock: Callable[[], int] = millis, entropy: Entropy = os.urandom
) -> Iterator[tuple[Replica, Access]]:
    """Open this machine's copy of the account, beside other commands that have it open; there is no network.

    Raises ClientError `no_account`, VaultError.
    """
    if not folder.exists():
        raise ClientError("no_account")
    signing = custody.read(folder.device)
    store = Store(folder.database)
    try:
        found = opened.load(store, signing)
        yield Replica(store, found, clock, entropy), Access(found.origin, found.account, found.device, signing)
    finally:
        store.close()


@asynccontextmanager
async def session(
    folder: Folder, *, clock: Callable[[], int] = millis, entropy: Entropy = os.urandom
) -> AsyncIterator[Session]:
    """Open the account of this machine; the service is not asked yet. Raises ClientError `no_account`, VaultError."""
    with here(folder, clock=clock, entropy=entropy) as (replica, way):
        rescued = drafts.rescue(replica)
        async with fetch.new_client(way.origin) as client:
            yield Session(replica, way, Service(client, way.origin), rescued=rescued)


@asynccontextmanager
async def newcomer(
    folder: Folder, origin: str, *, clock: Callable[[], int] = millis, entropy: Entropy = os.urandom
) -> AsyncIterator[tuple[Ground, Service]]:
    """Stand on a machine without an account. What was begun and not finished is taken away again.

    Raises ClientError `account_exists`.
    """
    if folder.exists():
        raise ClientError("account_exists", str(folder.root))
    forget(folder)
    signing = custody.make(entropy(custody.SIZE))
    custody.write(folder.device, signing)
    store = Store(folder.database)
    done = False
    try:
        async with fetch.new_client(origin) as client:
            yield Ground(store, signing, origin, clock() // 1000 // DAY_S, entropy), Service(client, origin)
        done = True
    finally:
        store.close()
        if not done:
            forget(folder)


def join(ground: Ground, found: Opened, way: Access, service: Service, *, clock: Callable[[], int] = millis) -> Session:
    """The session of an account that was just made, recovered or linked."""
    return Session(Replica(ground.store, found, clock, ground.entropy), way, service)


def forget(folder: Folder) -> None:
    """Take the account off this machine: secret first, so that what is left opens no more. Raises ClientError."""
    try:
        for path in (folder.device, folder.database, folder.root / "history.db-journal", folder.root / "wallet.lock"):
            path.unlink(missing_ok=True)
    except OSError as error:
        raise ClientError("home_unusable", f"{folder.root}: {error.strerror}") from error
