"""When records leave: fixed sizes on a fixed clock, and an end that only tells the rung. Source: specs/pacing.md.

Sans-I/O: a driver calls `tick` on its timer and sends what it gets. What is queued never changes when, or how much.
"""

from dataclasses import dataclass
from typing import Final, Literal

from privity_protocol.errors import LimitExceeded, StateError
from privity_protocol.limits import MAX_BACKLOG, MAX_RECORDS_PER_KEY
from privity_protocol.records import encode_error
from privity_protocol.response_writer import ResponseWriter


@dataclass(frozen=True, slots=True)
class Profile:
    """One traffic profile.

    `record_size` in bytes; `tick_ms` between records (None: records leave when there is something to say);
    `ladder` the first totals of a response in records, continued by the factor `grow`/`shrink`, rounded up.
    """

    name: str
    record_size: int
    tick_ms: int | None
    ladder: tuple[int, ...]
    grow: int = 1
    shrink: int = 1

    def total_after(self, count: int) -> int:
        """Return the records of a response that has `count` of them and needs at least one more: the CLOSE.

        Without a ladder that is `count + 1`; with one it is the first rung above `count`.
        Raises LimitExceeded `record_limit` when no rung is left below the records of one key.
        """
        if not self.ladder:
            return count + 1
        for rung in self.ladder:
            if rung > count:
                return rung
        rung = self.ladder[-1]
        while rung <= count:
            rung = -(-rung * self.grow // self.shrink)
        if rung > MAX_RECORDS_PER_KEY:
            raise LimitExceeded("record_limit", f"no rung above {count}")
        return rung


PROFILES: Final = {
    "p0": Profile("p0", 1024, None, ()),
    "p1": Profile("p1", 512, 100, (20,), 3, 2),
    "p2": Profile("p2", 512, 100, (100,), 3, 1),
}
"""p1 is the default; p2 is stricter; p0 has no pacing, is for a local network only, and a client must say so."""


class Emission:
    """The queue between a model that speaks when it likes and a clock that does not care.

    Application bytes go in with `queue`, the end with `finish` or `fail`; `tick` gives the one record of this moment.
    The handle of the next RUN leaves in the first record that has nothing else to carry, at the latest before the end.
    """

    __slots__ = ("_ending", "_next", "_profile", "_queue", "_total", "_writer")

    def __init__(self, profile: Profile, writer: ResponseWriter) -> None:
        self._profile = profile
        self._writer = writer
        self._queue = bytearray()
        self._next: tuple[bytes, int] | None = None
        self._ending: tuple[int, str] | Literal["finish"] | None = None
        self._total: int | None = None

    @property
    def ended(self) -> bool:
        """Whether END, or an inner error, has left."""
        return self._total is not None

    @property
    def closed(self) -> bool:
        """Whether CLOSE has left."""
        return self._writer.records == self._total

    @property
    def backlog(self) -> int:
        """Records that the queue would fill now."""
        return -(-len(self._queue) // self._writer.capacity)

    def announce_next(self, sid: bytes, ttl: int) -> None:
        """Name the next RUN's handle. Raises StateError `order` when named twice or after the end was queued."""
        self._require_open()
        if self._next is not None:
            raise StateError("order", "the next session was announced")
        self._next = (sid, ttl)

    def queue(self, data: bytes) -> None:
        """Add application bytes. Raises LimitExceeded `backlog_full` (nothing was added), StateError `order`."""
        self._require_open()
        if len(self._queue) + len(data) > MAX_BACKLOG:
            raise LimitExceeded("backlog_full", f"{len(self._queue)} bytes queued, at most {MAX_BACKLOG}")
        self._queue += data

    def finish(self, last: bytes = b"") -> None:
        """Queue the end of a complete answer. Raises LimitExceeded `backlog_full`, StateError `order`."""
        self.queue(last)
        self._ending = "finish"

    def fail(self, code: int, text: str = "") -> None:
        """Queue an inner error behind the queue. Raises LimitExceeded `record_capacity`, StateError `order`."""
        self._require_open()
        encode_error(code, text)
        self._ending = (code, text)

    def tick(self) -> bytes | None:
        """Return the one record of this tick, or None once CLOSE has left."""
        if self.closed:
            return None
        if self._total is not None:
            return self._writer.close() if self._writer.records + 1 == self._total else self._writer.pad()
        room = self._writer.capacity
        ending = self._ending
        last = ending == "finish" and len(self._queue) <= room
        if self._next is not None and (last or not self._queue):
            handle, self._next = self._next, None
            return self._writer.next(*handle)
        if self._queue and not last:
            return self._writer.data(self._take(room))
        if ending is None:
            return self._writer.pad()
        record = self._writer.end(self._take(room)) if ending == "finish" else self._writer.error(*ending)
        self._total = self._profile.total_after(self._writer.records)
        return record

    def drain(self) -> bytes:
        """Return all records that have something to say, for the profile without a clock.

        Raises StateError `order` for a paced profile, where a record leaves at a tick and at no other time.
        """
        if self._profile.tick_ms is not None:
            raise StateError("order", f"{self._profile.name} leaves on its clock")
        records = bytearray()
        while (self._next or self._queue or self._ending) and (record := self.tick()):
            records += record
        return bytes(records)

    def _take(self, size: int) -> bytes:
        piece = bytes(self._queue[:size])
        del self._queue[:size]
        return piece

    def _require_open(self) -> None:
        if self._ending is not None:
            raise StateError("order", "the end was queued")

    def __repr__(self) -> str:
        return f"Emission({self._profile.name}, {self._writer.records} records)"
