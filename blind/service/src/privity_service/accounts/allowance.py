"""Counting in memory how often somebody does something. What is counted dies with the process."""

from collections import OrderedDict
from collections.abc import Callable
from threading import Lock

from privity_service.accounts.limits import Rate
from privity_service.accounts.problem import Problem

MAX_COUNTED = 200_000
"""Counters kept at once, 100 bytes each; beyond it the oldest is forgotten, in favour of whoever it counted."""


class Allowance:
    """Fixed windows per rate and key."""

    def __init__(self, clock: Callable[[], int]) -> None:
        self._clock = clock
        self._lock = Lock()
        self._counts: OrderedDict[tuple[str, bytes], tuple[int, int]] = OrderedDict()

    def take(self, rate: Rate, key: bytes, count: int = 1) -> None:
        """Count `count`, or nothing. Raises Problem with the rate's reason and the seconds to wait."""
        with self._lock:
            now = self._clock()
            start, before = self._counts.get((rate.name, key), (now, 0))
            if not start <= now < start + rate.seconds:
                start, before = now, 0
            if before + count > rate.most:
                wait = start + rate.seconds - now
                raise Problem(rate.reason, f"at most {rate.most} in {rate.seconds} s", retry_after=wait)
            self._counts[rate.name, key] = start, before + count
            self._counts.move_to_end((rate.name, key))
            while len(self._counts) > MAX_COUNTED:
                self._counts.popitem(last=False)

    def give_back(self, rate: Rate, key: bytes) -> None:
        """Take back one that came to nothing."""
        with self._lock:
            start, count = self._counts.get((rate.name, key), (0, 0))
            if count > 0:
                self._counts[rate.name, key] = start, count - 1
