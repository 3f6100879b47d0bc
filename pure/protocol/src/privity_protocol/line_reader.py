"""Reading the lines of an answer on the client, in whatever pieces they arrive. Source: specs/application.md."""

from typing import Final

from privity_protocol import jsontext
from privity_protocol.errors import Malformed
from privity_protocol.limits import MAX_LINE
from privity_protocol.lines import Done, Line, SignedReceipt, line_of
from privity_protocol.pieces import PieceReader

_DEPTH: Final = 2


class LineReader(PieceReader[Line]):
    """Reads the application bytes of an answer in whatever pieces they arrive, also across a resume."""

    __slots__ = ("_done", "_received", "_signed")

    def __init__(self) -> None:
        super().__init__()
        self._received = 0
        self._signed = False
        self._done: Done | None = None

    @property
    def received(self) -> int:
        """Application bytes taken so far: the `from` of a resume."""
        return self._received

    def feed(self, data: bytes) -> list[Line]:
        """Return the lines that are whole now.

        Raises Malformed `too_large`, `not_utf8`, `not_json`, `too_deep`, `duplicate_member`, `line_kind`,
        `missing_member`, `unknown_member`, `member_type`, `member_value`, `order` (bytes after the done line, another
        line after the receipt).
        """
        self._received += len(data)
        return super().feed(data)

    def finish(self) -> Done:
        """Return the done line once END has come. Raises Malformed `truncated` when there was none."""
        self._require_sound()
        if self._done is None or self._buffer:
            raise Malformed("truncated", "the answer has no done line")
        return self._done

    def _step(self) -> Line | None:
        if self._done is not None and self._buffer:
            raise Malformed("order", "bytes after the done line")
        end = self._buffer.find(b"\n", 0, MAX_LINE)
        if end < 0:
            if len(self._buffer) >= MAX_LINE:
                raise Malformed("too_large", f"line of more than {MAX_LINE} bytes")
            return None
        found = line_of(jsontext.decode(bytes(self._buffer[:end]), max_depth=_DEPTH))
        del self._buffer[: end + 1]
        # A line behind the receipt would be in the answer, and not in what was signed of it.
        if self._signed and not isinstance(found, Done):
            raise Malformed("order", "a line between receipt and done")
        self._signed = isinstance(found, SignedReceipt)
        if isinstance(found, Done):
            self._done = found
        return found

    def __repr__(self) -> str:
        return f"LineReader({self._received} bytes)"
