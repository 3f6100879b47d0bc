"""What importers have in common: one conversation, the report, and chats made of them. Source: specs/importers.md."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Final

from privity_vault import title
from privity_vault.clock import MAX_MILLIS, NEVER
from privity_vault.contents.chat import MAX_PARTS, Node, Reasoning, Role, State, Text, ToolCall, ToolResult
from privity_vault.contents.schema import Field, Part
from privity_vault.export.library import BLANK, Ids, SavedChat

MAX_IMPORT: Final = 512 * 2**20
"""Bytes of one file of conversations."""
MAX_DEPTH: Final = 64
MAX_TITLE_LETTERS: Final = 256
MAX_LABEL: Final = 128
MAX_PIECE: Final = 900_000
"""UTF-8 bytes of text in one message; what is longer goes on in the next."""


@dataclass(frozen=True, slots=True)
class Said:
    """One message; `parent` None is a beginning, `time` in Unix milliseconds, None when it is not told."""

    parent: str | None
    role: Role
    parts: tuple[Part, ...]
    state: State
    time: int | None


@dataclass(frozen=True, slots=True)
class Conversation:
    """One conversation; parents and `leaf` name messages that are there."""

    id: str
    title: str
    leaf: str | None
    time: int | None
    said: Mapping[str, Said]


@dataclass(slots=True)
class Report:
    """What a person is shown before the import: numbers, parts that became labelled text, what was left out."""

    chats: int = 0
    messages: int = 0
    unknown: Counter[str] = field(default_factory=Counter)
    left_out: Counter[str] = field(default_factory=Counter)


def labelled(kind: str, text: str, report: Report, name: str = "") -> Text:
    """Return a part that is not known here as text under its kind and name, and count the kind."""
    shown = _on_a_line(kind)
    report.unknown[shown] += 1
    label = f"[{shown} {_on_a_line(name)}]" if name else f"[{shown}]"
    return Text(f"{label}\n{text}" if text else label)


def _on_a_line(text: str) -> str:
    return "".join(" " if ord(one) < 32 or one in "[]\x7f" else one for one in text[:MAX_LABEL])


def as_chats(found: Sequence[Conversation], ids: Ids, report: Report) -> list[SavedChat]:
    """Return the conversations as archived chats; a second one of the same id is left out."""
    chats, seen = [], set[str]()
    for one in found:
        if one.id in seen:
            report.left_out["conversation twice"] += 1
        elif not one.said:
            report.left_out["conversation without messages"] += 1
        else:
            chats.append(_chat(one, ids))
            report.messages += len(chats[-1].nodes)
        seen.add(one.id)
    report.chats += len(chats)
    return chats


def _chat(found: Conversation, ids: Ids) -> SavedChat:
    box = ids(f"box/{found.id}")
    said = _without_circles(found.said)
    times = _times(found, said)
    last: dict[str, bytes] = {}
    nodes: dict[bytes, Node] = {}
    for id_ in times:
        one, parent = said[id_], None if said[id_].parent is None else last[said[id_].parent or ""]
        for number, parts in enumerate(_pieces(one.parts)):
            key = ids(f"node/{found.id}/{id_}" + (f"#{number + 1}" if number else ""))
            nodes[key] = Node(box, parent, one.role, parts, None, None, one.state, times[id_])
            parent = key
        last[id_] = parent or b""
    leaf = None if found.leaf is None else last[found.leaf]
    chat = replace(BLANK, title=Field(_title(found, nodes), NEVER), leaf=Field(leaf, NEVER))
    return SavedChat(box, True, chat, nodes, {})


def _title(found: Conversation, nodes: Mapping[bytes, Node]) -> str:
    given = "".join(" " if ord(one) < 32 else one for one in found.title)[:MAX_TITLE_LETTERS].strip(" ")
    if given:
        return given
    texts = (
        part.text for node in nodes.values() if node.role is Role.USER for part in node.parts if isinstance(part, Text)
    )
    return next((made for made in map(title.of_text, texts) if made), "")


def _without_circles(said: Mapping[str, Said]) -> dict[str, Said]:
    """Cut each circle of parents where, going up from the smallest id, it closes."""
    found, ended = dict(said), set[str]()
    for start in sorted(said):
        path: list[str] = []
        on_path: set[str] = set()
        at: str | None = start
        while at is not None and at not in ended and at not in on_path:
            path.append(at)
            on_path.add(at)
            at = found[at].parent
        if at in on_path:
            found[path[-1]] = replace(found[path[-1]], parent=None)
        ended |= on_path
    return found


def _times(found: Conversation, said: Mapping[str, Said]) -> dict[str, int]:
    """Times of messages, parents first: a message without one, or before its parent, is a millisecond later."""
    below: dict[str | None, list[str]] = {}
    for id_ in sorted(said):
        below.setdefault(said[id_].parent, []).append(id_)
    order, times = list(below.get(None, [])), dict[str, int]()
    for id_ in order:
        order += below.get(id_, [])
        parent = said[id_].parent
        least = max(found.time or 0, 0) if parent is None else times[parent] + 1
        own = said[id_].time
        times[id_] = min(least if own is None else max(own, 0 if parent is None else least), MAX_MILLIS)
    return times


def _pieces(parts: tuple[Part, ...]) -> list[tuple[Part, ...]]:
    """The parts of a message, cut where they are more than one object holds."""
    pieces: list[list[Part]] = [[]]
    size = 0
    for part in (cut for one in parts for cut in _cut(one)):
        weight = _weight(part)
        if pieces[-1] and (size + weight > MAX_PIECE or len(pieces[-1]) == MAX_PARTS):
            pieces.append([])
            size = 0
        pieces[-1].append(part)
        size += weight
    return [tuple(one) for one in pieces]


def _weight(part: Part) -> int:
    return sum(len(getattr(part, name).encode()) for name in ("text", "arguments") if hasattr(part, name)) + 600


def _cut(part: Part) -> list[Part]:
    """A long text as several; of a long call only the beginning stays a call."""
    if _weight(part) <= MAX_PIECE:
        return [part]
    match part:
        case Text(text):
            return [Text(one) for one in _slices(text)]
        case Reasoning(text):
            return [Reasoning(one) for one in _slices(text)]
        case ToolResult(call, text):
            return [ToolResult(call, one) for one in _slices(text)]
        case ToolCall(call, name, arguments):
            first, *rest = _slices(arguments)
            return [ToolCall(call, name, first), *(Text(one) for one in rest)]
    return [part]


def _slices(text: str) -> list[str]:
    """A text in slices that fit, each at most a quarter of MAX_PIECE in characters, so that any characters fit."""
    most = MAX_PIECE // 4 - 600
    return [text[at : at + most] for at in range(0, len(text), most)]
