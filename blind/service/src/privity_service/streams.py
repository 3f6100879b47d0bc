"""How many requests are carried at once: a bound on memory, and what a drain waits for."""

from collections.abc import Iterator
from contextlib import contextmanager

from privity_protocol.admission import OuterError

from privity_service.request_body import Refused


class Streams:
    """Counts the requests in flight. Beyond `most`: busy."""

    def __init__(self, most: int) -> None:
        self.open = 0
        self._most = most

    @contextmanager
    def one(self) -> Iterator[None]:
        """Hold one place while a request is carried. Raises Refused."""
        if self.open >= self._most:
            raise Refused(OuterError.BUSY)
        self.open += 1
        try:
            yield
        finally:
            self.open -= 1
