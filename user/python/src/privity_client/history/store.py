"""The account on this disk: SQLite with ciphertext and with what this device believes. Sealed bytes, never plaintext.

Whoever holds the disk sees how many chats and messages there are, which belong together, and when they were written.

| Table | Trusted? | Altered → | Lost → | Rolled back → |
|---|---|---|---|---|
| state, chains, keyrings | yes | owner's problem | becomes a fresh device | own next page: `log.forked` |
| outbox, drafts, offers | yes | does not open | unsent text gone | replay is idempotent |
| objects, pages | no | checked against signatures by `verify-history` | fetched again | `log.version` |
| bodies | no | hash | fetched again | hash |
| erasures | no | signature | a promise cannot be shown any more | harmless |
| left_pages | no | signature | evidence of a second history is gone | harmless |

Tables about tokens: `store_tokens`.
"""

import os
import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from privity_protocol.stored.page import Body, Op
from privity_vault.keyring import Claim
from privity_vault.page import Chain, Known, SignedPage

from privity_client.errors import ClientError
from privity_client.history import store_tokens
from privity_client.history.store_tokens import TokenRows

FORMAT: Final = 3
_TABLES: Final = """
CREATE TABLE state (name TEXT PRIMARY KEY, value BLOB NOT NULL) WITHOUT ROWID;
CREATE TABLE keyrings (revision INTEGER PRIMARY KEY, public BLOB NOT NULL, mac BLOB NOT NULL, mac_before BLOB,
  signature BLOB NOT NULL);
CREATE TABLE chains (device BLOB PRIMARY KEY, seq INTEGER NOT NULL, hash BLOB NOT NULL) WITHOUT ROWID;
CREATE TABLE pages (n INTEGER PRIMARY KEY, data BLOB NOT NULL, signature BLOB NOT NULL);
CREATE TABLE objects (id BLOB PRIMARY KEY, version INTEGER NOT NULL, op INTEGER NOT NULL, box BLOB NOT NULL,
  kind INTEGER, hash BLOB, size INTEGER, trouble TEXT, n INTEGER NOT NULL) WITHOUT ROWID;
CREATE INDEX objects_of_a_box ON objects (box, kind);
CREATE INDEX objects_of_a_kind ON objects (kind);
CREATE TABLE bodies (hash BLOB PRIMARY KEY, data BLOB NOT NULL);
CREATE TABLE outbox (object BLOB PRIMARY KEY, place INTEGER NOT NULL, op INTEGER NOT NULL, box BLOB NOT NULL,
  kind INTEGER, version INTEGER NOT NULL, body BLOB, base_version INTEGER, base BLOB) WITHOUT ROWID;
CREATE INDEX outbox_by_place ON outbox (place);
CREATE INDEX outbox_of_a_box ON outbox (box);
CREATE TABLE drafts (node BLOB PRIMARY KEY, box BLOB NOT NULL, body BLOB NOT NULL) WITHOUT ROWID;
CREATE TABLE offers (id BLOB PRIMARY KEY, place INTEGER NOT NULL, body BLOB NOT NULL) WITHOUT ROWID;
"""
_SINCE_2: Final = """
CREATE TABLE erasures (n INTEGER PRIMARY KEY, ids BLOB NOT NULL, receipt BLOB, signature BLOB, key BLOB);
CREATE TABLE left_pages (signature BLOB PRIMARY KEY, data BLOB NOT NULL) WITHOUT ROWID
"""
_SINCE: Final = (_TABLES, _SINCE_2, store_tokens.TABLES)
"""What each format added to the one before it."""
DELETED: Final = frozenset({Op.DELETE, Op.DELETE_BOX})


@dataclass(frozen=True, slots=True)
class Item:
    """The newest accepted entry of one id, of page `n`. `kind` is None for what does not open, `trouble` says why."""

    id: bytes
    version: int
    op: Op
    box: bytes
    kind: int | None
    body: Body | None
    trouble: str | None
    n: int

    @property
    def deleted(self) -> bool:
        """Whether the id is gone for ever."""
        return self.op in DELETED


@dataclass(frozen=True, slots=True, repr=False)
class Waiting:
    """One change that the log does not hold yet, sealed. `base` is the body on which an edit was made."""

    object: bytes
    op: Op
    box: bytes
    kind: int | None
    version: int
    body: bytes | None
    base_version: int | None = None
    base: bytes | None = None
    place: int = 0


