"""The response's application bytes: JSON lines of a closed list of kinds, as a node writes them. The reader is
`line_reader`.

Source: specs/application.md.
"""

from dataclasses import dataclass, field
from typing import Final

from privity_protocol import jsontext
from privity_protocol.errors import LimitExceeded, Malformed
from privity_protocol.limits import MAX_LINE

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


_KINDS: Final[dict[type[Line], str]] = {
    Text: "text",
    Reasoning: "reasoning",
    Tool: "tool",
    Logprobs: "logprobs",
    Embedding: "embedding",
    Notice: "notice",
    Usage: "usage",
    SignedReceipt: "receipt",
    Done: "done",
}


def encode_line(line: Line) -> bytes:
    """Return the line with its line feed, members as its maker checked them: `line_reader` is who judges a line.

    Raises LimitExceeded `too_large` above 64 KiB, Malformed `not_utf8` for a lone surrogate.
    """
    members = {"t": _KINDS[type(line)]} | {name: getattr(line, name) for name in line.__dataclass_fields__}
    encoded = jsontext.encode(members) + b"\n"
    if len(encoded) > MAX_LINE:
        raise LimitExceeded("too_large", f"line of {len(encoded)} bytes, at most {MAX_LINE}")
    return encoded
