"""The transparency log: leaves per second, cost per leaf as the log grows, latency of a proof, its check, and the disk.

A leaf here has 500 bytes, as a directory of one node. The store is a folder of the machine's temporary files: the rates
hold its `fsync`. 10^7 leaves are measured without --quick only; they take minutes and some 6 GB.
"""

import asyncio
import os
import shutil
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
from figure import Figure, at_least, at_most, median, plain, quantile
from privity_log import sequencer, witness_server
from privity_log.live import LiveLog
from privity_log.sequencer import CHECKPOINT, Sequencer
from privity_log.signer import SeedSigner, signature_of
from privity_log.store import locked
from privity_log.witness import Witness
from privity_log.witness_state import WitnessState
from privity_tlog import keys, proof, witness_policy
from privity_tlog.keys import COSIGNATURE_ED25519, COSIGNATURE_MLDSA44, NOTE_ED25519
from privity_tlog.witness_policy import WitnessPolicy

ORIGIN = "log.example/keys"
LEAF = 500
HASH = 32
PER_SECOND = 2_000
BULK = 65_536
ROOM = 8 * 2**30
LOG = (SeedSigner(ORIGIN, NOTE_ED25519, bytes([1]) * 32), SeedSigner(ORIGIN, COSIGNATURE_MLDSA44, bytes([2]) * 32))
COSIGNERS = (
    SeedSigner("w.example", COSIGNATURE_ED25519, bytes([3]) * 32),
    SeedSigner("w.example", COSIGNATURE_MLDSA44, bytes([4]) * 32),
)


def now() -> int:
    """Unix seconds."""
    return int(time.time())


def leaves(start: int, count: int) -> list[bytes]:
    """Leaves of their own, of 500 bytes."""
    return [f"{number:012d}".encode().ljust(LEAF, b".") for number in range(start, start + count)]


def policy() -> WitnessPolicy:
    """Both keys of the log, and a witness of which both cosignatures count."""
    lines = [f"log {keys.encode(one.key)}" for one in LOG]
    lines += [f"witness {n} {keys.encode(one.key)} http://w" for n, one in zip("ab", COSIGNERS, strict=True)]
    return witness_policy.decode("\n".join([*lines, "group q all a b", "quorum q", ""]).encode())


@contextmanager
def opened(folder: Path) -> Iterator[Sequencer]:
    """A log in a folder, made at first."""
    with locked(folder) as store:
        if store.read(sequencer.COMMITTED) is None:
            sequencer.create(store, ORIGIN, LOG, now=now())
        yield sequencer.open_log(store, ORIGIN, LOG, now=now())


def batched(folder: Path, seconds: int) -> list[float]:
    """Append one batch of 2,000 leaves for each second, published without witnesses; return the seconds each took."""
    took = []
    with opened(folder) as log:
        for _ in range(seconds):
            batch = leaves(log.committed.head.size, PER_SECOND)
            began = time.perf_counter()
            log.append(batch, now=now())
            log.publish(log.committed, [])
            took.append(time.perf_counter() - began)
    return took


def imported(folder: Path, goal: int) -> float:
    """Grow the log to `goal` leaves in the largest batches; return microseconds for each new leaf."""
    with opened(folder) as log:
        first, began, made = log.committed.head.size, time.perf_counter(), 0.0
        while (size := log.committed.head.size) < goal:
            making = time.perf_counter()
            batch = leaves(size, min(BULK, goal - size))
            made += time.perf_counter() - making
            log.append(batch, now=now())
        took = time.perf_counter() - began - made
        log.publish(log.committed, [])
    return took / (goal - first) * 1e6


def reopened(folder: Path) -> float:
    """Seconds to open the log again: edge, last bundle and the newest leaves are read and checked."""
    began = time.perf_counter()
    with opened(folder):
        return time.perf_counter() - began


def bytes_of(folder: Path) -> int:
    """Bytes of all files below a folder."""
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())


def least_bytes(size: int) -> int:
    """Leaves with their lengths, and every hash of every level that a tile stores."""
    hashes = sum(size >> 8 * level for level in range(7))
    return size * (LEAF + 2) + hashes * HASH


