"""Runs a role whose clocks a test can move: `python -I shifted_clock.py FILE MODULE ARGUMENT ...`.

FILE holds two doubles, little-endian: seconds added to the wall clock, and seconds added to the clock that counts
suspension and never goes back. They are read at every look at the clock, as a clock that jumps is.
"""

import datetime
import mmap
import runpy
import struct
import sys
import time
from pathlib import Path
from typing import Self

SHIFTS = struct.Struct("<dd")


def shift(file: Path, *, wall: float = 0, steady: float = 0) -> None:
    """Move the clocks of the role that reads `file`."""
    with file.open("r+b") as out:
        out.write(SHIFTS.pack(wall, steady))


def make(file: Path, *, wall: float) -> Path:
    """Write the file before the role starts."""
    file.write_bytes(SHIFTS.pack(wall, 0))
    return file


def main() -> None:
    """Replace the clocks, then be the module."""
    name, module, *arguments = sys.argv[1:]
    with open(name, "r+b") as file:
        shifts = mmap.mmap(file.fileno(), SHIFTS.size, prot=mmap.PROT_READ)
    true_time, true_clock, true_datetime = time.time, time.clock_gettime, datetime.datetime

    class ShiftedDatetime(true_datetime):
        @classmethod
        def now(cls, tz: datetime.tzinfo | None = None) -> Self:
            return super().now(tz) + datetime.timedelta(seconds=SHIFTS.unpack_from(shifts)[0])

    time.time = lambda: true_time() + SHIFTS.unpack_from(shifts)[0]
    time.clock_gettime = lambda clock: (
        true_clock(clock) + (SHIFTS.unpack_from(shifts)[1] if clock == time.CLOCK_BOOTTIME else 0)
    )
    datetime.datetime = ShiftedDatetime  # type: ignore[misc]
    sys.argv = [module, *arguments]
    runpy.run_module(module, run_name="__main__", alter_sys=True)


if __name__ == "__main__":
    main()
