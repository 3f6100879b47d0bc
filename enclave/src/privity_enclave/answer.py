"""One answer as it grows: what the model said, gathered into lines, kept for as long as somebody may ask for it.

Source: specs/node-http.md, "Answers and resume". Pure state. A line is made when a stream asks for bytes, at its tick,
so that the size of a line follows the clock and not the tokens. Offsets count application bytes from the start.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final

from privity_protocol.application import InnerError
from privity_protocol.limits import RESUME_BYTES
from privity_protocol.lines import Done, Line, Logprobs, Text, Usage, encode_line
from privity_protocol.receipt_writer import ReceiptWriter

MAX_PIECE: Final = 8192  # characters in one line; the rest goes into the next one
_ENTRIES: Final = 84  # tokens and alternatives in one line: four tokens of 20, which fit it however long they are
_TRIM: Final = 65536  # bytes; forgetting in large steps keeps each step cheap


class Forgotten(Exception):
    """The bytes from this offset on are not kept any more, or never were."""


@dataclass(frozen=True, slots=True)
class Complete:
    """The answer ends with its last application byte."""


@dataclass(frozen=True, slots=True)
class Failed:
    """The answer ends with an inner error; `text` is ours and quotes nobody."""

    code: InnerError
    text: str


@dataclass(slots=True, eq=False)
class Answer:
    """`resumable` answers outlive their connection, `receipt` signs them where it was asked for.

    `changed` is called after every change: it wakes a stream. `settle` hears whether the answer counts as given: true
    once its end has left, false when it fails; only the first word counts. `pieces`: what the model said until now.
    """

    resumable: bool
    receipt: ReceiptWriter | None = None
    ending: Complete | Failed | None = None
    changed: Callable[[], None] = field(default=lambda: None)
    settle: Callable[[bool], None] = field(default=lambda paid: None)
    pieces: int = 0
    delivered: int = 0
    _kept: bytearray = field(default_factory=bytearray)
    _start: int = 0
    _usage: Usage | None = None
    _pending: list[tuple[type[Text], list[str]]] = field(default_factory=list)
    _weights: list[Logprobs] = field(default_factory=list)
    _pending_size: int = 0

    @property
    def size(self) -> int:
        """Application bytes so far, those not yet gathered at a guess."""
        return self._start + len(self._kept) + self._pending_size

    @property
    def waiting(self) -> int:
        """Bytes that were produced and not delivered."""
        return self.size - self.delivered

    def say(self, kind: type[Text], text: str) -> None:
        """Add what the model said, as Text or Reasoning; it is gathered into a line at the next `read`."""
        self.pieces += 1
        if not self._pending or self._pending[-1][0] != kind:
            self._pending.append((kind, []))
        encoded = text.encode("utf-8", "replace")  # a lone surrogate would make the whole line unwritable
        self._pending[-1][1].append(encoded.decode())
        self._pending_size += len(encoded)
        self.changed()

    def weigh(self, line: Logprobs) -> None:
        """Add how likely a token of the text was; gathered like the text, and after it."""
        if self._weights and len(self._weights[-1].bytes) + len(line.bytes) <= _ENTRIES:
            last = self._weights.pop()
            line = Logprobs(last.bytes + line.bytes, last.surprisal + line.surprisal, last.top + line.top)
        self._weights.append(line)
        self._pending_size += 1
        self.changed()

    def add(self, line: Line) -> None:
        """Add a whole line, after all that was said before it. Raises LimitExceeded for one above 64 KiB."""
        self._gather()
        self._keep(line)
        self.pieces += 1
        if isinstance(line, Usage):
            self._usage = line
        self.changed()

    def complete(self, done: Done) -> None:
        """End with `done`, after the receipt if one is due. Nothing happens when the answer has ended."""
        if self.ending is None:
            self._gather()
            if self.receipt is not None:
                self._keep(self.receipt.finish(self._usage, done.reason))
            self._keep(done)
            self.end(Complete())

    def end(self, ending: Complete | Failed) -> None:
        """Say how the answer ends; the first ending stays."""
        if self.ending is None:
            self.ending = ending
            if isinstance(ending, Failed):
                self.settle(False)
            self.changed()

    def read(self, offset: int, most: int) -> bytes:
        """Return at most `most` bytes from `offset` on, what was said until now included. Raises Forgotten."""
        if not self.holds(offset):
            raise Forgotten
        at = offset - self._start
        return bytes(self._kept[at : at + most])

    def holds(self, offset: int) -> bool:
        """Say whether `read` can begin at `offset`."""
        self._gather()
        return 0 <= offset - self._start <= len(self._kept)

    def deliver(self, offset: int) -> None:
        """Note that everything before `offset` has been handed to the network, and forget what need not be kept."""
        self.delivered = offset
        spare = offset - self._start - (RESUME_BYTES if self.resumable else 0)
        if spare > _TRIM:
            del self._kept[:spare]
            self._start += spare

    def erase(self) -> None:
        """Forget everything."""
        self._kept.clear()
        self._pending.clear()
        self._weights.clear()
        self._pending_size = 0
        self._start = -1

    def _gather(self) -> None:
        for kind, parts in self._pending:
            text = "".join(parts)
            for at in range(0, len(text), MAX_PIECE):
                self._keep(kind(text[at : at + MAX_PIECE]))
        for line in self._weights:
            self._keep(line)
        self._pending.clear()
        self._weights.clear()
        self._pending_size = 0

    def _keep(self, line: Line) -> None:
        encoded = encode_line(line)
        self._kept += encoded
        if self.receipt is not None:
            self.receipt.cover(encoded)
