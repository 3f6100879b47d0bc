"""What this device knows of tokens: marks of what it spent, claims that it saw, a drawing under way. specs/wallet.md.

| Table | Trusted? | Altered → | Lost → | Rolled back → |
|---|---|---|---|---|
| marks | yes | tokens offered twice, or never | the ledger refuses them | the same |
| claims | yes | another device's token is offered | the log's claims count | the same |
| drawings | no | does not open | the day's tokens are gone | its answer is written twice |
"""

import sqlite3
from dataclasses import dataclass
from typing import Final

TABLES: Final = """
CREATE TABLE marks (mark BLOB PRIMARY KEY, day INTEGER NOT NULL, rid BLOB, taken INTEGER NOT NULL)
  WITHOUT ROWID;
CREATE INDEX marks_of_a_request ON marks (rid);
CREATE TABLE claims (wallet BLOB NOT NULL, block INTEGER NOT NULL, device BLOB NOT NULL, tokens BLOB NOT NULL,
  PRIMARY KEY (wallet, block)) WITHOUT ROWID;
CREATE TABLE drawings (key BLOB PRIMARY KEY, plan TEXT NOT NULL, day INTEGER NOT NULL, body BLOB NOT NULL) WITHOUT ROWID
"""


@dataclass(frozen=True, slots=True, repr=False)
class Drawing:
    """A request for tokens whose answer was not written down yet. `key` is its Idempotency-Key, `body` is sealed."""

    key: bytes
    plan: str
    day: int
    body: bytes


class TokenRows:
    """The rows, in the transactions of `Store`. Days since 1970-01-01."""

    def __init__(self, db: sqlite3.Connection) -> None:
        self._db = db

    def marks(self) -> frozenset[bytes]:
        """Marks of all tokens that ever left, or were about to."""
        return frozenset(row[0] for row in self._db.execute("SELECT mark FROM marks"))

    def of_request(self, rid: bytes) -> frozenset[bytes]:
        """Marks of what was taken for a request that came to no end."""
        return frozenset(row[0] for row in self._db.execute("SELECT mark FROM marks WHERE rid = ?", (rid,)))

    def unfinished(self, day: int, taken_before: int) -> list[bytes]:
        """Requests of a day that came to no end, by their ids, begun before a moment (Unix seconds)."""
        query = "SELECT rid FROM marks WHERE day = ? AND rid IS NOT NULL GROUP BY rid HAVING MAX(taken) < ?"
        return [row[0] for row in self._db.execute(query, (day, taken_before))]

    def begin_again(self, rid: bytes, now: int) -> None:
        """A request that came to no end is sent again; nobody else takes it meanwhile."""
        self._db.execute("UPDATE marks SET taken = ? WHERE rid = ?", (now, rid))

    def add_mark(self, mark: bytes, day: int, rid: bytes, now: int) -> None:
        """Note that a token is about to leave with a request."""
        self._db.execute("INSERT INTO marks VALUES (?, ?, ?, ?)", (mark, day, rid, now))

    def end_request(self, rid: bytes) -> None:
        """What was taken for a request is spent: it is offered to no other, and the request's id is forgotten."""
        self._db.execute("UPDATE marks SET rid = NULL WHERE rid = ?", (rid,))

    def forget_marks(self, before: int) -> None:
        """Forget the marks of days before this one, whose wallets are gone."""
        self._db.execute("DELETE FROM marks WHERE day < ?", (before,))

    def claims(self, wallet: bytes) -> dict[int, tuple[bytes, bytes]]:
        """Claims that were seen of a wallet: block to device and SHA-256 of all its tokens."""
        query = "SELECT block, device, tokens FROM claims WHERE wallet = ?"
        return {block: (device, tokens) for block, device, tokens in self._db.execute(query, (wallet,))}

    def add_claim(self, wallet: bytes, block: int, device: bytes, tokens: bytes) -> None:
        """Note who claimed a block first."""
        self._db.execute("INSERT OR IGNORE INTO claims VALUES (?, ?, ?, ?)", (wallet, block, device, tokens))

    def forget_claims(self, wallet: bytes) -> None:
        """Forget the claims of a wallet that is gone."""
        self._db.execute("DELETE FROM claims WHERE wallet = ?", (wallet,))

    def drawings(self) -> list[Drawing]:
        """Drawings under way."""
        return [Drawing(*row) for row in self._db.execute("SELECT key, plan, day, body FROM drawings ORDER BY key")]

    def add_drawing(self, one: Drawing) -> None:
        """Keep a drawing before its request leaves."""
        self._db.execute("INSERT INTO drawings VALUES (?, ?, ?, ?)", (one.key, one.plan, one.day, one.body))

    def drop_drawing(self, key: bytes) -> None:
        """Forget a drawing whose tokens are written, or that cannot bring any."""
        self._db.execute("DELETE FROM drawings WHERE key = ?", (key,))
