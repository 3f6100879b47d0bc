"""What the node asks of an engine, what comes back, and how it fails. Source: specs/models.md, section "Engines"."""

from dataclasses import dataclass
from typing import Final, Literal

from privity_protocol.chat import ChatRequest, EmbedRequest
from privity_protocol.lines import Done, Embedding, Logprobs, Reasoning, Text, Tool, Usage

OWNER_BYTES: Final = 32
EngineEvent = Text | Reasoning | Tool | Logprobs | Embedding | Usage | Done
"""Done is the last event of every complete answer."""
ErrorCode = Literal["context_overflow", "unavailable", "bad_request", "crashed", "overloaded", "deadline"]


@dataclass(frozen=True, slots=True)
class EngineRequest:
    """One chat turn, or texts of which vectors are wanted.

    `owner` (32 bytes) names the session chain: what one owner sent never speeds up another.
    """

    owner: bytes
    body: ChatRequest | EmbedRequest

    def __post_init__(self) -> None:
        if len(self.owner) != OWNER_BYTES:
            raise AssertionError("an owner is the 32 bytes of an HMAC")


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
