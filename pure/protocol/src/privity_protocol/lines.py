"""The response's application bytes: JSON lines of a closed list of kinds. Source: specs/application.md."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from privity_protocol import canonical, jsontext
from privity_protocol.errors import LimitExceeded, Malformed
from privity_protocol.limits import MAX_LINE
from privity_protocol.pieces import PieceReader

DONE_REASONS: Final = frozenset({"stop", "length", "tool_calls", "stopped"})
"""Why an answer ended: by itself, at its token limit, to call tools, or because the user said so."""

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


def _text(value: object, what: str) -> str:
    if not isinstance(value, str):
        raise Malformed("member_type", f"{what} is not text")
    return value


def _code(value: object, what: str) -> str:
    return canonical.text(value, what, longest=64, pattern="[a-z0-9_.]+")


def _reason(value: object, what: str) -> str:
    if _text(value, what) not in DONE_REASONS:
        raise Malformed("member_value", what)
    return _text(value, what)


_KINDS: Final[dict[str, tuple[Callable[..., Line], dict[str, Callable[[object, str], object]]]]] = {
    "text": (Text, {"d": _text}),
    "reasoning": (Reasoning, {"d": _text}),
    "tool": (Tool, {"index": canonical.integer, "id": _text, "name": _text, "arguments": _text}),
    "notice": (Notice, {"code": _code}),
    "usage": (Usage, dict.fromkeys(("prompt", "cached", "completion"), canonical.integer)),
    "done": (Done, {"reason": _reason}),
}
_NAMES: Final = {build: kind for kind, (build, _) in _KINDS.items()}


def encode_line(line: Line) -> bytes:
    """Return the line with its line feed.

    Raises LimitExceeded `too_large` above 64 KiB, Malformed when the reader would refuse it.
    """
    kind = _NAMES[type(line)]
    members = {"t": kind} | {name: getattr(line, name) for name in _KINDS[kind][1]}
    _line(members)
    encoded = jsontext.encode(members) + b"\n"
    if len(encoded) > MAX_LINE:
        raise LimitExceeded("too_large", f"line of {len(encoded)} bytes, at most {MAX_LINE}")
    return encoded


def _line(value: object) -> Line:
    kind = value.get("t") if isinstance(value, dict) else None
    if not isinstance(kind, str) or kind not in _KINDS:
        raise Malformed("line_kind", "not one of the kinds of line")
    build, rules = _KINDS[kind]
    found = canonical.members(value, frozenset({"t", *rules}), kind)
    return build(*(rule(found[name], name) for name, rule in rules.items()))


class LineReader(PieceReader[Line]):
    """Reads the application bytes of an answer in whatever pieces they arrive, also across a resume."""

    __slots__ = ("_done", "_received")

    def __init__(self) -> None:
        super().__init__()
        self._received = 0
        self._done: Done | None = None

    @property
    def received(self) -> int:
        """Application bytes taken so far: the `from` of a resume."""
        return self._received

    def feed(self, data: bytes) -> list[Line]:
        """Return the lines that are whole now.

        Raises Malformed `too_large`, `not_utf8`, `not_json`, `too_deep`, `duplicate_member`, `line_kind`,
        `missing_member`, `unknown_member`, `member_type`, `member_value`, `order` (bytes after the done line).
        """
        self._received += len(data)
        return super().feed(data)

    def finish(self) -> Done:
        """Return the done line once END has come. Raises Malformed `truncated` when there was none."""
        self._require_sound()
        if self._done is None or self._buffer:
            raise Malformed("truncated", "the answer has no done line")
        return self._done

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
