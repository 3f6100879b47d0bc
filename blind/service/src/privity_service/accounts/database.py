"""The database: transactions, and the threads in which they run. One call runs one whole transaction in one thread.

SQLite has one writer; PostgreSQL serialises by the row of the account, which every writer of it locks first.
"""

import asyncio
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any, Final, TypeVar

import psycopg
from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.exc import OperationalError

from privity_service.accounts.problem import Problem

T = TypeVar("T")
BUSY_MS: Final = 10_000
THREADS: Final = 6
READERS: Final = 4
_CONNECT_S: Final = 10
_OURS: Final = ("no such", "has no column", "syntax")
"""What SQLite calls operational and is a fault of the program."""


def engine_of(url: str) -> Engine:
    """An engine for `sqlite:///FILE` or `postgresql://...`."""
    if url.startswith("sqlite"):
        made = create_engine(url, pool_size=READERS + 2, max_overflow=2, connect_args={"timeout": BUSY_MS / 1000})
        event.listen(made, "connect", _prepare_sqlite)
        event.listen(made, "begin", _begin_sqlite)
        return made
    return create_engine(
        url.replace("postgresql://", "postgresql+psycopg://", 1),
        pool_size=THREADS + READERS,
        connect_args={"connect_timeout": _CONNECT_S},
    )


def _prepare_sqlite(connection: Any, _record: object) -> None:
    connection.isolation_level = None
    cursor = connection.cursor()
    # FULL: what was acknowledged survives a loss of power, not only of the process.
    for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON", f"busy_timeout={BUSY_MS}"):
        cursor.execute(f"PRAGMA {pragma}")
    # Else deleted ciphertext would stay in free pages of the file.
    cursor.execute("PRAGMA secure_delete=ON")
    cursor.close()


def _begin_sqlite(connection: Connection) -> None:
    # IMMEDIATE: a reader that turns into a writer would fail at once when another wrote meanwhile.
    writes = connection.get_execution_options().get("writes", False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")


class Database:
    """Readers and writers of one database."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        sqlite = engine.dialect.name == "sqlite"
        self._snapshot = {} if sqlite else {"isolation_level": "REPEATABLE READ"}
        self._single = {} if sqlite else {"isolation_level": "AUTOCOMMIT"}
        writers = 1 if sqlite else THREADS
        self._writers = ThreadPoolExecutor(writers, thread_name_prefix="accounts-write")
        self._readers = ThreadPoolExecutor(READERS, thread_name_prefix="accounts-read")

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """A transaction that writes nothing and sees one state: a list and its count belong together."""
        with self.engine.connect().execution_options(**self._snapshot) as connection:
            yield connection

    @contextmanager
    def looking(self) -> Iterator[Connection]:
        """For one statement that reads: PostgreSQL is spared the transaction around it."""
        with self.engine.connect().execution_options(**self._single) as connection:
            yield connection

    @contextmanager
    def writing(self) -> Iterator[Connection]:
        """A transaction: durable when the block ends, undone when it raises, unless a Problem keeps it."""
        with self.engine.connect().execution_options(writes=True) as connection:
            try:
                yield connection
            except Problem as problem:
                if problem.keeps:
                    connection.commit()
                raise
            connection.commit()

    @contextmanager
    def together(self, connection: Connection) -> Iterator[None]:
        """Statements that answer nothing: PostgreSQL is sent them without waiting for each. SQLite has no journeys."""
        pipeline = getattr(connection.connection.driver_connection, "pipeline", None)
        if pipeline is None:
            yield
            return
        try:
            with pipeline():
                yield
        except psycopg.OperationalError as error:
            raise OperationalError(None, None, error) from error

    async def run(self, work: Callable[[], T], *, writes: bool) -> T:
        """Run `work`, which opens the transactions itself, in a thread. Raises what it raises, Problem when busy."""
        pool = self._writers if writes else self._readers
        try:
            return await asyncio.get_running_loop().run_in_executor(pool, work)
        except OperationalError as error:
            if any(word in str(error.orig) for word in _OURS):
                raise
            raise Problem("service.busy", "the database does not answer", retry_after=5) from error

    def close(self) -> None:
        """Wait for what runs; close every connection."""
        self._writers.shutdown()
        self._readers.shutdown()
        self.engine.dispose()
