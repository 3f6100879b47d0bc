"""The response's application bytes: JSON lines of a closed list of kinds. Source: specs/application.md."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from privity_protocol import canonical, jsontext
from privity_protocol.errors import LimitExceeded, Malformed
from privity_protocol.limits import MAX_LINE

DONE_REASONS: Final = frozenset({"stop", "length", "tool_calls", "stopped"})
"""Why an answer ended: by itself, at its token limit, to call tools, or because the user said so."""


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
    line_of(members)
    encoded = jsontext.encode(members) + b"\n"
    if len(encoded) > MAX_LINE:
        raise LimitExceeded("too_large", f"line of {len(encoded)} bytes, at most {MAX_LINE}")
    return encoded


def line_of(value: object) -> Line:
    """Return the line that decoded JSON stands for. Raises Malformed."""
    kind = value.get("t") if isinstance(value, dict) else None
    if not isinstance(kind, str) or kind not in _KINDS:
        raise Malformed("line_kind", "not one of the kinds of line")
    build, rules = _KINDS[kind]
    found = canonical.members(value, frozenset({"t", *rules}), kind)
    return build(*(rule(found[name], name) for name, rule in rules.items()))
