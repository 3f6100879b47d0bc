"""A log that runs: entries wait for the next batch, heads for their witnesses, and each entry for its proof.

Two loops share one sequencer under one lock: `_sequence` brings batches into the tree, `_publish` gets the newest head
cosigned and published, so a slow witness delays proofs and never the tree. Whoever appends waits for a head that a
quorum cosigned. After a failed write everybody who waits is told, and the store is opened anew.
"""

import asyncio
from asyncio import FIRST_COMPLETED
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from typing import Final

import httpx
from privity_tlog import head as heads
from privity_tlog import note, proof
from privity_tlog.errors import TlogError
from privity_tlog.limits import MAX_ENTRY
from privity_tlog.note import Signature
from privity_tlog.witness_policy import WitnessPolicy

from privity_log import sequencer
from privity_log.asking import witnesses_of
from privity_log.errors import LogError, StoreError
from privity_log.limits import (
    APPEND_SECONDS,
    BATCH_SECONDS,
    MAX_BATCH,
    MAX_BATCH_BYTES,
    MAX_WAITING,
    REFRESH_SECONDS,
)
from privity_log.sequencer import Committed, Sequencer
from privity_log.signer import Signer
from privity_log.store import Store
from privity_log.witness_caller import WitnessCaller

RETRY_SECONDS: Final = 1.0
LONGEST_RETRY: Final = 60.0
Report = Callable[[str, str], None]


@dataclass(frozen=True, slots=True)
class Pace:
    """How long things take, in seconds; tests run without waiting."""

    batch: float = BATCH_SECONDS
    refresh: float = REFRESH_SECONDS
    append: float = APPEND_SECONDS
    retry: float = RETRY_SECONDS


@dataclass(frozen=True, slots=True)
class Published:
    """A head that the quorum cosigned, and its note as it is served."""

    committed: Committed
    note: bytes


@dataclass(slots=True)
class _Waiting:
    """One entry on its way: first for a place in the tree, then for a head that was published above it."""

    entry: bytes
    done: "asyncio.Future[bytes]"
    index: int = -1


@dataclass(slots=True)
class _Queues:
    new: list[_Waiting] = field(default_factory=list)
    placed: list[_Waiting] = field(default_factory=list)


