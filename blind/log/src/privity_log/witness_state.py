"""What a witness remembers: the newest head that it cosigned of each log, and contradicting notes as evidence.

SQLite, one transaction for comparing and storing, so that two requests, or two processes, cannot both advance from one
state. Trusted: yes, this is the witness's whole memory. Lost or rolled back: the witness could cosign a second history;
a restored copy must not be used under the same key.
"""

import sqlite3
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from privity_tlog.checkpoint import Checkpoint
from privity_tlog.view import View

from privity_log.errors import StoreError
from privity_log.limits import MAX_EVIDENCE

_SCHEMA = """
CREATE TABLE IF NOT EXISTS head (origin TEXT PRIMARY KEY, size INTEGER NOT NULL, root BLOB NOT NULL,
  note BLOB NOT NULL);
CREATE TABLE IF NOT EXISTS evidence (origin TEXT NOT NULL, known BLOB NOT NULL, offered BLOB NOT NULL,
  UNIQUE (origin, known, offered));
"""


class WitnessState:
    """The memory of one witness, in one file; another process that has it is waited for, `wait` seconds."""

    def __init__(self, path: Path, *, wait: float = 10.0) -> None:
        self._lock = threading.Lock()
        try:
            path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            self._connection = sqlite3.connect(path, check_same_thread=False, isolation_level=None, timeout=wait)
            # Beyond FULL, EXTRA makes the end of the transaction itself durable before a cosignature leaves.
            self._connection.execute("PRAGMA synchronous = EXTRA")
            self._connection.executescript(_SCHEMA)
        except (OSError, sqlite3.Error) as error:
            raise StoreError("store_write", f"{path}: {error}") from error

    def close(self) -> None:
        """Close the file."""
        with self._lock:
            self._connection.close()

    def view(self, origin: str) -> View | None:
        """Return the newest head cosigned of a log. Raises StoreError."""
        with self._transaction():
            return self._view(origin)

    def advance(self, origin: str, judge: Callable[[View | None], View]) -> View:
        """Store what `judge` makes of the known head, in one step; what it raises leaves everything as it was.

        The result is durable before this returns. Raises StoreError, and what `judge` raises.
        """
        with self._transaction():
            new = judge(self._view(origin))
            row = (origin, new.head.size, new.head.root, new.note)
            self._connection.execute("INSERT OR REPLACE INTO head VALUES (?, ?, ?, ?)", row)
        return new

    def keep_evidence(self, origin: str, known: bytes, offered: bytes) -> None:
        """Keep two notes that contradict one another; a bounded number of them. Raises StoreError."""
        with self._transaction():
            count = self._connection.execute("SELECT count(*) FROM evidence WHERE origin = ?", (origin,)).fetchone()[0]
            if count < MAX_EVIDENCE:
                self._connection.execute("INSERT OR IGNORE INTO evidence VALUES (?, ?, ?)", (origin, known, offered))

    def evidence(self, origin: str) -> list[tuple[bytes, bytes]]:
        """Return the pairs of contradicting notes of a log. Raises StoreError."""
        with self._transaction():
            rows = self._connection.execute("SELECT known, offered FROM evidence WHERE origin = ?", (origin,))
            return [(known, offered) for known, offered in rows]

    def _view(self, origin: str) -> View | None:
        row = self._connection.execute("SELECT size, root, note FROM head WHERE origin = ?", (origin,)).fetchone()
        return None if row is None else View(Checkpoint(origin, row[0], row[1]), row[2])

    @contextmanager
    def _transaction(self) -> Iterator[None]:
        with self._lock:
            try:
                self._connection.execute("BEGIN IMMEDIATE")
                try:
                    yield
                except BaseException:
                    self._connection.execute("ROLLBACK")
                    raise
                self._connection.execute("COMMIT")
            except sqlite3.Error as error:
                raise StoreError("store_write", str(error)) from error
