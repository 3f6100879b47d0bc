"""Ports for processes that are told theirs before they start.

What the system gives for port 0 it also gives to outgoing connections: such a port can be taken before the process is
up, or while a test starts it again. These lie below that range, and each worker of a run has its own.
"""

import itertools
import os
import socket
from contextlib import ExitStack, suppress
from typing import Final

FIRST: Final = 10_000
EACH: Final = 1_500
"""Ports of one worker."""
WORKERS: Final = 8
LONGEST: Final = 16
"""Ports of a row at most, so that none reaches into the range of the next worker."""


def _own() -> list[int]:
    worker = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw")) % WORKERS
    ports = range(FIRST + worker * EACH, FIRST + (worker + 1) * EACH - LONGEST)
    # Two runs on one machine do not begin at the same place.
    begin = os.getpid() * 31 % len(ports)
    return [*ports[begin:], *ports[:begin]]


_TURN: Final = itertools.cycle(_own())


def free_row(count: int = 1) -> int:
    """The first of so many neighbouring ports that are free; none comes again before all others have come."""
    assert count <= LONGEST
    for first in itertools.islice(_TURN, EACH):
        with ExitStack() as held, suppress(OSError):
            for port in range(first, first + count):
                held.enter_context(socket.create_server(("127.0.0.1", port)))
            for _ in range(count - 1):
                next(_TURN)
            return first
    raise AssertionError("no free ports")