class LiveLog:
    """One log, its witnesses, and everybody who waits for it."""

    def __init__(
        self,
        store: Store,
        origin: str,
        signers: Sequence[Signer],
        policy: WitnessPolicy,
        client: httpx.AsyncClient,
        clock: Callable[[], int],
        report: Report,
        pace: Pace = Pace(),
    ) -> None:
        self._store, self._origin, self._signers = store, origin, tuple(signers)
        self._policy = _own(policy, origin, signers)
        self._callers = [WitnessCaller(one, client) for one in witnesses_of(policy)]
        self._clock, self._report, self._pace = clock, report, pace
        self._queues = _Queues()
        self._lock = asyncio.Lock()
        self._arrived, self._changed = asyncio.Event(), asyncio.Event()
        self._log = self._opened()
        self.published: Published | None = None

    async def append(self, entry: bytes) -> bytes:
        """Return the tlog-proof of an entry. Raises LogError `entry_size`, `busy`, `store_write`, `not_witnessed`."""
        if not 1 <= len(entry) <= MAX_ENTRY:
            raise LogError("entry_size", f"an entry has 1 to {MAX_ENTRY} bytes")
        if len(self._queues.new) + len(self._queues.placed) >= MAX_WAITING:
            raise LogError("busy", "too many entries wait")
        waiting = _Waiting(entry, asyncio.get_running_loop().create_future())
        self._queues.new.append(waiting)
        self._arrived.set()
        try:
            return await asyncio.wait_for(waiting.done, self._pace.append)
        except TimeoutError as error:
            self._queues.placed = [one for one in self._queues.placed if one is not waiting]
            raise LogError("not_witnessed", "ask again later: an entry keeps its place") from error

    async def run(self) -> None:
        """Run until cancelled. Raises StoreError when the store cannot go on."""
        async with asyncio.TaskGroup() as group:
            group.create_task(self._sequence())
            group.create_task(self._publish())

    def _opened(self) -> Sequencer:
        return sequencer.open_log(self._store, self._origin, self._signers, now=self._clock())

    async def _sequence(self) -> None:
        loop = asyncio.get_running_loop()
        earliest = loop.time()
        while True:
            await self._arrived.wait()
            await asyncio.sleep(max(0.0, earliest - loop.time()))
            earliest = loop.time() + self._pace.batch
            batch = self._take()
            try:
                entries = [one.entry for one in batch]
                async with self._lock:
                    places = await asyncio.to_thread(self._log.append, entries, now=self._clock())
            except LogError as error:
                _fail(batch, error)
                await self._open_again(error)
                continue
            for one, place in zip(batch, places, strict=True):
                one.index = place
            self._queues.placed += batch
            self._changed.set()

    def _take(self) -> list[_Waiting]:
        size = count = 0
        for one in self._queues.new[:MAX_BATCH]:
            size += len(one.entry)
            if size > MAX_BATCH_BYTES:
                break
            count += 1
        batch, self._queues.new = self._queues.new[:count], self._queues.new[count:]
        if not self._queues.new:
            self._arrived.clear()
        return batch

    async def _publish(self) -> None:
        while True:
            self._changed.clear()
            async with self._lock:
                of = self._log.committed
            try:
                witnessed = await self._witnessed(of)
            except StoreError as error:
                await self._open_again(error)
                continue
            await self._pause(witnessed)

    async def _pause(self, witnessed: bool) -> None:
        """Wait for a new head; sign an unchanged one anew after a while, and ask again soon after a failure."""
        try:
            async with asyncio.timeout(self._pace.refresh if witnessed else self._pace.retry):
                await self._changed.wait()
        except TimeoutError:
            if not witnessed:
                return
            try:
                async with self._lock:
                    await asyncio.to_thread(self._log.refresh, now=self._clock())
            except LogError as error:
                await self._open_again(error)

    async def _witnessed(self, of: Committed) -> bool:
        """Ask all witnesses at once; publish when the quorum has cosigned, and again with those who follow.

        Once published, a newer head does not wait for the slowest witness of this one.
        """
        asked = {
            asyncio.create_task(caller.cosign(of, lambda old: self._log.consistency(old, of)))
            for caller in self._callers
        }
        changed = asyncio.create_task(self._changed.wait())
        lines: tuple[Signature, ...] = ()
        try:
            published = await self._publish_if_met(of, lines)
            while asked:
                await asyncio.wait({changed, *asked} if published else asked, return_when=FIRST_COMPLETED)
                if published and changed.done():
                    break
                done = {task for task in asked if task.done()}
                asked -= done
                for task in done:
                    lines += await self._lines(task)
                published = await self._publish_if_met(of, lines) or published
        finally:
            changed.cancel()
            for task in asked:
                task.cancel()
        if not published:
            self._report("not_witnessed", f"{self._origin}: {len(lines)} cosignatures at size {of.head.size}")
        return published

    async def _lines(self, answer: Awaitable[tuple[Signature, ...]]) -> tuple[Signature, ...]:
        try:
            return await answer
        except LogError as error:
            self._report(error.reason, error.detail)
            return ()

    async def _publish_if_met(self, of: Committed, lines: Sequence[Signature]) -> bool:
        """Publish what a client with this policy accepts, and nothing else; answer whoever waited for it."""
        try:
            data = note.encode(note.decode(of.note).with_signatures(lines))
            heads.verify(data, self._policy, origin=self._origin)
        except TlogError as error:
            if error.reason == "witness_quorum":
                return False
            raise StoreError("store_damaged", error.reason) from error
        async with self._lock:
            await asyncio.to_thread(self._log.publish, of, lines)
        self.published = Published(of, data)
        await self._answer(self.published)
        return True

    async def _answer(self, published: Published) -> None:
        """Give everybody below the published head a proof."""
        size = published.committed.head.size
        ready = [one for one in self._queues.placed if one.index < size and not one.done.done()]
        self._queues.placed = [one for one in self._queues.placed if one.index >= size]
        prover = self._log.prover(published.committed)

        def prove() -> list[bytes]:
            return [proof.encode(one.index, prover(one.index), published.note) for one in ready]

        try:
            proofs = await asyncio.to_thread(prove)
        except (LogError, TlogError) as error:
            _fail(ready, StoreError("store_damaged", error.reason))
            raise StoreError("store_damaged", error.reason) from error
        for one, made in zip(ready, proofs, strict=True):
            if not one.done.done():
                one.done.set_result(made)

    async def _open_again(self, error: LogError) -> None:
        """Open the store anew, with growing pauses while the disk refuses. Raises StoreError where that is no help."""
        self._report(error.reason, error.detail)
        pause = self._pace.retry
        while True:
            try:
                async with self._lock:
                    self._log = await asyncio.to_thread(self._opened)
                self._changed.set()
                return
            except LogError as again:
                if again.reason not in ("store_write", "signer"):
                    raise
                self._report(again.reason, again.detail)
            await asyncio.sleep(pause)
            pause = min(2 * pause, LONGEST_RETRY)


def _own(policy: WitnessPolicy, origin: str, signers: Sequence[Signer]) -> WitnessPolicy:
    """Return the policy with the log's own keys: what is published must hold for those who know these."""
    logs = {origin: tuple(signer.key for signer in signers)}
    return WitnessPolicy(logs, policy.witnesses, policy.groups, policy.quorum, policy.urls)


def _fail(waiting: Sequence[_Waiting], error: LogError) -> None:
    for one in waiting:
        if not one.done.done():
            one.done.set_exception(error)
