"""A running log with real witnesses behind it in one process: proofs for entries, quorum, failures, refreshing."""

import asyncio
from contextlib import asynccontextmanager

import httpx
import pytest
from privity_log import sequencer, witness_server
from privity_log.audit import audit
from privity_log.errors import LogError, StoreError
from privity_log.live import LiveLog, Pace
from privity_log.sequencer import CHECKPOINT, COMMITTED
from privity_log.witness import Witness
from privity_log.witness_state import WitnessState
from privity_tlog import proof
from stand import LOG, NOW, ORIGIN, W1, W2, W3, entries, entry, policy, witness_lines
from strict_store import KEPT, LOST, Disk, StrictStore, head_in

SIGNERS = {"one": W1, "two": W2, "three": W3}
QUICK = Pace(batch=0.0, refresh=3600.0, append=30.0, retry=0.0)
KEYS = {ORIGIN: tuple(one.key for one in LOG)}


class World:
    """A disk, three witnesses of which some may be away, and a clock."""

    def __init__(self, folder, least: int | str = 2) -> None:
        self.disk = Disk()
        self.policy = policy(witness_lines(least))
        self.states = {name: WitnessState(folder / f"{name}.sqlite") for name in SIGNERS}
        self.witnesses = {name: Witness(KEYS, SIGNERS[name], self.states[name], lambda: self.now) for name in SIGNERS}
        self.away: set[str] = set()
        self.reports: list[str] = []
        self.short = asyncio.Event()
        self.asked: list[str] = []
        self.now = NOW
        sequencer.create(StrictStore(self.disk), ORIGIN, LOG, now=NOW)

    async def handle(self, request: httpx.Request) -> httpx.Response:
        name = request.url.host
        self.asked.append(name)
        if name in self.away:
            raise httpx.ConnectError("away")
        application = witness_server.application(self.witnesses[name])
        return await httpx.ASGITransport(application).handle_async_request(request)

    def report(self, reason: str, _detail: str) -> None:
        self.reports.append(reason)
        if reason == "not_witnessed":
            self.short.set()

    @asynccontextmanager
    async def running(self, pace: Pace = QUICK):
        transport = httpx.MockTransport(self.handle)
        async with httpx.AsyncClient(transport=transport) as client:
            arguments = (ORIGIN, LOG, self.policy, client, lambda: self.now, self.report, pace)
            log = LiveLog(Restartable(self.disk), *arguments)
            task = asyncio.create_task(log.run())
            try:
                yield log
            finally:
                task.cancel()
                await asyncio.gather(task, return_exceptions=True)

    def close(self) -> None:
        for one in self.states.values():
            one.close()


class Restartable:
    """A strict store that a process may open again after a failure, as it may a folder."""

    def __init__(self, disk: Disk) -> None:
        self._disk = disk
        self._view = StrictStore(disk)

    def __getattr__(self, name: str):
        def call(*arguments, **named):
            if name == "read" and arguments == (COMMITTED,):
                self._view = StrictStore(self._disk)
            return getattr(self._view, name)(*arguments, **named)

        return call


@pytest.fixture
def world(tmp_path):
    made = World(tmp_path)
    yield made
    made.close()


def checked(world: World, made: bytes, number: int):
    return proof.verify(made, entry(number), world.policy, origin=ORIGIN)


def test_every_entry_gets_a_proof_that_a_client_with_the_policy_accepts(world) -> None:
    async def run() -> None:
        async with world.running() as log:
            proofs = await asyncio.gather(*(log.append(entry(number)) for number in range(300)))
            for number, made in enumerate(proofs):
                assert len(checked(world, made, number).witnesses) >= 2
            again = await log.append(entry(7))
            assert proof.decode(again).index == proof.decode(proofs[7]).index

    asyncio.run(run())
    audit(world.disk, world.policy, ORIGIN, committed=world.disk.files[COMMITTED])


def test_one_witness_away_is_no_harm_and_two_away_publish_nothing(world) -> None:
    async def run() -> None:
        world.away = {"three"}
        async with world.running() as log:
            checked(world, await log.append(entry(0)), 0)
            world.away = {"three", "one"}
            waiting = asyncio.create_task(log.append(entry(1)))
            await world.short.wait()
            assert head_in(world.disk.files[CHECKPOINT]).size == 1
            assert not waiting.done()
            world.away = set()
            checked(world, await waiting, 1)

    asyncio.run(run())
    assert "witness_unreachable" in world.reports


