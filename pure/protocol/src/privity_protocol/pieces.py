"""Reading a stream that arrives in any pieces, with one outcome for every cut of it. Source: specs/ec1.md."""

from abc import ABC, abstractmethod
from typing import Generic, TypeVar

from privity_protocol.errors import PrivityError

T = TypeVar("T")


class PieceReader(ABC, Generic[T]):
    """Gathers bytes and reads them step by step.

    `feed` returns what was established. A fault behind it is raised by the next call, or else what a reader learns
    would depend on how the network cut the stream. A fault stays.
    """

    __slots__ = ("_buffer", "_fault")

    def __init__(self) -> None:
        self._buffer = bytearray()
        self._fault: PrivityError | None = None

    def feed(self, data: bytes) -> list[T]:
        """Take the next bytes; return what is whole now. Raises the faults of the reader."""
        self._require_sound()
        self._buffer += data
        found: list[T] = []
        try:
            while (one := self._step()) is not None:
                found.append(one)
        except PrivityError as fault:
            self._fault = fault
            self._buffer.clear()
            if not found:
                raise
        return found

    @abstractmethod
    def _step(self) -> T | None:
        """Read one more thing, or return None when there are not enough bytes."""

    def _require_sound(self) -> None:
        if self._fault is not None:
            raise self._fault
