"""The table of open sessions: a session id is worth exactly one request.

Source: specs/node-http.md, section "Sessions". Pure state; the caller passes `now`, seconds of a clock that never goes
back. What an entry holds opens one request: an entry leaves the table by `take`, by its time or with its node key, and
nothing ever puts it back.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Final, Generic, TypeVar

SESSION_BYTES: Final = 16
C = TypeVar("C")


class UnknownSession(Exception):
    """No such session: never made, used, expired, evicted or of another key. Which of these is not told."""


class TableFull(Exception):
    """The table holds as many sessions as it may, and none may be dropped for this one."""


@dataclass(frozen=True, slots=True)
class Lineage:
    """What a chain of sessions remembers from its HELLO: first session id, node key, runs so far, when it must end."""

    origin: bytes
    kid: bytes
    runs: int
    ends: float


@dataclass(frozen=True, slots=True)
class Open(Generic[C]):
    """One session: the secret that opens its request, its lineage, and until when it may be used."""

    chain: C
    lineage: Lineage
    until: float


class SessionTable(Generic[C]):
    """Bounded map from session id to `Open`. Sessions that have carried a request outlive those that have not.

    `erase` overwrites the secret of a session that leaves the table without being taken.
    """

    def __init__(self, *, limit: int, chain_runs: int, erase: Callable[[C], None]) -> None:
        self._limit = limit
        self._chain_runs = chain_runs
        self._erase = erase
        # Two maps in order of age: `_fresh` holds what any stranger can make by a HELLO, `_chained` what requests made.
        self._fresh: dict[bytes, Open[C]] = {}
        self._chained: dict[bytes, Open[C]] = {}

    def __len__(self) -> int:
        return len(self._fresh) + len(self._chained)

    def begin(self, sid: bytes, chain: C, *, kid: bytes, ends: float, ttl: int, now: float) -> None:
        """Open the first session of a chain for `ttl` seconds. Raises TableFull when only chained sessions are left."""
        self._expire(now)
        if len(self) >= self._limit:
            if not self._fresh:
                self._erase(chain)
                raise TableFull
            self._drop(self._fresh)
        self._insert(self._fresh, sid, Open(chain, Lineage(sid, kid, 0, ends), min(now + ttl, ends)))

    def take(self, sid: bytes, *, kid: bytes, now: float) -> Open[C]:
        """Remove and return a session; of any number of callers with one id, one gets it. Raises UnknownSession."""
        # dict.pop is one step under the interpreter's lock; look-up then delete would serve two threads.
        session = self._fresh.pop(sid, None) or self._chained.pop(sid, None)
        if session is None:
            raise UnknownSession
        if now >= session.until or session.lineage.kid != kid:
            self._erase(session.chain)
            raise UnknownSession
        return session

    def continues(self, lineage: Lineage, *, now: float) -> bool:
        """Say whether the chain may have another session after the run that `lineage` just began."""
        return lineage.runs + 1 < self._chain_runs and now < lineage.ends

    def chain(self, sid: bytes, chain: C, after: Lineage, *, ttl: int, now: float) -> None:
        """Open the next session of a chain whose run has been accepted. Drops the oldest of all when full."""
        self._expire(now)
        if len(self) >= self._limit:
            self._drop(self._fresh or self._chained)
        lineage = replace(after, runs=after.runs + 1)
        self._insert(self._chained, sid, Open(chain, lineage, min(now + ttl, after.ends)))

    def forget(self, kid: bytes) -> None:
        """Drop every session of a node key that has been destroyed."""
        for table in (self._fresh, self._chained):
            for sid in [sid for sid, session in table.items() if session.lineage.kid == kid]:
                self._erase(table.pop(sid).chain)

    def _drop(self, table: dict[bytes, Open[C]]) -> None:
        self._erase(table.pop(next(iter(table))).chain)

    def _insert(self, table: dict[bytes, Open[C]], sid: bytes, session: Open[C]) -> None:
        if len(sid) != SESSION_BYTES or sid in self._fresh or sid in self._chained:
            raise AssertionError("session ids are 16 fresh random bytes")
        table[sid] = session

    def _expire(self, now: float) -> None:
        # Oldest first and only as far as they are expired: the cost is shared by those who fill the table.
        for table in (self._fresh, self._chained):
            while table and now >= next(iter(table.values())).until:
                self._drop(table)
