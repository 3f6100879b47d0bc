"""Pays out of an account's wallets, and keeps them filled: ahead of need, or at once when nothing is left.

Source: specs/wallet.md. The account is opened for each payment and closed again, so that commands beside each other
see the same marks; only one of them at a time draws or claims.
"""

import asyncio
import fcntl
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import (
    AbstractAsyncContextManager,
    AbstractContextManager,
    asynccontextmanager,
    contextmanager,
    suppress,
)
from typing import Final

from privity_protocol.errors import PrivityError
from privity_vault import wallet
from privity_vault.wallet import is_shared

from privity_client import fetch
from privity_client.choice import Entropy
from privity_client.errors import ClientError
from privity_client.history import drawing, sync, usage, wallets
from privity_client.history.access import Access
from privity_client.history.drawing import Key, date_of
from privity_client.history.http import Service
from privity_client.history.reasons import ServiceRefused
from privity_client.history.replica import Replica
from privity_client.history.session import Folder, Session, here
from privity_client.history.store import Store
from privity_client.history.store_tokens import Drawing
from privity_client.wallet.purse import RID, IssuerLog, gone

STEPS: Final = 8
"""Claims and drawings for one request at most."""
LOOK_S: Final = 20.0
"""Seconds between two looks at what is due ahead of need."""
_PAUSE_S: Final = 0.05
Reach = Callable[[str], AbstractAsyncContextManager[Service]]
"""From an origin to the account service there."""


@asynccontextmanager
async def reached(origin: str) -> AsyncIterator[Service]:
    """The account service at an origin."""
    async with fetch.new_client(origin) as client:
        yield Service(client, origin)


