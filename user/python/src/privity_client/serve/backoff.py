"""How long to wait before a died role is started again."""

from typing import Final

FIRST: Final = 1.0
"""Seconds before the first restart."""
LONGEST: Final = 30.0
"""Seconds beyond which the pause does not grow."""
STEADY: Final = 60.0
"""Seconds of life after which a role counts as well again."""


class Backoff:
    """Doubles the pause with each early death; `now` is monotonic seconds."""

    def __init__(self) -> None:
        self._next = FIRST
        self._started = 0.0

    def started(self, now: float) -> None:
        """Note that the role was started."""
        self._started = now

    def died(self, now: float) -> float:
        """Return the seconds to wait before the next start."""
        if now - self._started >= STEADY:
            self._next = FIRST
        pause, self._next = self._next, min(self._next * 2, LONGEST)
        return pause
