"""The one thread that writes: calls that wait together are one transaction, and each is answered once that is durable.

A transaction holds the ledger's lock, so that several processes on one PostgreSQL change rows one after the other.
"""

from collections.abc import Callable, Sequence
from concurrent.futures import Future
from dataclasses import asdict
from queue import Empty, Full, Queue
from threading import Thread
from typing import Any, Final

from sqlalchemy import Connection, Engine, delete, select, text, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import DBAPIError

from privity_service.ledger.refusal import Refused
from privity_service.ledger.states import DAY_S, Call, Row, State, after
from privity_service.ledger.tables import Purged, TokenRow

MAX_TOGETHER: Final = 256
MAX_WAITING: Final = 4096
KEPT_DAYS: Final = 7
_LOCK: Final = 7_262_002
_COLUMNS: Final = (
    TokenRow.nullifier,
    TokenRow.day,
    TokenRow.state,
    TokenRow.request,
    TokenRow.holder,
    TokenRow.tries,
    TokenRow.lease,
)
Waiting = tuple[Call, "Future[tuple[Row, int]]"]


class Writer:
    """The ledger over one database; `clock` gives Unix seconds. Calls may come from any thread."""

    def __init__(self, engine: Engine, clock: Callable[[], int]) -> None:
        self._engine = engine
        self._clock = clock
        dialect = sqlite if engine.dialect.name == "sqlite" else postgresql
        insert = dialect.insert(TokenRow)
        changed = {one.key: insert.excluded[one.key] for one in _COLUMNS if one.key != "nullifier"}
        self._upsert = insert.on_conflict_do_update(index_elements=["nullifier"], set_=changed)
        self._queue: Queue[Waiting | None] = Queue(MAX_WAITING)
        self._thread = Thread(target=self._run, name="ledger", daemon=True)
        self._thread.start()

    def submit(self, call: Call) -> "Future[tuple[Row, int]]":
        """The row after the call and the second at which it was made; Refused is raised by the future, or at once."""
        answer: Future[tuple[Row, int]] = Future()
        try:
            self._queue.put_nowait((call, answer))
        except Full:
            raise Refused("service.busy", "too many calls wait", retry_after=1) from None
        return answer

    def purge(self) -> int:
        """Erase the rows of days that ended more than a week ago; how many."""
        last = self._clock() // DAY_S - KEPT_DAYS - 1
        with self._engine.connect().execution_options(writes=True) as connection:
            self._lock(connection)
            if last <= self._purged(connection):
                return 0
            connection.execute(update(Purged).values(day=last))
            erased = connection.execute(delete(TokenRow).where(TokenRow.day <= last)).rowcount
            connection.commit()
        return erased

    def close(self) -> None:
        """Finish what waits, and end."""
        self._queue.put(None)
        self._thread.join()

    def _run(self) -> None:
        while (first := self._queue.get()) is not None:
            together, ended = [first], False
            while len(together) < MAX_TOGETHER:
                try:
                    more = self._queue.get_nowait()
                except Empty:
                    break
                if more is None:
                    ended = True
                    break
                together.append(more)
            self._answer(together)
            if ended:
                return

    def _answer(self, together: Sequence[Waiting]) -> None:
        """Nothing is answered before the transaction is durable; a fault is everybody's, and each may ask again."""
        # A caller that left before its turn is passed over; from here on it cannot leave.
        together = [one for one in together if one[1].set_running_or_notify_cancel()]
        try:
            outcomes = self._transaction([call for call, _ in together])
        except Exception as error:  # else a caller would wait for ever, and the thread be gone
            known = isinstance(error, DBAPIError)
            fault = Refused("service.busy", "the database does not answer", retry_after=5) if known else error
            for _, answer in together:
                answer.set_exception(fault)
            return
        for (_, answer), outcome in zip(together, outcomes, strict=True):
            if isinstance(outcome, Refused):
                answer.set_exception(outcome)
            else:
                answer.set_result(outcome)

    def _transaction(self, calls: Sequence[Call]) -> list[tuple[Row, int] | Refused]:
        outcomes: list[tuple[Row, int] | Refused] = []
        with self._engine.connect().execution_options(writes=True) as connection:
            self._lock(connection)
            now, purged = self._clock(), self._purged(connection)
            rows, changed = self._rows(connection, list({one.nullifier for one in calls})), dict[bytes, Row]()
            for call in calls:
                before = rows.get(call.nullifier)
                try:
                    row = after(before, call, now, purged=purged)
                except Refused as refused:
                    outcomes.append(refused)
                    continue
                if row is not before:
                    rows[call.nullifier] = changed[call.nullifier] = row
                outcomes.append((row, now))
            if changed:
                connection.execute(self._upsert, [{"nullifier": one} | asdict(row) for one, row in changed.items()])
            try:
                connection.commit()
            except BaseException:
                # Nobody knows what became of it: the next transaction must not begin inside this one.
                connection.invalidate()
                raise
        return outcomes

    def _lock(self, connection: Connection) -> None:
        if connection.dialect.name == "postgresql":
            connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": _LOCK})

    def _purged(self, connection: Connection) -> int:
        return connection.execute(select(Purged.day)).scalar_one()

    def _rows(self, connection: Connection, nullifiers: list[bytes]) -> dict[bytes, Row]:
        found: dict[bytes, Row] = {}
        for one in connection.execute(select(*_COLUMNS).where(TokenRow.nullifier.in_(nullifiers))):
            values: tuple[Any, ...] = tuple(one)
            nullifier, day, state, request, holder, tries, lease = values
            found[bytes(nullifier)] = Row(day, State(state), bytes(request), bytes(holder), tries, lease)
        return found
