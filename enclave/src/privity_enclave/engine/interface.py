"""What the node asks of an engine, what comes back, and how it fails. Source: specs/models.md, section "Engines"."""

from collections.abc import AsyncGenerator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final, Literal, Protocol

from privity_enclave.models import ServedModel

OWNER_BYTES: Final = 32


@dataclass(frozen=True, slots=True)
class EngineRequest:
    """One chat turn. `messages` and `fields` are as the client wrote them: the profile decides what an engine sees.

    `owner` (32 bytes) names the session chain: what one owner sent never speeds up another. `fields` are members of the
    OpenAI chat-completions request other than `model`, `messages`, `max_tokens` and `stream`.
    """

    owner: bytes
    messages: Sequence[Mapping[str, object]] = field(repr=False)
    max_tokens: int | None = None
    fields: Mapping[str, object] = field(default_factory=dict, repr=False)

    def __post_init__(self) -> None:
        if len(self.owner) != OWNER_BYTES:
            raise AssertionError("an owner is the 32 bytes of an HMAC")


@dataclass(frozen=True, slots=True)
class Text:
    """A piece of the answer."""

    d: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Reasoning:
    """A piece of what the model thinks before it answers."""

    d: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class ToolDelta:
    """A piece of the tool call `index`; `id` and `name` come first, `arguments` is JSON text in pieces."""

    index: int
    id: str | None = field(repr=False)
    name: str | None = field(repr=False)
    arguments: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Usage:
    """Tokens: of the prompt, of those the ones that were still in the owner's slot, and of the answer."""

    prompt: int
    cached: int
    completion: int


@dataclass(frozen=True, slots=True)
class Done:
    """The last event of every complete answer."""

    reason: Literal["stop", "length", "tool_calls"]


EngineEvent = Text | Reasoning | ToolDelta | Usage | Done
ErrorCode = Literal["context_overflow", "unavailable", "bad_request", "crashed", "overloaded", "deadline"]


class EngineError(Exception):
    """No answer, or no more of it. Never carries what an engine wrote: that may quote the prompt.

    `limit` and `asked` are tokens, with `context_overflow` (`asked` where the engine says it); `field` names the
    refused member, with `bad_request`.
    """

    def __init__(
        self, code: ErrorCode, *, limit: int | None = None, asked: int | None = None, field: str | None = None
    ) -> None:
        self.code = code
        self.limit = limit
        self.asked = asked
        self.field = field
        super().__init__(code)


class Engine(Protocol):
    """One model, ready to chat between `start` and `close`."""

    model: ServedModel

    async def start(self) -> None:
        """Become usable. Raises StartFailed `engine`."""

    async def close(self) -> None:
        """End running answers and leave nothing behind."""

    def chat(self, asked: EngineRequest, /) -> AsyncGenerator[EngineEvent, None]:
        """Answer; closing the generator stops the generation. Raises EngineError before or between events."""
