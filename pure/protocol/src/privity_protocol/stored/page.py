"""The bytes of a page: one signed append to an account's log. Source: specs/page.md."""

import hashlib
from dataclasses import dataclass
from enum import IntEnum
from typing import Final

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from privity_protocol.cbor import Value
from privity_protocol.errors import Malformed, NotAuthentic
from privity_protocol.stored import labels
from privity_protocol.stored import members as m
from privity_protocol.stored.header import LEAST_BODY, MAX_BODY

MAX_PAGE: Final = 65536
MAX_ENTRIES: Final = 256
_MEMBERS: Final = 10


class Op(IntEnum):
    """What an entry does to the id that it names."""

    PUT = 0
    DELETE = 1
    BOX_ACTIVE = 2
    BOX_ARCHIVED = 3
    DELETE_BOX = 4


DELETIONS: Final = frozenset({Op.DELETE, Op.DELETE_BOX})
BOXES: Final = frozenset({Op.BOX_ACTIVE, Op.BOX_ARCHIVED, Op.DELETE_BOX})


@dataclass(frozen=True, slots=True)
class Body:
    """The sealed bytes that an entry writes: SHA-256, and their number."""

    hash: bytes
    size: int


@dataclass(frozen=True, slots=True)
class Entry:
    """One change: the version it makes; a masked box id for PUT alone; a body unless it deletes."""

    op: Op
    object: bytes
    version: int
    lane: bytes | None
    body: Body | None


@dataclass(frozen=True, slots=True)
class Page:
    """A page of an account's log; `day` counts from 1970-01-01."""

    account: bytes
    n: int
    parent: bytes
    device: bytes
    device_seq: int
    device_prev: bytes | None
    keyring: bytes
    day: int
    entries: tuple[Entry, ...]


def genesis(account: bytes) -> bytes:
    """The parent of page 1."""
    return hashlib.sha256(labels.LOG + account).digest()


def head(data: bytes) -> bytes:
    """The head after the page with these bytes."""
    return hashlib.sha256(labels.PAGE + data).digest()


def signed_bytes(data: bytes) -> bytes:
    """What the device signs of a page."""
    return labels.PAGE_SIGNATURE + head(data)


def verify(data: bytes, signature: bytes, key: bytes) -> None:
    """Raises NotAuthentic unless `key` (Ed25519, 32 bytes) signed the page."""
    try:
        Ed25519PublicKey.from_public_bytes(key).verify(signature, signed_bytes(data))
    except (InvalidSignature, ValueError):
        raise NotAuthentic from None


def decode(data: bytes) -> Page:
    """Read a page. Raises Malformed: as `members.decode`, `member_type`, `member_value`."""
    version, account, n, parent, device, seq, prev, keyring, day, entries = m.decode(data, _MEMBERS, MAX_PAGE)
    m.version(version)
    sequence = m.number(seq, "device_seq", 1, m.COUNT)
    if (prev is None) != (sequence == 1):
        raise Malformed("member_value", "device_prev is null in a device's first page and only there")
    read = tuple(_entry(one) for one in m.rows(entries, "entries", 6, MAX_ENTRIES, 1))
    if len({one.object for one in read}) != len(read):
        raise Malformed("member_value", "entries: an id twice")
    return Page(
        account=m.octets(account, "account", 16),
        n=m.number(n, "n", 1, m.COUNT),
        parent=m.octets(parent, "parent", 32),
        device=m.octets(device, "device", 16),
        device_seq=sequence,
        device_prev=None if prev is None else m.octets(prev, "device_prev", 32),
        keyring=m.octets(keyring, "keyring", 32),
        day=m.number(day, "day"),
        entries=read,
    )


def _entry(row: list[Value]) -> Entry:
    op = Op(m.number(row[0], "op", 0, max(Op)))
    _presence(op, row)
    lane = None if row[3] is None else m.octets(row[3], "lane", 16)
    body = None
    if row[4] is not None:
        body = Body(m.octets(row[4], "body hash", 32), m.number(row[5], "body size", LEAST_BODY, MAX_BODY))
    return Entry(op, m.octets(row[1], "object", 16), m.number(row[2], "version", 1), lane, body)


def _presence(op: Op, row: list[Value]) -> None:
    if (row[3] is None) != (op is not Op.PUT):
        raise Malformed("member_value", "a lane belongs to a put and to nothing else")
    if (row[4] is None) != (op in DELETIONS) or (row[5] is None) != (op in DELETIONS):
        raise Malformed("member_value", "a body belongs to every entry that does not delete")


def encode(page: Page) -> bytes:
    """Return the bytes of a page. Raises Malformed as `decode` does, so that nothing is written that nobody reads."""
    members: list[Value] = [1, page.account, page.n, page.parent, page.device, page.device_seq]
    rows: list[Value] = [_row(one) for one in page.entries]
    data = m.encode([*members, page.device_prev, page.keyring, page.day, rows])
    decode(data)
    return data


def _row(one: Entry) -> Value:
    body: tuple[Value, Value] = (None, None) if one.body is None else (one.body.hash, one.body.size)
    return [int(one.op), one.object, one.version, one.lane, *body]