def checks(folder: Path, rounds: int) -> list[float]:
    """Seconds for one whole check of a proof: parse, both log keys, both cosignatures, inclusion."""
    with opened(folder) as log:
        lines = [signature_of(one, log.committed.head, now()) for one in COSIGNERS]
        data = log.publish(log.committed, lines)
        size = log.committed.head.size
        prove = log.prover(log.committed)
        known, took = policy(), []
        for number in range(rounds):
            index = number * 7919 % size
            made, leaf = proof.encode(index, prove(index), data), leaves(index, 1)[0]
            began = time.perf_counter()
            proof.verify(made, leaf, known, origin=ORIGIN)
            took.append(time.perf_counter() - began)
    return took


async def latencies(folder: Path, count: int) -> tuple[list[float], float]:
    """Seconds from an entry to its witnessed proof, one entry each tenth of a second; then entries/s, all at once."""
    state = WitnessState(folder / "witness.sqlite")
    witness = Witness({ORIGIN: tuple(one.key for one in LOG)}, COSIGNERS, state, now)
    transport = httpx.ASGITransport(witness_server.application(witness))
    took: list[float] = []

    async def one(log: LiveLog, number: int) -> None:
        await asyncio.sleep(number / 10)
        began = time.perf_counter()
        await log.append(b"latency %d" % number)
        took.append(time.perf_counter() - began)

    with locked(folder / "live") as store:
        sequencer.create(store, ORIGIN, LOG, now=now())
        async with httpx.AsyncClient(transport=transport) as client:
            log = LiveLog(store, ORIGIN, LOG, policy(), client, now, lambda *_: None)
            running = asyncio.create_task(log.run())
            await asyncio.gather(*(one(log, number) for number in range(count)))
            began = time.perf_counter()
            await asyncio.gather(*(log.append(one) for one in leaves(0, 5 * PER_SECOND)))
            crowded = 5 * PER_SECOND / (time.perf_counter() - began)
            running.cancel()
            await asyncio.gather(running, return_exceptions=True)
    state.close()
    return took, crowded


def run(*, quick: bool) -> list[Figure]:
    """The figures of this benchmark."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        took = batched(folder / "batched", 5 if quick else 30)
        late, crowded = asyncio.run(latencies(folder, 20 if quick else 100))
        figures = [
            at_least("log: leaves/s in batches of 2,000, published each", PER_SECOND / median(took), 2_000, "/s", 0),
            at_least("log: entries/s at once, witnessed, a proof for each", crowded, 2_000, "/s", 0),
            at_most("log: from entry to witnessed proof, median", median(late), 1.5, "s"),
            at_most("log: from entry to witnessed proof, 19 of 20", quantile(late, 0.95), 1.5, "s"),
        ]
        most = 7 if not quick and shutil.disk_usage(name).free > ROOM else 6
        for power in range(4, most + 1):
            cost = imported(folder / "bulk", 10**power)
            figures.append(plain(f"log: bulk import up to 10^{power} leaves, each", cost, "µs", 1))
        size = 10**most
        factor = bytes_of(folder / "bulk") / least_bytes(size)
        live = bytes_of(folder / "batched") / least_bytes(PER_SECOND * len(took))
        checked = checks(folder / "bulk", 200 if quick else 1000)
        return [
            *figures,
            at_least("log: leaves/s of the last import", 1e6 / cost, 2_000, "/s", 0),
            plain(f"log: opening 10^{most} leaves again", reopened(folder / "bulk"), "s"),
            at_most(f"log: bytes on disk at 10^{most} leaves, leaves and hashes = 1", factor, 1.2, "", 3),
            at_most(f"log: the same after {len(took)} batches of 2,000", live, 1.2, "", 3),
            at_most("log: check of a proof, Ed25519 and ML-DSA-44 together", median(checked) * 1e3, 1.0, "ms"),
            plain("log: bytes of the published head", os.path.getsize(folder / "bulk" / CHECKPOINT), "bytes", 0),
        ]


if __name__ == "__main__":
    from figure import table

    print(table(run(quick="--quick" in sys.argv)))