def test_whoever_waits_too_long_is_told_and_finds_the_entry_in_its_place_later(world) -> None:
    async def too_long() -> None:
        world.away = {"one", "two"}
        async with world.running(Pace(batch=0.0, refresh=3600.0, append=0.0, retry=0.0)) as log:
            with pytest.raises(LogError, match="not_witnessed"):
                await log.append(entry(0))

    async def later() -> None:
        world.away = set()
        async with world.running() as log:
            checked(world, await log.append(entry(0)), 0)

    # Two runs, as of two processes: the first one's threads have ended before the second opens the store.
    asyncio.run(too_long())
    asyncio.run(later())


def test_without_witnesses_a_head_is_published_at_once(tmp_path) -> None:
    world = World(tmp_path)
    world.policy = policy()

    async def run() -> None:
        async with world.running() as log:
            assert proof.verify(await log.append(entry(0)), entry(0), world.policy, origin=ORIGIN).time is None

    asyncio.run(run())
    assert world.asked == []
    world.close()


@pytest.mark.parametrize("how", [LOST, KEPT])
def test_a_failed_write_is_told_and_the_log_goes_on(world, how) -> None:
    async def run() -> None:
        async with world.running() as log:
            await log.append(entry(0))
            for number in range(1, 7):
                world.disk.how, world.disk.fail_at = how, world.disk.writes + number
                for attempt in range(3):
                    try:
                        checked(world, await log.append(entry(number)), number)
                        break
                    except StoreError:
                        if attempt == 2:
                            raise

    asyncio.run(run())
    assert world.reports.count("store_write") >= 4
    audit(world.disk, world.policy, ORIGIN, committed=world.disk.files[COMMITTED])


def test_a_store_that_cannot_be_opened_again_ends_the_log(world) -> None:
    async def watched() -> None:
        transport = httpx.MockTransport(world.handle)
        async with httpx.AsyncClient(transport=transport) as client:
            arguments = (ORIGIN, LOG, world.policy, client, lambda: NOW, lambda *_: None, QUICK)
            log = LiveLog(Restartable(world.disk), *arguments)
            task = asyncio.create_task(log.run())
            await log.append(entry(0))
            world.disk.files[CHECKPOINT] = b"nonsense"
            waiting = asyncio.create_task(log.append(entry(1)))
            with pytest.RaisesGroup(StoreError, flatten_subgroups=True):
                await task
            waiting.cancel()

    asyncio.run(watched())


def test_a_tile_that_was_damaged_meanwhile_is_reported_and_convinces_no_witness(world) -> None:
    async def run() -> None:
        async with world.running() as log:
            await asyncio.gather(*(log.append(one) for one in entries(0, 300)))
            world.disk.files["public/tile/1/000.p/1"] = b"short"
            waiting = asyncio.create_task(log.append(entry(300)))
            await world.short.wait()
            assert head_in(world.disk.files[CHECKPOINT]).size == 300
            waiting.cancel()

    asyncio.run(run())
    assert "store_damaged" in world.reports


def test_an_unchanged_head_is_cosigned_anew_so_that_it_stays_fresh(world) -> None:
    async def run() -> None:
        async with world.running(Pace(batch=0.0, refresh=0.0, append=30.0, retry=0.0)) as log:
            first = checked(world, await log.append(entry(0)), 0)
            world.now = NOW + 1000
            await log.append(entry(0))
            later = checked(world, await log.append(entry(0)), 0)
            assert (later.checkpoint, later.time) == (first.checkpoint, NOW + 1000)

    asyncio.run(run())


@pytest.mark.parametrize("size", [0, 65_536])
def test_an_entry_of_no_size_or_too_large_is_refused(world, size) -> None:
    async def run() -> None:
        async with world.running() as log:
            with pytest.raises(LogError, match="entry_size"):
                await log.append(bytes(size))

    asyncio.run(run())


def test_too_many_who_wait_are_sent_away(world, monkeypatch) -> None:
    monkeypatch.setattr("privity_log.live.MAX_WAITING", 2)

    async def run() -> None:
        async with world.running() as log:
            waiting = [asyncio.create_task(log.append(entry(number))) for number in range(2)]
            await asyncio.sleep(0)
            with pytest.raises(LogError, match="busy"):
                await log.append(entry(2))
            await asyncio.gather(*waiting)

    asyncio.run(run())


def test_a_batch_is_bounded_in_bytes_and_nothing_is_left_behind(world, monkeypatch) -> None:
    monkeypatch.setattr("privity_log.live.MAX_BATCH_BYTES", 100)

    async def run() -> None:
        async with world.running() as log:
            proofs = await asyncio.gather(*(log.append(one) for one in entries(0, 40)))
            assert sorted(proof.decode(made).index for made in proofs) == list(range(40))

    asyncio.run(run())
