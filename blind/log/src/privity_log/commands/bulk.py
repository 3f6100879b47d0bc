"""`privity-log append --lines`: bring a long history into a log that is not running, one leaf a line."""

import time
from collections.abc import Iterator
from pathlib import Path

from privity_tlog.limits import MAX_ENTRY

from privity_log import sequencer
from privity_log.errors import LogError, StoreError
from privity_log.limits import MAX_BATCH, MAX_BATCH_BYTES
from privity_log.process import LOG_KINDS, clock, signers_of
from privity_log.store import locked


def run(path: Path, folder: Path, origin: str, key_file: Path) -> int:
    """Append each line of a file as a leaf; the next `serve` has it cosigned and publishes it. Raises LogError."""
    began = time.monotonic()
    if not key_file.exists():
        raise StoreError("store_missing", f"{key_file}: make the log first (privity-log keys)")
    with locked(folder) as store:
        log = sequencer.open_log(store, origin, signers_of(key_file, origin, LOG_KINDS), now=clock())
        before = log.committed.head.size
        for batch in batches(path):
            log.append(batch, now=clock())
        size = log.committed.head.size
    print(f"{origin}: {size - before} new leaves, {size} in all, in {time.monotonic() - began:.1f} s")
    return 0


def batches(path: Path) -> Iterator[list[bytes]]:
    """Yield the lines of a file without their ends, as many at once as a batch holds. Raises LogError `misuse`.

    A line that is too long comes in parts, of which the first is too long for the sequencer.
    """
    batch: list[bytes] = []
    held = 0
    try:
        with path.open("rb") as file:
            while line := file.readline(MAX_ENTRY + 2):
                entry = line.removesuffix(b"\n")
                if len(batch) == MAX_BATCH or held + len(entry) > MAX_BATCH_BYTES:
                    yield batch
                    batch, held = [], 0
                batch.append(entry)
                held += len(entry)
    except OSError as error:
        raise LogError("misuse", f"{path}: {error.strerror}") from error
    if batch:
        yield batch
