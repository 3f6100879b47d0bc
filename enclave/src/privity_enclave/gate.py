"""What a node takes on at one time. Beyond it the answer is an outer error, before anything of the request is used up.

Source: specs/node-http.md, "Limits".
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from privity_protocol.outer_error import OuterError

from privity_enclave.configuration import Limits


class Turned(Exception):
    """A message is turned away with an outer error; nothing else is said."""

    def __init__(self, error: OuterError) -> None:
        self.error = error
        super().__init__(error.reason)


class Place:
    """A running request's place; it holds the bytes of the request until the answer is over."""

    def __init__(self, gate: "Gate") -> None:
        self._gate = gate
        self.held = 0

    def hold(self, size: int) -> None:
        """Hold `size` more bytes. Raises Turned BUSY when all requests together hold too many."""
        if self._gate.held + size > self._gate.limits.request_bytes:
            raise Turned(OuterError.BUSY)
        self._gate.held += size
        self.held += size


class Gate:
    """Counts runs and their bytes, and challenges per minute. `draining` closes it for good."""

    def __init__(self, limits: Limits, steady: Callable[[], float]) -> None:
        self.limits = limits
        self.running = 0
        self.held = 0
        self.draining = False
        self._steady = steady
        self._allowance = float(limits.challenges_per_minute)
        self._refilled = steady()

    def require_open(self) -> None:
        """Raise Turned BUSY while draining."""
        if self.draining:
            raise Turned(OuterError.BUSY)

    @contextmanager
    def run(self) -> Iterator[Place]:
        """Give a place for one request and its answer. Raises Turned BUSY when there is none."""
        self.require_open()
        if self.running >= self.limits.concurrent_runs:
            raise Turned(OuterError.BUSY)
        self.running += 1
        place = Place(self)
        try:
            yield place
        finally:
            self.running -= 1
            self.held -= place.held

    def challenge(self) -> None:
        """Count one challenge. Raises Turned SLOW_DOWN beyond the rate, BUSY while draining."""
        self.require_open()
        now, most = self._steady(), self.limits.challenges_per_minute
        self._allowance = min(most, self._allowance + (now - self._refilled) * most / 60)
        self._refilled = now
        if self._allowance < 1:
            raise Turned(OuterError.SLOW_DOWN)
        self._allowance -= 1
