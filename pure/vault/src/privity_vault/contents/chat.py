"""Kinds 1 and 2: a chat and the messages of its tree. Source: specs/contents.md."""

from dataclasses import dataclass
from enum import IntEnum
from typing import ClassVar, Final

from privity_protocol.stored.header import MAX_FRAME
from privity_protocol.stored.members import COUNT

from privity_vault.contents.schema import (
    HASH,
    ID,
    TIME,
    Content,
    Field,
    Kind,
    Part,
    Schema,
    choice,
    flag,
    lww,
    nullable,
    number,
    row,
    rows,
    text,
    union,
)

MAX_TITLE: Final = 1024
MAX_INSTRUCTIONS: Final = 65_536
MAX_MODEL: Final = 256
"""UTF-8 bytes of the name that a model is asked for by."""
MAX_EFFORT: Final = 32
MAX_NAME: Final = 256
"""UTF-8 bytes of a tool's name and of a call's id."""
MAX_PARTS: Final = 256


@dataclass(frozen=True, slots=True, repr=False)
class Chat(Content):
    """A chat. `leaf` names a message of the branch that is shown; null: the newest message says which."""

    title: Field[str]
    folder: Field[bytes | None]
    pinned: Field[bool]
    leaf: Field[bytes | None]
    model: Field[str | None]
    effort: Field[str | None]
    instructions: Field[str]


class Role(IntEnum):
    """Who speaks."""

    USER = 0
    ASSISTANT = 1
    SYSTEM = 2
    TOOL = 3


class State(IntEnum):
    """How a message ended: whole, stopped by the person, cut off by a crash, or failed."""

    COMPLETE = 0
    STOPPED = 1
    CUT = 2
    FAILED = 3


@dataclass(frozen=True, slots=True, repr=False)
class Text(Part):
    """What is read."""

    TAG: ClassVar[int] = 0
    text: str


@dataclass(frozen=True, slots=True, repr=False)
class Reasoning(Part):
    """What a model wrote before its answer."""

    TAG: ClassVar[int] = 1
    text: str


@dataclass(frozen=True, slots=True, repr=False)
class Attached(Part):
    """An attachment of the same chat, by its object id."""

    TAG: ClassVar[int] = 2
    attachment: bytes


@dataclass(frozen=True, slots=True, repr=False)
class ToolCall(Part):
    """A call that the model made; `arguments` is the text that it wrote."""

    TAG: ClassVar[int] = 3
    call: str
    name: str
    arguments: str


@dataclass(frozen=True, slots=True, repr=False)
class ToolResult(Part):
    """What a call gave."""

    TAG: ClassVar[int] = 4
    call: str
    text: str


@dataclass(frozen=True, slots=True, repr=False)
class Node(Content):
    """One message. `parent` is null at the beginning; `usage` is prompt, cached and completion tokens."""

    chat: bytes
    parent: bytes | None
    role: Role
    parts: tuple[Part, ...]
    model: bytes | None
    usage: tuple[int, int, int] | None
    state: State
    time: int


_NAME = text(MAX_NAME)
_TEXT = text(MAX_FRAME)
PART: Final = union(
    {
        Text: (_TEXT,),
        Reasoning: (_TEXT,),
        Attached: (ID,),
        ToolCall: (_NAME, _NAME, _TEXT),
        ToolResult: (_NAME, _TEXT),
    }
)
CHAT: Final = Schema(
    Kind.CHAT,
    Chat,
    (
        lww(text(MAX_TITLE)),
        lww(nullable(ID)),
        lww(flag),
        lww(nullable(ID)),
        lww(nullable(text(MAX_MODEL, 1))),
        lww(nullable(text(MAX_EFFORT, 1))),
        lww(text(MAX_INSTRUCTIONS)),
    ),
)
NODE: Final = Schema(
    Kind.NODE,
    Node,
    (
        ID,
        nullable(ID),
        choice(Role),
        rows(PART, MAX_PARTS),
        nullable(HASH),
        nullable(row(number(COUNT), number(COUNT), number(COUNT))),
        choice(State),
        TIME,
    ),
)
