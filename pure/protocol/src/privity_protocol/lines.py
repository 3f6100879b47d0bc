"""The response's application bytes: JSON lines of a closed list of kinds. Source: specs/application.md."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from privity_protocol import canonical, jsontext
from privity_protocol.errors import LimitExceeded, Malformed, PrivityError
from privity_protocol.limits import MAX_LINE

DONE_REASONS: Final = frozenset({"stop", "length", "tool_calls", "stopped"})
"""Why an answer ended: by itself, at its token limit, to call tools, or because the user said so."""

_CODE: Final = re.compile(r"[a-z0-9_.]{1,64}")
_LONGEST: Final = MAX_LINE
_DEPTH: Final = 2


@dataclass(frozen=True, slots=True, repr=False)
class Text:
    """A piece of the answer."""

    d: str

    def __repr__(self) -> str:
        return f"{type(self).__name__}({len(self.d)} characters)"


class Reasoning(Text):
    """A piece of the model's reasoning, shown apart from the answer."""

    __slots__ = ()


@dataclass(frozen=True, slots=True, repr=False)
class Tool:
    """A piece of a tool call: `id` and `name` are empty after the first piece, `arguments` are to be joined."""

    index: int
    id: str
    name: str
    arguments: str

    def __repr__(self) -> str:
        return f"Tool({self.index})"


@dataclass(frozen=True, slots=True)
class Notice:
    """Something the user should know that is not the answer, by code."""

    code: str


@dataclass(frozen=True, slots=True)
class Usage:
    """Tokens: of the prompt, of these found in the cache, and generated."""

    prompt: int
    cached: int
    completion: int


@dataclass(frozen=True, slots=True)
class Done:
    """The last line of an answer."""

    reason: str


Line = Text | Reasoning | Tool | Notice | Usage | Done

_MEMBERS: Final[Mapping[str, frozenset[str]]] = {
    "text": frozenset({"t", "d"}),
    "reasoning": frozenset({"t", "d"}),
    "tool": frozenset({"t", "index", "id", "name", "arguments"}),
    "notice": frozenset({"t", "code"}),
    "usage": frozenset({"t", "prompt", "cached", "completion"}),
    "done": frozenset({"t", "reason"}),
}


def encode_line(line: Line) -> bytes:
    """Return the line with its line feed.

    Raises LimitExceeded `too_large` above 64 KiB, Malformed when the reader would refuse it.
    """
    match line:
        case Reasoning():
            members: dict[str, object] = {"t": "reasoning", "d": line.d}
        case Text():
            members = {"t": "text", "d": line.d}
        case Tool():
            members = {"t": "tool", "index": line.index, "id": line.id, "name": line.name, "arguments": line.arguments}
        case Notice():
            members = {"t": "notice", "code": line.code}
        case Usage():
            members = {"t": "usage", "prompt": line.prompt, "cached": line.cached, "completion": line.completion}
        case Done():
            members = {"t": "done", "reason": line.reason}
    encoded = jsontext.encode(members) + b"\n"
    if len(encoded) > MAX_LINE:
        raise LimitExceeded("too_large", f"line of {len(encoded)} bytes, at most {MAX_LINE}")
    _line(members)
    return encoded


class LineReader:
    """Reads the application bytes of an answer in whatever pieces they arrive, also across a resume.

    A fault behind established lines is raised by the next call, as in `response.ResponseReader`.
    """

    __slots__ = ("_buffer", "_done", "_fault", "_received")

    def __init__(self) -> None:
        self._buffer = bytearray()
        self._received = 0
        self._done: Done | None = None
        self._fault: PrivityError | None = None

    @property
    def received(self) -> int:
        """Application bytes taken so far: the `from` of a resume."""
        return self._received

    def feed(self, data: bytes) -> list[Line]:
        """Return the lines that are whole now.

        Raises Malformed `too_large`, `not_utf8`, `not_json`, `too_deep`, `duplicate_member`, `line_kind`,
        `missing_member`, `unknown_member`, `member_type`, `member_value`, `order` (bytes after the done line).
        """
        self._require_sound()
        self._received += len(data)
        self._buffer += data
        lines: list[Line] = []
        try:
            while (line := self._step()) is not None:
                lines.append(line)
        except PrivityError as fault:
            self._fault = fault
            self._buffer.clear()
            if not lines:
                raise
        return lines

    def finish(self) -> Done:
        """Return the done line once END has come. Raises Malformed `truncated` when there was none."""
        self._require_sound()
        if self._done is None or self._buffer:
            raise Malformed("truncated", "the answer has no done line")
        return self._done

    def _require_sound(self) -> None:
        if self._fault is not None:
            raise self._fault

    def _step(self) -> Line | None:
        if self._done is not None and self._buffer:
            raise Malformed("order", "bytes after the done line")
        end = self._buffer.find(b"\n", 0, MAX_LINE)
        if end < 0:
            if len(self._buffer) >= MAX_LINE:
                raise Malformed("too_large", f"line of more than {MAX_LINE} bytes")
            return None
        line = _line(jsontext.decode(bytes(self._buffer[:end]), max_depth=_DEPTH))
        del self._buffer[: end + 1]
        if isinstance(line, Done):
            self._done = line
        return line

    def __repr__(self) -> str:
        return f"LineReader({self._received} bytes)"


def _line(value: object) -> Line:
    kind = value.get("t") if isinstance(value, dict) else None
    if not isinstance(kind, str) or kind not in _MEMBERS:
        raise Malformed("line_kind", "not one of the kinds of line")
    found = canonical.members(value, _MEMBERS[kind], kind)
    match kind:
        case "text":
            return Text(_text(found, "d"))
        case "reasoning":
            return Reasoning(_text(found, "d"))
        case "tool":
            index = canonical.integer(found["index"], "index")
            return Tool(index, _text(found, "id"), _text(found, "name"), _text(found, "arguments"))
        case "notice":
            return Notice(_name(found, "code"))
        case "usage":
            prompt, cached, completion = (
                canonical.integer(found[name], name) for name in ("prompt", "cached", "completion")
            )
            return Usage(prompt, cached, completion)
        case _:
            return Done(_reason(found))


def _text(found: dict[str, object], name: str) -> str:
    value = found[name]
    if not isinstance(value, str):
        raise Malformed("member_type", f"{name} is not text")
    return value


def _name(found: dict[str, object], name: str) -> str:
    value = _text(found, name)
    if not _CODE.fullmatch(value):
        raise Malformed("member_value", name)
    return value


def _reason(found: dict[str, object]) -> str:
    value = _text(found, "reason")
    if value not in DONE_REASONS:
        raise Malformed("member_value", "reason")
    return value
