"""A share: the snapshot of one branch under a key that only its link holds. Source: specs/share.md."""

from dataclasses import dataclass
from typing import Final

from privity_protocol.canonical import base64url_decode, base64url_encode
from privity_protocol.cbor import Value
from privity_protocol.stored import members as m
from privity_protocol.stored.header import MAX_FRAME

from privity_vault import object
from privity_vault.errors import VaultError, reading
from privity_vault.object import SHARE, Place
from privity_vault.secret import Secret

KIND: Final = 0
LIFETIMES_S: Final = (3600, 86400, 604800, 2592000)
"""An hour, a day, a week (the default), thirty days."""
MAX_LINK: Final = 1024
MAX_TITLE: Final = 1024
MAX_MESSAGES: Final = 4096
MAX_RECEIPTS: Final = 4096
ROLES: Final = ("user", "assistant")
_NOWHERE: Final = bytes(16)


class ShareKey(Secret):
    """A fresh key for one share, never a chat's."""

    __slots__ = ()


@dataclass(frozen=True, slots=True)
class Message:
    """One message as it was shown; `time` in Unix seconds."""

    role: str
    text: str
    time: int


@dataclass(frozen=True, slots=True)
class Snapshot:
    """What a reader of the link sees. Receipts are there when the person ticked them."""

    title: str
    messages: tuple[Message, ...]
    receipts: tuple[bytes, ...]


@dataclass(frozen=True, slots=True)
class ShareLink:
    """Which share, and its key, which stands behind the # and is never sent."""

    id: bytes
    key: ShareKey


def seal(snapshot: Snapshot, link: ShareLink, *, now: int, lifetime: int, nonce: bytes) -> tuple[bytes, int]:
    """Return the body and its expiry. Raises VaultError `share.malformed`, `object.too_large`."""
    if lifetime not in LIFETIMES_S:
        raise VaultError("share.malformed", f"a lifetime of {lifetime} s")
    messages: list[Value] = [[_role(one.role), one.text, one.time] for one in snapshot.messages]
    content: Value = {1: 1, 2: snapshot.title, 3: messages, 4: list(snapshot.receipts)}
    expiry = now + lifetime
    body = object.seal(
        content, family=SHARE, kind=KIND, place=_place(link, expiry), key=link.key, generation=0, nonce=nonce
    )
    _read(content)
    return body, expiry


def open_share(body: bytes, link: ShareLink, *, expiry: int, now: int) -> Snapshot:
    """Return what the link shows. `expiry` is what the service says; the seal holds it to it.

    Raises VaultError: `share.expired`, `share.wrong_key`, `share.malformed`.
    """
    if now >= expiry:
        raise VaultError("share.expired", f"{now - expiry} seconds ago")
    try:
        place = _place(link, expiry)
        content = object.open_body(body, family=SHARE, kind=KIND, place=place, key=link.key, generation=0)
    except VaultError as error:
        wrong = error.reason in ("object.wrong_key", "object.damaged")
        raise VaultError("share.wrong_key" if wrong else "share.malformed", error.reason) from error
    return _read(content)


def write_link(origin: str, link: ShareLink) -> str:
    """The link to hand out."""
    return f"{origin}/s/{base64url_encode(link.id)}#{base64url_encode(link.key.reveal())}"


def read_link(text: str) -> ShareLink:
    """Read a link, whatever its origin. Raises VaultError `share.malformed`."""
    _, separator, rest = text[: MAX_LINK + 1].rpartition("/s/")
    id_, hash_, key = rest.partition("#")
    found = base64url_decode(id_) or b"", base64url_decode(key) or b""
    if len(text) > MAX_LINK or not separator or not hash_ or [len(one) for one in found] != [16, ShareKey.SIZE]:
        raise VaultError("share.malformed", "not a link to a share")
    return ShareLink(found[0], ShareKey(found[1]))


def _place(link: ShareLink, expiry: int) -> Place:
    return Place(_NOWHERE, _NOWHERE, link.id, expiry)


def _role(role: str) -> int:
    if role not in ROLES:
        raise VaultError("share.malformed", "a role that is not shown")
    return ROLES.index(role)


def _read(content: Value) -> Snapshot:
    with reading("share.malformed"):
        version, title, messages, receipts = m.of_map(content, 4)
        m.version(version)
        rows = m.rows(messages, "messages", 3, MAX_MESSAGES, 1)
        listed = m.listed(receipts, "receipts", MAX_RECEIPTS)
        return Snapshot(
            title=m.text(title, "title", MAX_TITLE),
            messages=tuple(
                Message(
                    ROLES[m.number(row[0], "role", 0, len(ROLES) - 1)],
                    m.text(row[1], "text", MAX_FRAME),
                    m.number(row[2], "time", 0, m.COUNT),
                )
                for row in rows
            ),
            receipts=tuple(m.bounded(one, "receipt", 1, 65536) for one in listed),
        )