class Store:
    """One account's database. Every writing goes through `transaction`: the whole of it is on the disk, or nothing."""

    def __init__(self, path: Path) -> None:
        """Open or make the database, readable by this user alone. Raises ClientError `home_unusable`."""
        try:
            path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            os.close(os.open(path, os.O_RDWR | os.O_CREAT, 0o600))
            path.chmod(0o600)
            self._db = sqlite3.connect(path, isolation_level=None)
            self._db.execute("PRAGMA journal_mode = DELETE")
            self._db.execute("PRAGMA synchronous = FULL")
            self._db.execute("PRAGMA secure_delete = ON")
            version = self._db.execute("PRAGMA user_version").fetchone()[0]
        except (OSError, sqlite3.Error) as error:
            raise ClientError("home_unusable", f"{path}: {error}") from error
        if version > FORMAT:
            raise ClientError("home_unusable", f"{path}: written by a newer version")
        if version < FORMAT:
            with self.transaction():
                for statement in ";".join(_SINCE[version:]).split(";"):
                    self._db.execute(statement)
                self._db.execute(f"PRAGMA user_version = {FORMAT}")
        self.tokens = TokenRows(self._db)

    def close(self) -> None:
        """Let go of the file."""
        self._db.close()

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """Write all of what follows, or nothing; a transaction inside another is part of it.

        Raises ClientError `disk_full`, `home_unusable` (another command holds the database, or it is damaged).
        """
        if self._is_writing():
            yield
            return
        try:
            self._db.execute("BEGIN IMMEDIATE")
            yield
            self.commit()
        except BaseException as error:
            if self._is_writing():
                self._db.execute("ROLLBACK")
            if isinstance(error, sqlite3.Error):
                full = "full" in str(error)
                raise ClientError("disk_full" if full else "home_unusable", str(error)) from error
            raise

    def _is_writing(self) -> bool:
        return self._db.in_transaction

    def commit(self) -> None:
        """End a transaction; the one place where bytes become durable."""
        self._db.execute("COMMIT")

    def get(self, name: str) -> bytes | None:
        """A member of the state."""
        row = self._db.execute("SELECT value FROM state WHERE name = ?", (name,)).fetchone()
        return None if row is None else bytes(row[0])

    def set(self, name: str, value: bytes | None) -> None:
        """Write or forget a member of the state."""
        if value is None:
            self._db.execute("DELETE FROM state WHERE name = ?", (name,))
        else:
            self._db.execute("INSERT OR REPLACE INTO state VALUES (?, ?)", (name, value))

    def number(self, name: str) -> int | None:
        """A number of the state."""
        value = self.get(name)
        return None if value is None else int(value)

    def set_number(self, name: str, value: int | None) -> None:
        """Write or forget a number of the state."""
        self.set(name, None if value is None else str(value).encode())

    def claims(self) -> list[tuple[int, Claim]]:
        """Accepted keyrings, oldest first."""
        rows = self._db.execute("SELECT * FROM keyrings ORDER BY revision")
        return [(row[0], Claim(row[1], row[2], row[3], row[4])) for row in rows]

    def add_claim(self, revision: int, claim: Claim) -> None:
        """Keep an accepted keyring."""
        row = (revision, claim.public, claim.mac, claim.mac_before, claim.signature)
        self._db.execute("INSERT OR REPLACE INTO keyrings VALUES (?, ?, ?, ?, ?)", row)

    def chain(self, device: bytes) -> Chain | None:
        """Where a device's pages stand."""
        row = self._db.execute("SELECT seq, hash FROM chains WHERE device = ?", (device,)).fetchone()
        return None if row is None else Chain(*row)

    def chains(self) -> dict[bytes, Chain]:
        """Where all devices' pages stand."""
        return {row[0]: Chain(row[1], row[2]) for row in self._db.execute("SELECT * FROM chains")}

    def set_chain(self, device: bytes, chain: Chain) -> None:
        """Move a device's chain on."""
        self._db.execute("INSERT OR REPLACE INTO chains VALUES (?, ?, ?)", (device, chain.seq, chain.hash))

    def pages(self, after: int = 0) -> Iterator[SignedPage]:
        """Accepted pages behind number `after`."""
        for row in self._db.execute("SELECT data, signature FROM pages WHERE n > ? ORDER BY n", (after,)):
            yield SignedPage(*row)

    def add_page(self, n: int, signed: SignedPage) -> None:
        """Keep an accepted page."""
        self._db.execute("INSERT OR REPLACE INTO pages VALUES (?, ?, ?)", (n, signed.data, signed.signature))

    def known(self, id_: bytes) -> Known | None:
        """What a next page's entry of this id is held against."""
        found = self.item(id_)
        if found is None:
            return None
        box = found.op in (Op.BOX_ACTIVE, Op.BOX_ARCHIVED, Op.DELETE_BOX)
        return Known(found.version, found.deleted, box, found.body)

    def item(self, id_: bytes) -> Item | None:
        """The newest accepted entry of an id."""
        return next(self._items("id = ?", (id_,)), None)

    def items(self, *, box: bytes | None = None, kind: int | None = None) -> list[Item]:
        """The entries of a box or of a kind, or all."""
        where = ["TRUE"] + (["box = ?"] if box is not None else []) + (["kind = ?"] if kind is not None else [])
        given = [one for one in (box, kind) if one is not None]
        return list(self._items(" AND ".join(where), given))

    def messages(self, kind: int) -> tuple[dict[bytes, int], dict[bytes, int]]:
        """How many objects of this kind each box has, and the number of the last page that wrote one."""
        rows = list(self._db.execute("SELECT box, COUNT(*), MAX(n) FROM objects WHERE kind = ? GROUP BY box", (kind,)))
        return {row[0]: row[1] for row in rows}, {row[0]: row[2] for row in rows}

    def boxes(self) -> list[Item]:
        """All boxes that are not deleted."""
        return list(self._items("op IN (?, ?)", (Op.BOX_ACTIVE, Op.BOX_ARCHIVED)))

    def troubled(self) -> list[Item]:
        """What could not be read."""
        return list(self._items("trouble IS NOT NULL", ()))

    def _items(self, where: str, given: Iterable[object]) -> Iterator[Item]:
        rows = self._db.execute(f"SELECT * FROM objects WHERE {where} ORDER BY id", tuple(given))  # noqa: S608
        for id_, version, op, box, kind, hash_, size, trouble, n in rows:
            body = None if hash_ is None else Body(hash_, size)
            yield Item(id_, version, Op(op), box, kind, body, trouble, n)

    def set_item(self, item: Item) -> None:
        """Write the newest entry of an id."""
        hash_, size = (None, None) if item.body is None else (item.body.hash, item.body.size)
        row = (item.id, item.version, item.op, item.box, item.kind, hash_, size, item.trouble, item.n)
        self._db.execute("INSERT OR REPLACE INTO objects VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)", row)

    def body(self, hash_: bytes) -> bytes | None:
        """The bytes of a body, unchecked."""
        row = self._db.execute("SELECT data FROM bodies WHERE hash = ?", (hash_,)).fetchone()
        return None if row is None else bytes(row[0])

    def set_body(self, hash_: bytes, data: bytes | None) -> None:
        """Keep or erase a body."""
        if data is None:
            self._db.execute("DELETE FROM bodies WHERE hash = ?", (hash_,))
        else:
            self._db.execute("INSERT OR REPLACE INTO bodies VALUES (?, ?)", (hash_, data))

    def waiting(
        self, object_: bytes | None = None, *, box: bytes | None = None, most: int | None = None
    ) -> list[Waiting]:
        """The outbox in the order in which it was filled: all of it, one id, one box, or its beginning."""
        where = ["TRUE"] + (["object = ?"] if object_ is not None else []) + (["box = ?"] if box is not None else [])
        given: list[object] = [one for one in (object_, box) if one is not None]
        query = f"SELECT * FROM outbox WHERE {' AND '.join(where)} ORDER BY place LIMIT ?"  # noqa: S608
        rows = self._db.execute(query, (*given, -1 if most is None else most))
        return [Waiting(row[0], Op(row[2]), row[3], row[4], row[5], row[6], row[7], row[8], row[1]) for row in rows]

    def set_waiting(self, one: Waiting) -> None:
        """Put a change into the outbox, in the place of an earlier one of the same id."""
        row = self._db.execute("SELECT place FROM outbox WHERE object = ?", (one.object,)).fetchone()
        if row is None:
            row = self._db.execute("SELECT COALESCE(MAX(place), 0) + 1 FROM outbox").fetchone()
        values = (one.object, row[0], one.op, one.box, one.kind, one.version, one.body, one.base_version, one.base)
        self._db.execute("INSERT OR REPLACE INTO outbox VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)", values)

    def waits(self) -> int:
        """How many changes the log does not hold yet."""
        return int(self._db.execute("SELECT COUNT(*) FROM outbox").fetchone()[0])

    def waiting_boxes(self) -> list[bytes]:
        """The boxes whose own change waits."""
        return [row[0] for row in self._db.execute("SELECT object FROM outbox WHERE op IN (2, 3)")]

    def waiting_counts(self, kind: int) -> list[tuple[bytes, int, int]]:
        """By box: how many objects of this kind wait to be written, less those to be deleted, and the last place."""
        query = "SELECT box, SUM(CASE WHEN body IS NULL THEN -1 ELSE 1 END), MAX(place) FROM outbox WHERE kind = ?"
        return list(self._db.execute(f"{query} GROUP BY box", (kind,)))

    def drop_waiting(self, object_: bytes) -> None:
        """Take a change out of the outbox."""
        self._db.execute("DELETE FROM outbox WHERE object = ?", (object_,))

    def drafts(self) -> list[tuple[bytes, bytes, bytes]]:
        """Answers that were being written: message, box, body."""
        return list(self._db.execute("SELECT node, box, body FROM drafts"))

    def set_draft(self, node: bytes, box: bytes, body: bytes | None) -> None:
        """Keep or forget an answer that is being written."""
        if body is None:
            self._db.execute("DELETE FROM drafts WHERE node = ?", (node,))
        else:
            self._db.execute("INSERT OR REPLACE INTO drafts VALUES (?, ?, ?)", (node, box, body))

    def offers(self) -> list[tuple[bytes, bytes]]:
        """Texts that lost their place, sealed, oldest first."""
        return list(self._db.execute("SELECT id, body FROM offers ORDER BY place"))

    def set_offer(self, id_: bytes, body: bytes | None) -> None:
        """Keep or forget a text that lost its place."""
        if body is None:
            self._db.execute("DELETE FROM offers WHERE id = ?", (id_,))
        else:
            place = self._db.execute("SELECT COALESCE(MAX(place), 0) + 1 FROM offers").fetchone()[0]
            self._db.execute("INSERT OR REPLACE INTO offers VALUES (?, ?, ?)", (id_, place, body))

    def forget_log(self) -> None:
        """Forget what was accepted of the log, to take over another branch of it; its pages stay, as evidence."""
        self._db.execute("INSERT OR IGNORE INTO left_pages SELECT signature, data FROM pages")
        for table in ("chains", "pages", "objects"):
            self._db.execute(f"DELETE FROM {table}")  # noqa: S608
        for name in ("n", "head", "keyring"):
            self.set(name, None)

    def left(self) -> list[SignedPage]:
        """Pages of branches that were left, and of what was common with them."""
        rows = self._db.execute("SELECT data, signature FROM left_pages")
        return [SignedPage(data, signature) for data, signature in rows]

    def add_erasure(self, n: int, ids: bytes, promise: tuple[bytes, bytes, bytes] | None) -> None:
        """What page n deleted (16 bytes each), with receipt, signature and key of the service's promise if it holds."""
        receipt, signature, key = promise or (None, None, None)
        self._db.execute("INSERT OR REPLACE INTO erasures VALUES (?, ?, ?, ?, ?)", (n, ids, receipt, signature, key))

    def erasures(self) -> list[tuple[int, bytes, tuple[bytes, bytes, bytes] | None]]:
        """What was deleted from here, oldest first, as `add_erasure` takes it."""
        rows = self._db.execute("SELECT n, ids, receipt, signature, key FROM erasures ORDER BY n")
        return [
            (n, ids, None if key is None else (receipt, signature, key)) for n, ids, receipt, signature, key in rows
        ]
