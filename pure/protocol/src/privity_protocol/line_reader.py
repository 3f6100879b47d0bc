"""Reading the lines of an answer on the client, in whatever pieces they arrive. Source: specs/application.md."""

from collections.abc import Callable
from typing import Final

from privity_protocol import canonical, jsontext
from privity_protocol.errors import Malformed
from privity_protocol.limits import MAX_LINE
from privity_protocol.lines import (
    MAX_DIMENSIONS,
    MAX_SURPRISAL,
    MAX_TOP,
    Done,
    Embedding,
    Line,
    Logprobs,
    Notice,
    Reasoning,
    SignedReceipt,
    Text,
    Tool,
    Usage,
)
from privity_protocol.pieces import PieceReader

_DEPTH: Final = 2
DONE_REASONS: Final = frozenset({"stop", "length", "tool_calls", "stopped"})
"""Why an answer ended: by itself, at its token limit, to call tools, or because the user said so."""
MAX_RECEIPT: Final = 8192  # characters of the signed JSON
MAX_ENTRIES: Final = 512  # tokens and alternatives of one `logprobs` line


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


KINDS: Final[dict[str, tuple[Callable[..., Line], dict[str, Callable[[object, str], object]]]]] = {
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


def line_of(value: object) -> Line:
    """Return the line that decoded JSON stands for. Raises Malformed."""
    kind = value.get("t") if isinstance(value, dict) else None
    if not isinstance(kind, str) or kind not in KINDS:
        raise Malformed("line_kind", "not one of the kinds of line")
    build, rules = KINDS[kind]
    found = canonical.members(value, frozenset({"t", *rules}), kind)
    return build(*(rule(found[name], name) for name, rule in rules.items()))


class LineReader(PieceReader[Line]):
    """Reads the application bytes of an answer in whatever pieces they arrive, also across a resume."""

    __slots__ = ("_done", "_received", "_signed")

    def __init__(self) -> None:
        super().__init__()
        self._received = 0
        self._signed = False
        self._done: Done | None = None

    @property
    def received(self) -> int:
        """Application bytes taken so far: the `from` of a resume."""
        return self._received

    def feed(self, data: bytes) -> list[Line]:
        """Return the lines that are whole now.

        Raises Malformed `too_large`, `not_utf8`, `not_json`, `too_deep`, `duplicate_member`, `line_kind`,
        `missing_member`, `unknown_member`, `member_type`, `member_value`, `order` (bytes after the done line, another
        line after the receipt).
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
        found = line_of(jsontext.decode(bytes(self._buffer[:end]), max_depth=_DEPTH))
        del self._buffer[: end + 1]
        # A line behind the receipt would be in the answer, and not in what was signed of it.
        if self._signed and not isinstance(found, Done):
            raise Malformed("order", "a line between receipt and done")
        self._signed = isinstance(found, SignedReceipt)
        if isinstance(found, Done):
            self._done = found
        return found

    def __repr__(self) -> str:
        return f"LineReader({self._received} bytes)"
