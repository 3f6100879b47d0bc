"""The response's application bytes: JSON lines of a closed list of kinds. Source: specs/application.md."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final

from privity_protocol import canonical, jsontext
from privity_protocol.errors import LimitExceeded, Malformed
from privity_protocol.limits import MAX_LINE

DONE_REASONS: Final = frozenset({"stop", "length", "tool_calls", "stopped"})
"""Why an answer ended: by itself, at its token limit, to call tools, or because the user said so."""

MAX_RECEIPT: Final = 8192  # characters of the signed JSON
MAX_ENTRIES: Final = 512  # tokens and alternatives of one `logprobs` line
MAX_TOP: Final = 20  # alternatives of one token
MAX_SURPRISAL: Final = 9_999_000_000
MAX_DIMENSIONS: Final = 8192  # numbers of a vector


@dataclass(frozen=True, slots=True)
class Text:
    """A piece of the answer."""

    d: str = field(repr=False)


class Reasoning(Text):
    """A piece of the model's reasoning, shown apart from the answer."""

    __slots__ = ()


@dataclass(frozen=True, slots=True)
class Tool:
    """A piece of a tool call: `id` and `name` are empty after the first piece, `arguments` are to be joined."""

    index: int
    id: str = field(repr=False)
    name: str = field(repr=False)
    arguments: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Logprobs:
    """How likely tokens of the text were: `top` counts each token's alternatives, which follow it in the other two.

    `bytes`: base64url of what each stands for. `surprisal`: minus the natural logarithm of its probability, 10^-6.
    """

    bytes: list[str] = field(repr=False)
    surprisal: list[int] = field(repr=False)
    top: list[int]

    def __post_init__(self) -> None:
        if not len(self.bytes) == len(self.surprisal) == sum(self.top) + len(self.top) > 0:
            raise Malformed("member_value", "logprobs: lists of other lengths")


@dataclass(frozen=True, slots=True)
class Embedding:
    """The vector of input `index`, as base64url of little-endian single-precision numbers."""

    index: int
    d: str = field(repr=False)


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
class SignedReceipt:
    """What the node signed of this answer, and its signature in base64url; only `Done` follows. `receipt` reads it."""

    document: str
    signature: str


@dataclass(frozen=True, slots=True)
class Done:
    """The last line of an answer."""

    reason: str


Line = Text | Reasoning | Tool | Logprobs | Embedding | Notice | Usage | SignedReceipt | Done


def _text(value: object, what: str) -> str:
    if not isinstance(value, str):
        raise Malformed("member_type", f"{what} is not text")
    return value


def _code(value: object, what: str) -> str:
    return canonical.text(value, what, longest=64, pattern="[a-z0-9_.]+")


def _document(value: object, what: str) -> str:
    return canonical.text(value, what, longest=MAX_RECEIPT)


def _encoded(least: int, most: int, step: int = 1) -> Callable[[object, str], str]:
    def read(value: object, what: str) -> str:
        written = _text(value, what)
        data = canonical.base64url_decode(written)
        if data is None or not least <= len(data) <= most or len(data) % step:
            raise Malformed("member_value", what)
        return written

    return read


def _list(rule: Callable[..., object], most: int) -> Callable[[object, str], object]:
    return lambda value, what: [rule(entry, what) for entry in canonical.entries(value, what, most=most)]


def _surprisal(value: object, what: str) -> int:
    return canonical.integer(value, what, most=MAX_SURPRISAL)


def _count(value: object, what: str) -> int:
    return canonical.integer(value, what, most=MAX_TOP)


def _reason(value: object, what: str) -> str:
    if _text(value, what) not in DONE_REASONS:
        raise Malformed("member_value", what)
    return _text(value, what)


_KINDS: Final[dict[str, tuple[Callable[..., Line], dict[str, Callable[[object, str], object]]]]] = {
    "text": (Text, {"d": _text}),
    "reasoning": (Reasoning, {"d": _text}),
    "tool": (Tool, {"index": canonical.integer, "id": _text, "name": _text, "arguments": _text}),
    "logprobs": (
        Logprobs,
        {
            "bytes": _list(_encoded(0, 768), MAX_ENTRIES),
            "surprisal": _list(_surprisal, MAX_ENTRIES),
            "top": _list(_count, MAX_ENTRIES),
        },
    ),
    "embedding": (Embedding, {"index": canonical.integer, "d": _encoded(4, 4 * MAX_DIMENSIONS, 4)}),
    "notice": (Notice, {"code": _code}),
    "usage": (Usage, dict.fromkeys(("prompt", "cached", "completion"), canonical.integer)),
    "receipt": (SignedReceipt, {"document": _document, "signature": _encoded(64, 64)}),
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
