"""A ledger on a real database with a clock that moves when it is told to, and nodes that a keeper listed."""

import hashlib
import json
from dataclasses import dataclass, field
from pathlib import Path
from secrets import token_bytes
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from privity_protocol import canonical, directory
from privity_protocol.canonical import base64url_encode as spelled
from privity_protocol.platform import Platform
from privity_service.accounts.database import engine_of
from privity_service.accounts.schema import upgrade
from privity_service.ledger.process import MIGRATIONS, NEWEST
from privity_service.ledger.refusal import Refused
from privity_service.ledger.states import Call, Op
from privity_service.ledger.tables import Purged, TokenRow
from privity_service.ledger.writer import Writer
from sqlalchemy import Engine, delete, text, update

NOON = 1_795_608_000
"""2026-11-25 12:00 UTC."""
TODAY = NOON // 86_400
DEPLOY = "tried"


def name(short: str) -> bytes:
    """A short name as an id."""
    return short.encode().ljust(16, b"\0")


@dataclass
class LedgerClock:
    """Unix seconds."""

    now: int = NOON

    def __call__(self) -> int:
        return self.now


def engine_on(url: str) -> Engine:
    """An empty ledger's engine."""
    engine = engine_of(url)
    if engine.dialect.name == "postgresql":
        # The server of the session is shared: the ledger has a database of its own in it.
        with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            if not connection.execute(text("SELECT 1 FROM pg_database WHERE datname = 'ledger'")).first():
                connection.execute(text("CREATE DATABASE ledger"))
        engine.dispose()
        engine = engine_of(url.replace("/postgres?", "/ledger?"))
    upgrade(engine, NEWEST, MIGRATIONS)
    with engine.connect().execution_options(writes=True) as connection:
        connection.execute(delete(TokenRow))
        connection.execute(update(Purged).values(day=0))
        connection.commit()
    return engine


def ask(writer: Writer, call: Call) -> list[Any]:
    """The answer as the vectors write it."""
    try:
        row, now = writer.submit(call).result(timeout=60)
    except Refused as refused:
        return [refused.reason, refused.retry_after]
    return [row.state.name.lower(), max(row.lease - now, 0) if row.state == 1 else None, row.tries]


def called(op: str, holder: str = "n1", *, token: str = "t", day: int = TODAY, mark: str = "r") -> Call:
    """A call by short names."""
    return Call(Op(op), name(token), day, name(mark), name(holder))


@dataclass
class Node:
    """A node as the ledger sees it."""

    key: Ed25519PrivateKey = field(default_factory=Ed25519PrivateKey.generate)
    nbf: int = NOON - 600
    exp: int = NOON + 6600

    @property
    def document(self) -> bytes:
        """As much of a node document as the ledger reads, and more."""
        sig = spelled(self.key.public_key().public_bytes_raw())
        return canonical.encode({"v": 1, "typ": "ec1-node", "sig": sig, "nbf": self.nbf, "exp": self.exp})

    def sent(
        self, changes: dict[str, Any] | None = None, *, op: str = "reserve", label: bytes = b"EC1 ledger v1\0"
    ) -> Any:
        """A signed call as JSON; `changes` are members of the call."""
        call = {
            "v": 1, "typ": "ec1-ledger", "deploy": DEPLOY, "op": op, "nullifier": token_bytes(16).hex(),
            "request": "22" * 16, "holder": "33" * 16, "day": "2026-11-25", "time": NOON,
        }  # fmt: skip
        data = canonical.encode(call | (changes or {}))
        parts = {"node": self.document, "call": data, "signature": self.key.sign(label + data)}
        return {member: spelled(value) for member, value in parts.items()}


def post(folder: Path, *nodes: Node, nbf: int = NOON - 600, exp: int = NOON + 6600) -> None:
    """List nodes, as the keeper does: a file replaced whole."""
    hashes = sorted(hashlib.sha256(one.document).digest() for one in nodes)
    listed = tuple(directory.Node(one, Platform("simulated", bytes(32)), bytes(32), ("m",), 1) for one in hashes)
    waiting = folder / "directory.new"
    waiting.write_bytes(directory.encode(directory.Directory(nbf, exp, None, listed)))
    waiting.rename(folder / "directory")


def issuers_leaf(*keys: dict[str, Any], time: int = NOON - 600, deploy: str = DEPLOY) -> bytes:
    """A list of issuer keys as the keeper logs it; a key is {plan, day, nbf, exp, spki}."""
    return canonical.encode({"v": 1, "t": "issuers", "deploy": deploy, "time": time, "keys": list(keys)})


def post_bulletin(folder: Path, *leaves: bytes) -> None:
    """Post as much of a bulletin as the ledger reads, and more: the leaves of the keys log in their order."""
    entries = [{"leaf": spelled(leaf), "index": at, "path": []} for at, leaf in enumerate((b"{}", *leaves))]
    section = {"checkpoint": spelled(b"head"), "entries": entries}
    waiting = folder / "bulletin.new"
    waiting.write_bytes(
        canonical.encode({"v": 1, "t": "bulletin", "appraisal": "", "release": section, "keys": section})
    )
    waiting.rename(folder / "bulletin")


def configuration(folder: Path, database: str | None = None) -> Path:
    """The file of a ledger process in a folder."""
    path = folder / "ledger.json"
    listen = f"unix:{folder}/s"
    members = {"v": 1, "deploy": DEPLOY, "listen": listen, "published": str(folder), "state": str(folder / "state")}
    path.write_text(json.dumps(members | {"database": database}))
    return path
