"""Kinds 3, 6, 7, 11 and 12: what belongs to no chat. Source: specs/contents.md."""

from dataclasses import dataclass
from enum import IntEnum
from typing import Final

from privity_protocol.cbor import Value
from privity_protocol.errors import Malformed
from privity_protocol.stored import members as m
from privity_protocol.stored.members import COUNT, U32

from privity_vault.contents.chat import MAX_INSTRUCTIONS, MAX_MODEL, MAX_TITLE
from privity_vault.contents.schema import (
    ID,
    Content,
    Field,
    Kind,
    Schema,
    choice,
    flag,
    lww,
    nullable,
    number,
    octets,
    rising,
    row,
    rows,
    secret,
    text,
)
from privity_vault.order import MAX_PLACE, is_place
from privity_vault.share import ShareKey

MAX_COLOUR: Final = 15
MAX_LANGUAGE: Final = 35
"""Characters of a language tag (RFC 5646 section 4.4.1)."""
MAX_CONSENTS: Final = 64
MAX_CONSENT: Final = 64
MAX_LOCK_S: Final = 604_800
MAX_MEMORY: Final = 8192
MAX_EMBEDDING: Final = 16_384
MAX_SHORTCUT: Final = 64


@dataclass(frozen=True, slots=True, repr=False)
class Folder(Content):
    """A folder; `order` is a place among folders (`order.between`), `colour` one of sixteen."""

    name: Field[str]
    instructions: Field[str]
    order: Field[str]
    colour: Field[int]


class Theme(IntEnum):
    """How the client looks."""

    SYSTEM = 0
    LIGHT = 1
    DARK = 2


@dataclass(frozen=True, slots=True, repr=False)
class Settings(Content):
    """One per account. `consents` are (name, version of its text) in rising order; `lock` in seconds, null: never.

    `titles` asks the model for a title, one question more. `at_once` uploads without waiting; it ties the account to
    the moment of a question.
    """

    theme: Field[Theme]
    language: Field[str | None]
    model: Field[str | None]
    instructions: Field[str]
    consents: Field[tuple[tuple[str, int], ...]]
    lock: Field[int | None]
    titles: Field[bool]
    at_once: Field[bool]


@dataclass(frozen=True, slots=True, repr=False)
class Memory(Content):
    """Something to remember in other chats; `source` is the chat that it comes from."""

    text: Field[str]
    source: Field[bytes | None]
    active: Field[bool]
    embedding: Field[bytes]


@dataclass(frozen=True, slots=True, repr=False)
class Share(Content):
    """A link that was handed out; `expiry` in Unix seconds."""

    share: bytes
    key: ShareKey
    chat: bytes
    expiry: int
    revoked: Field[bool]


@dataclass(frozen=True, slots=True, repr=False)
class Prompt(Content):
    """A text to begin a message with."""

    title: Field[str]
    text: Field[str]
    shortcut: Field[str]


def _place(value: Value, name: str) -> str:
    found = m.text(value, name, MAX_PLACE)
    if not is_place(found):
        raise Malformed("member_value", f"{name}: not a place")
    return found


FOLDER: Final = Schema(
    Kind.FOLDER,
    Folder,
    (lww(text(MAX_TITLE)), lww(text(MAX_INSTRUCTIONS)), lww(_place), lww(number(MAX_COLOUR))),
)
SETTINGS: Final = Schema(
    Kind.SETTINGS,
    Settings,
    (
        lww(choice(Theme)),
        lww(nullable(text(MAX_LANGUAGE, 1))),
        lww(nullable(text(MAX_MODEL, 1))),
        lww(text(MAX_INSTRUCTIONS)),
        lww(rising(rows(row(text(MAX_CONSENT, 1), number(U32)), MAX_CONSENTS))),
        lww(nullable(number(MAX_LOCK_S))),
        lww(flag),
        lww(flag),
    ),
)
MEMORY: Final = Schema(
    Kind.MEMORY, Memory, (lww(text(MAX_MEMORY)), lww(nullable(ID)), lww(flag), lww(octets(0, MAX_EMBEDDING)))
)
SHARE: Final = Schema(Kind.SHARE, Share, (ID, secret(ShareKey), ID, number(COUNT), lww(flag)))
PROMPT: Final = Schema(
    Kind.PROMPT, Prompt, (lww(text(MAX_TITLE)), lww(text(MAX_INSTRUCTIONS)), lww(text(MAX_SHORTCUT)))
)
