"""Answers: the pieces of one that grows, the whole of one that is complete. Text is as the model wrote it."""

from dataclasses import dataclass, field

from privity_protocol.lines import Line, Notice, Reasoning, Text, Tool, Usage

from privity_client.client.request import ToolCall
from privity_client.commands import Restarted
from privity_client.nodes import VerifiedNode
from privity_client.openai_api.chat_answer import Choice

Piece = Text | Reasoning | Tool | Notice | Restarted
"""`Restarted` only where the program allowed it: every piece before it is void."""


@dataclass(frozen=True)
class Answer:
    """A complete answer: its end was authenticated. `reason` says why the model ended; `node` is who answered."""

    text: str = field(repr=False)
    reasoning: str = field(repr=False)
    tool_calls: tuple[ToolCall, ...]
    reason: str
    usage: Usage | None
    notices: tuple[str, ...]
    node: VerifiedNode = field(repr=False)


def piece_of(line: Line) -> Piece | None:
    """Return the piece that a line is, None for one that only the whole answer tells."""
    return line if isinstance(line, Text | Reasoning | Tool | Notice) else None


def whole(choice: Choice, node: VerifiedNode) -> Answer:
    """Return the complete answer."""
    calls = tuple(ToolCall(call.id, call.name, "".join(call.arguments)) for call in choice.calls.values())
    text, reasoning = "".join(choice.text), "".join(choice.reasoning)
    return Answer(text, reasoning, calls, choice.reason, choice.usage, tuple(choice.notices), node)
