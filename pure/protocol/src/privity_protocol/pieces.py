"""Reading a stream that arrives in any pieces, with one outcome for every cut of it. Source: specs/ec1.md."""

from typing import Generic, TypeVar

from privity_protocol.errors import PrivityError

T = TypeVar("T")


class PieceReader(Generic[T]):
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

    def _step(self) -> T | None:
        raise NotImplementedError

    def _require_sound(self) -> None:
        if self._fault is not None:
            raise self._fault