class AccountPurse:
    """The wallets of the account in a folder. `clock` returns Unix milliseconds."""

    def __init__(
        self,
        folder: Folder,
        trust: IssuerLog,
        challenge: bytes,
        *,
        clock: Callable[[], int],
        entropy: Entropy,
        reach: Reach | None = None,
    ) -> None:
        self._folder = folder
        self._trust = trust
        self._challenge = challenge
        self._clock = clock
        self._entropy = entropy
        self._reach = reach or reached

    async def request_id(self) -> bytes:
        """A fresh one, or when nothing else is left that of a request that came to no end."""
        day, before = self._now() // wallet.DAY_S, self._now() - wallets.ABANDONED_S
        with self._rows() as store:
            if not store.tokens.unfinished(day, before):
                return self._entropy(RID)
        with self._here() as (replica, _):
            return wallets.unfinished(replica) or self._entropy(RID)

    async def pay(self, rid: bytes, count: int) -> tuple[bytes, ...]:
        """Tokens of today; claims and draws at once when there are not enough."""
        with self._here() as (replica, _):
            taken = wallets.take(replica, rid, count)
        if taken is not None:
            return taken
        async with self._alone(), self._online() as found:
            for _ in range(STEPS):
                taken = wallets.take(found.replica, rid, count)
                if taken is not None:
                    return taken
                await self._bring(found)
        raise gone(self._now())

    async def refused(self, rid: bytes) -> None:
        """The next tokens of this request are others."""
        await self.ended(rid)

    async def ended(self, rid: bytes) -> None:
        """Its tokens are spent."""
        with self._rows() as store, store.transaction():
            store.tokens.end_request(rid)

    async def watch(self) -> None:
        """Do what is due ahead of need, as long as the process runs. What fails is tried again later."""
        while True:
            with suppress(PrivityError):
                await self.tend()
            await asyncio.sleep(LOOK_S)

    async def tend(self) -> None:
        """Do what is due ahead of need. Raises PrivityError."""
        now = self._now()
        with self._here() as (replica, _):
            wallets.sweep(replica)
            delay, ahead = wallet.claim_delay(self._entropy(8)), self._entropy(8)
            low = _is_due(replica, "tokens_at", now + delay if _is_low(replica) else None, wallet.MAX_DELAY_S)
            tomorrow = replica.day + 1
            moment = wallet.draw_moment(replica.day, now, ahead) if _is_open(replica, tomorrow) else None
            early = _is_due(replica, "tokens_ahead_at", moment, wallet.AHEAD_S)
        if not (low or early):
            return
        async with self._alone(), self._online() as found:
            if low and _is_low(found.replica):
                await self._fill(found)
            if early and _is_open(found.replica, tomorrow):
                await self._draw_ahead(found, tomorrow)

    async def _fill(self, found: Session) -> None:
        """Claim or draw for today; when the day's are gone, do not ask again before tomorrow."""
        replica = found.replica
        try:
            await self._bring(found)
        except ClientError as error:
            if error.reason != "tokens_gone":
                raise
            with replica.store.transaction():
                replica.store.set_number("tokens_gone", replica.day)

    async def _draw_ahead(self, found: Session, day: int) -> None:
        with found.replica.store.transaction():
            found.replica.store.set_number("tokens_ahead", day)
        await self._read(found)
        if not wallets.of_day(wallets.held(found.replica), day):
            await self._draw(found, day)

    async def _read(self, found: Session) -> None:
        await found.run(sync.refresh_keyring(found.replica, found.way))
        await found.run(sync.pull(found.replica, found.way))

    async def _bring(self, found: Session) -> None:
        """One step towards more tokens of today. Raises ClientError `tokens_gone` when there is none."""
        replica, day = found.replica, found.replica.day
        before = wallets.left(replica, day)
        await self._read(found)
        for one in replica.store.tokens.drawings():
            await self._resume(found, one)
        await found.run(drawing.publish(replica, found.way))
        if wallets.left(replica, day) > before or await found.run(drawing.claim(replica, found.way, day)):
            return
        await self._draw(found, day)

    async def _resume(self, found: Session, one: Drawing) -> None:
        """Repeat a request whose answer was lost."""
        shared = is_shared((await found.run(usage.read(found.way))).limits.daily)
        try:
            await found.run(drawing.finish(found.replica, found.way, one, shared=shared))
        except ServiceRefused as error:
            if error.reason not in drawing.FINAL:
                raise

    async def _draw(self, found: Session, day: int) -> None:
        replica, way, now = found.replica, found.way, self._now()
        plan = await found.run(usage.read(way))
        daily, date = plan.limits.daily, date_of(day)
        count, shared = wallet.to_draw(daily, plan.drawn.get(date, 0), wallets.left(replica, day)), is_shared(daily)
        if not count:
            raise gone(now)
        with replica.store.transaction():
            replica.store.set_number("tokens_own", None if shared else 1)
        public = await self._trust.issuer_key(plan.plan, date, now=now)
        started = drawing.start(replica, Key(plan.plan, day, public, self._challenge), min(count, wallet.BATCH))
        try:
            await found.run(drawing.finish(replica, way, started, shared=shared))
        except ServiceRefused as error:
            if error.reason != "tokens.daily":
                raise
            # Another device drew first; what it drew may be in the log by now.
            await self._read(found)
            if not await found.run(drawing.claim(replica, way, day)):
                raise gone(now) from error
        await found.run(drawing.publish(replica, way))

    def _now(self) -> int:
        return self._clock() // 1000

    @contextmanager
    def _rows(self) -> Iterator[Store]:
        """This device's own rows; no key is opened for them."""
        store = Store(self._folder.database)
        try:
            yield store
        finally:
            store.close()

    def _here(self) -> AbstractContextManager[tuple[Replica, Access]]:
        return here(self._folder, clock=self._clock, entropy=self._entropy)

    @asynccontextmanager
    async def _online(self) -> AsyncIterator[Session]:
        with self._here() as (replica, way):
            async with self._reach(way.origin) as service:
                yield Session(replica, way, service)

    @asynccontextmanager
    async def _alone(self) -> AsyncIterator[None]:
        """Wait until no other command of this machine draws or claims. The lock dies with its process."""
        try:
            handle = (self._folder.root / "wallet.lock").open("a")
        except OSError as error:
            raise ClientError("home_unusable", f"{self._folder.root}: {error.strerror}") from error
        with handle:
            while True:
                with suppress(BlockingIOError):
                    fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
                    break
                await asyncio.sleep(_PAUSE_S)
            yield


def _is_open(replica: Replica, day: int) -> bool:
    """Whether tokens of a day ahead are still to be drawn, and this device did not try yet."""
    tried = (replica.store.number("tokens_ahead") or 0) >= day
    return not tried and not wallets.of_day(wallets.held(replica), day)


def _is_low(replica: Replica) -> bool:
    """Whether a claim or another batch is wanted for today, and may be had."""
    if replica.store.number("tokens_gone") == replica.day:
        return False
    least = wallet.LEAST_LEFT if replica.store.number("tokens_own") is None else wallet.LOW
    return wallets.left(replica, replica.day) < least


def _is_due(replica: Replica, name: str, moment: int | None, within: int) -> bool:
    """Whether the moment has come that was drawn when something was first wanted; `moment` is the one to keep then.

    None: it is not wanted, and what was kept is forgotten. A clock that was set back does not make it wait longer.
    """
    kept = replica.store.number(name)
    now = replica.now() // 1000
    waits = kept is None or now < kept <= now + within
    with replica.store.transaction():
        if moment is None or not waits:
            replica.store.set_number(name, None)
        elif kept is None:
            replica.store.set_number(name, moment)
    return moment is not None and not waits
