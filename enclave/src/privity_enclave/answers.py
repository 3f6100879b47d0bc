"""The answers of a node by request id: those that run, and those kept for a client that lost its connection.

Source: specs/node-http.md, "Answers and resume"; times and sizes in specs/limits.md. A request id is 128 random bits
that travel encrypted only: who knows it may ask for the answer, or stop it.
"""

from collections.abc import Callable
from dataclasses import dataclass, field

from privity_protocol.application import InnerError
from privity_protocol.limits import RESUME_SECONDS, RESUME_TTL

from privity_enclave.answer import Answer, Failed

STOPPED = Failed(InnerError.RESUME_GONE, f"The answer was stopped {RESUME_SECONDS} s after its connection was lost.")


@dataclass(slots=True, eq=False)
class Entry:
    """An answer, how to stop what produces it, how to drop the connection that reads it, and when that one was lost."""

    answer: Answer
    stop: Callable[[], None] = field(default=lambda: None)
    drop: Callable[[], None] = field(default=lambda: None)
    lost: float | None = None

    def attach(self) -> None:
        """Make way for a new connection. The old one is cut: it is the same client's, half open."""
        self.drop()
        self.lost = None


class Answers:
    """Bounded table; `now` is on a clock that never goes back."""

    def __init__(self, *, kept: int) -> None:
        self._most = kept
        self._entries: dict[bytes, Entry] = {}

    def begin(self, rid: bytes, entry: Entry) -> None:
        """Enter a new answer. An older one of the same id is stopped: its client has given it up and tries again."""
        self.forget(rid)
        self._entries[rid] = entry

    def find(self, rid: bytes) -> Entry | None:
        """Return the entry of an answer that runs or is kept."""
        return self._entries.get(rid)

    def forget(self, rid: bytes) -> None:
        """Stop and erase an answer, if there is one; its connection is cut."""
        entry = self._entries.pop(rid, None)
        if entry is not None:
            entry.stop()
            entry.drop()
            entry.answer.erase()

    def leave(self, rid: bytes, entry: Entry, drop: Callable[[], None], *, now: float) -> None:
        """The connection that `drop` cuts is over, whichever way. What may not be resumed is stopped and forgotten."""
        if self._entries.get(rid) is not entry or entry.drop != drop:
            return  # another connection or another answer has taken its place
        entry.drop = lambda: None
        if not entry.answer.resumable:
            entry.stop()
            del self._entries[rid]
            return
        entry.lost = now
        self._bound()

    def sweep(self, now: float) -> None:
        """Stop what generates for nobody, forget what is kept too long."""
        for rid, entry in list(self._entries.items()):
            if entry.lost is None:
                continue
            if now >= entry.lost + RESUME_TTL:
                self.forget(rid)
            elif now >= entry.lost + RESUME_SECONDS and entry.answer.ending is None:
                entry.stop()
                entry.answer.end(STOPPED)

    def close(self) -> None:
        """Stop and forget all."""
        for rid in list(self._entries):
            self.forget(rid)

    def _bound(self) -> None:
        lost = sorted((entry.lost, rid) for rid, entry in self._entries.items() if entry.lost is not None)
        for _, rid in lost[: max(0, len(lost) - self._most)]:
            self.forget(rid)
