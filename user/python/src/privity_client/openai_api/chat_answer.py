"""An answer as the OpenAI API tells it: chunks while it grows, one object when it is whole.

`privity` is a member of our own, in the last chunk and in the whole object, and only where a node gave notice of
something. Usage of several choices counts the prompt once.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from privity_protocol.lines import MAX_TOP, Done, Line, Logprobs, Notice, Reasoning, Text, Tool, Usage

from privity_client.openai_api import likelihoods, strict_tools
from privity_client.openai_api.errors import SERVER, ApiError
from privity_client.openai_api.reading import Json


@dataclass(frozen=True)
class Head:
    """What every object of one answer carries; `created` in Unix seconds."""

    id: str
    created: int
    model: str

    def chunk(self, choices: list[Json], **more: object) -> Json:
        """Return a piece of a streamed answer."""
        return {
            "id": self.id,
            "object": "chat.completion.chunk",
            "created": self.created,
            "model": self.model,
            "choices": choices,
            **more,
        }


@dataclass(frozen=True)
class Call:
    """A tool call as it grows."""

    id: str
    name: str
    arguments: list[str]

    def whole(self) -> Json:
        """Return it in the API's shape."""
        function = {"name": self.name, "arguments": "".join(self.arguments)}
        return {"id": self.id, "type": "function", "function": function}


@dataclass
class Choice:
    """One choice: `take` its lines in order.

    `alternatives` is how many a token may have, `strict` the schemas of tools whose arguments have to follow them,
    `demanded` the tool that has to be called (empty: any).
    """

    index: int = 0
    alternatives: int = MAX_TOP
    strict: Mapping[str, Json] = field(default_factory=dict, repr=False)
    demanded: str | None = None
    text: list[str] = field(default_factory=list, repr=False)
    reasoning: list[str] = field(default_factory=list, repr=False)
    calls: dict[int, Call] = field(default_factory=dict, repr=False)
    likely: list[Json] = field(default_factory=list, repr=False)
    notices: list[str] = field(default_factory=list)
    usage: Usage | None = None
    reason: str = ""

    def take(self, line: Line) -> list[Json]:
        """Fold a line in; return the deltas that it adds.

        Raises ApiError when somebody else stopped the answer, for a call that breaks the schema of a strict tool, and
        at the end of an answer without the call that was demanded.
        """
        match line:
            case Reasoning(said):
                self.reasoning.append(said)
                return [{"reasoning_content": said}]
            case Text(said):
                self.text.append(said)
                return [{"content": said}]
            case Tool():
                return [self._called(line)]
            case Logprobs():
                self.likely += likelihoods.of_line(line, self.alternatives)
            case Notice(code):
                self.notices.append(code)
            case Usage():
                self.usage = line
            case Done(reason):
                self._end(reason)
        return []

    def begin_anew(self) -> None:
        """Forget everything: the answer was lost and begins again."""
        for part in (self.text, self.reasoning, self.calls, self.likely, self.notices):
            part.clear()
        self.usage, self.reason = None, ""

    def message(self) -> Json:
        """Return the whole message."""
        text = "".join(self.text)
        message: Json = {"role": "assistant", "content": text or (None if self.calls else ""), "refusal": None}
        if self.reasoning:
            message["reasoning_content"] = "".join(self.reasoning)
        if self.calls:
            message["tool_calls"] = [call.whole() for call in self.calls.values()]
        return message

    def whole(self) -> Json:
        """Return the choice of a complete answer."""
        likely = likelihoods.told(self.likely)
        return {"index": self.index, "message": self.message(), "logprobs": likely, "finish_reason": self.reason}

    def _end(self, reason: str) -> None:
        if reason == "stopped":
            raise ApiError(502, "The answer was stopped before its end.", type=SERVER, code="stopped")
        # At its limit of tokens an answer may end inside a call, and says so.
        if reason != "length":
            strict_tools.check_called(self.demanded, [call.name for call in self.calls.values()])
            for call in self.calls.values():
                strict_tools.check(self.strict, call.name, "".join(call.arguments))
        self.reason = reason

    def _called(self, piece: Tool) -> Json:
        function: Json = {"arguments": piece.arguments}
        delta: Json = {"index": piece.index, "function": function}
        call = self.calls.get(piece.index)
        if call is None:
            call = self.calls[piece.index] = Call(piece.id, piece.name, [])
            function["name"] = piece.name
            delta |= {"id": piece.id, "type": "function"}
        call.arguments.append(piece.arguments)
        return {"tool_calls": [delta]}


class Chunks:
    """Chunks of one choice of a streamed answer."""

    def __init__(self, head: Head, choice: Choice, *, usage: bool) -> None:
        """With `usage` every chunk has a member of that name, as the API says of `include_usage`."""
        self._head = head
        self._choice = choice
        self._more: Json = {"usage": None} if usage else {}
        self._begun = False

    def begin(self) -> Json:
        """Return the chunk that opens the choice."""
        return self._chunk({"role": "assistant", "content": ""})

    def take(self, line: Line) -> list[Json]:
        """Return the chunks that a line makes. Raises ApiError as `Choice.take`."""
        before = len(self._choice.likely)
        chunks = [self._chunk(delta) for delta in self._choice.take(line)]
        added = self._choice.likely[before:]
        return [*chunks, self._chunk({}, likely=likelihoods.told(added))] if added else chunks

    def end(self) -> Json:
        """Return the chunk that says why the answer ended: once it is complete, and not before."""
        return self._chunk({}, self._choice.reason) | _noticed([self._choice])

    def _chunk(self, delta: Json, reason: str | None = None, likely: Json | None = None) -> Json:
        choice: Json = {"index": self._choice.index, "delta": delta, "logprobs": likely, "finish_reason": reason}
        return self._head.chunk([choice], **self._more)


def usage_chunk(head: Head, choices: Sequence[Choice]) -> Json:
    """Return the chunk without choices that ends a stream with `include_usage`."""
    return head.chunk([], usage=usage_of(choices))


def completion(head: Head, choices: Sequence[Choice]) -> Json:
    """Return the whole answer."""
    return {
        "id": head.id,
        "object": "chat.completion",
        "created": head.created,
        "model": head.model,
        "choices": [choice.whole() for choice in choices],
        "usage": usage_of(choices),
        **_noticed(choices),
    }


def usage_of(choices: Sequence[Choice]) -> Json | None:
    """Return tokens: those of the prompt once, those generated of all choices; None where a node counted none."""
    counted = [choice.usage for choice in choices if choice.usage is not None]
    if not counted:
        return None
    prompt, completion_tokens = counted[0].prompt, sum(one.completion for one in counted)
    return {
        "prompt_tokens": prompt,
        "completion_tokens": completion_tokens,
        "total_tokens": prompt + completion_tokens,
        "prompt_tokens_details": {"cached_tokens": counted[0].cached},
    }


def _noticed(choices: Sequence[Choice]) -> Json:
    notices = sorted({notice for choice in choices for notice in choice.notices})
    return {"privity": {"notices": notices}} if notices else {}
