"""The bytes of a streamed OpenAI answer, turned into events. No sockets here.

Source: specs/engine-profiles.md, section "Answers". The engine is trusted with plaintext, not with our memory or our
honesty: lines are bounded, and an answer without its end is an error.
"""

import re
from base64 import b64decode
from collections.abc import Iterator
from typing import Annotated, Final, Literal

import msgspec
from privity_protocol.canonical import base64url_encode
from privity_protocol.lines import MAX_DIMENSIONS, MAX_SURPRISAL, MAX_TOP, Done, Logprobs, Reasoning, Text, Tool, Usage

from privity_enclave.engine.interface import EngineError, EngineEvent

MAX_LINE: Final = 2**20  # bytes of one line of the stream
MAX_ERROR: Final = 65536  # bytes read of an error answer
_OVERFLOW = re.compile(r"exceed_context_size|available context size|maximum context length|model's context length")
_ASKED = re.compile(r"(?:request \(|input \(|you requested (?:a total of )?|request has |requested )(\d{1,12}) ?", re.I)
_Count = Annotated[int, msgspec.Meta(ge=0, lt=2**53)]
_Bytes = list[Annotated[int, msgspec.Meta(ge=0, le=255)]]


class _Call(msgspec.Struct):
    name: str | None = None
    arguments: str | None = None


class _ToolDelta(msgspec.Struct):
    index: Annotated[int, msgspec.Meta(ge=0, lt=128)] = 0
    id: str | None = None
    function: _Call | None = None


class _Delta(msgspec.Struct):
    content: str | None = None
    reasoning_content: str | None = None
    reasoning: str | None = None
    tool_calls: list[_ToolDelta] | None = None


class _Token(msgspec.Struct):
    logprob: float
    token: Annotated[str, msgspec.Meta(max_length=192)] = ""
    bytes: Annotated[_Bytes, msgspec.Meta(max_length=768)] | None = None
    top_logprobs: "Annotated[list[_Token], msgspec.Meta(max_length=MAX_TOP)]" = []


class _Logprobs(msgspec.Struct):
    content: list[_Token] | None = None


class _Choice(msgspec.Struct):
    index: Literal[0] = 0
    delta: _Delta | None = None
    logprobs: _Logprobs | None = None
    finish_reason: Literal["stop", "length", "tool_calls"] | None = None


class _Details(msgspec.Struct):
    cached_tokens: _Count | None = None


class _Usage(msgspec.Struct):
    prompt_tokens: _Count
    completion_tokens: _Count = 0
    prompt_tokens_details: _Details | None = None


class _Vector(msgspec.Struct):
    embedding: str


class _Vectors(msgspec.Struct):
    data: list[_Vector]
    usage: _Usage


class _Chunk(msgspec.Struct):
    choices: list[_Choice] = []
    usage: _Usage | None = None
    error: object = None


_decode = msgspec.json.Decoder(_Chunk).decode


def failure(status: int, answer: bytes, context: int) -> EngineError:
    """Return the error for an HTTP error answer, or for an error inside a stream. Its text goes no further."""
    text = answer[:MAX_ERROR].decode("utf-8", "replace")
    if _OVERFLOW.search(text):
        asked = _ASKED.search(text)
        return EngineError("context_overflow", limit=context, asked=int(asked[1]) if asked else None)
    if status in (400, 413, 422):
        return EngineError("bad_request")
    if status in (429, 503):
        return EngineError("overloaded")
    return EngineError("unavailable")


def vector(answer: bytes) -> tuple[str, int]:
    """Return one vector in base64url and the tokens of its text. Raises EngineError `crashed` for what is none."""
    try:
        found = msgspec.json.decode(answer, type=_Vectors)
        (one,) = found.data
        data = b64decode(one.embedding, validate=True)
    except (msgspec.DecodeError, UnicodeDecodeError, ValueError):
        raise EngineError("crashed") from None
    if not 0 < len(data) <= 4 * MAX_DIMENSIONS or len(data) % 4:
        raise EngineError("crashed")
    return base64url_encode(data), found.usage.prompt_tokens


class AnswerReader:
    """Feed it the body of an answer in any pieces; it gives the events that they complete."""

    def __init__(self, context: int) -> None:
        self._context = context
        self._line = bytearray()
        self._data = b""
        self._reason: Literal["stop", "length", "tool_calls"] | None = None
        self.chunks = 0
        self.ended = False

    def feed(self, piece: bytes) -> Iterator[EngineEvent]:
        """Give the events completed by `piece`. Raises EngineError: what the engine says, or `crashed`."""
        self._line += piece
        *lines, self._line = self._line.split(b"\n")
        if any(len(line) > MAX_LINE for line in (*lines, self._line)):
            raise EngineError("crashed")
        for line in lines:
            if not self.ended:
                yield from self._take(bytes(line.removesuffix(b"\r")))

    def eof(self) -> None:
        """Raises EngineError `crashed` unless the answer had its end."""
        if not self.ended:
            raise EngineError("crashed")

    def _take(self, line: bytes) -> Iterator[EngineEvent]:
        name, _, value = line.partition(b":")
        value = value.removeprefix(b" ")
        if name == b"error":
            raise self._stopped(value)
        if name == b"data":
            self._data += value
            if len(self._data) > MAX_LINE:
                raise EngineError("crashed")
        elif not line and self._data:
            data, self._data = self._data, b""
            self.chunks += 1
            yield from self._event(data)

    def _event(self, data: bytes) -> Iterator[EngineEvent]:
        if data == b"[DONE]":
            if self._reason is None:
                raise EngineError("crashed")
            self.ended = True
            yield Done(self._reason)
            return
        try:
            chunk = _decode(data)
        except (msgspec.DecodeError, UnicodeDecodeError):
            raise EngineError("crashed") from None
        if chunk.error is not None:
            raise self._stopped(msgspec.json.encode(chunk.error))
        for choice in chunk.choices:
            if choice.delta is not None:
                yield from _pieces(choice.delta)
            for token in (choice.logprobs and choice.logprobs.content) or []:
                yield _likely(token)
            self._reason = choice.finish_reason or self._reason
        if chunk.usage is not None:
            details = chunk.usage.prompt_tokens_details
            cached = details.cached_tokens if details is not None else None
            yield Usage(chunk.usage.prompt_tokens, cached or 0, chunk.usage.completion_tokens)

    def _stopped(self, answer: bytes) -> EngineError:
        found = failure(500, answer, self._context)
        return found if found.code == "context_overflow" else EngineError("crashed")


def _pieces(delta: _Delta) -> Iterator[EngineEvent]:
    thought = delta.reasoning_content or delta.reasoning
    if thought:
        yield Reasoning(thought)
    if delta.content:
        yield Text(delta.content)
    for call in delta.tool_calls or []:
        function = call.function or _Call()
        yield Tool(call.index, call.id or "", function.name or "", function.arguments or "")


def _likely(token: _Token) -> Logprobs:
    entries = [token, *token.top_logprobs]
    return Logprobs(
        [base64url_encode(bytes(one.token.encode() if one.bytes is None else one.bytes)) for one in entries],
        [round(min(max(-one.logprob * 1e6, 0), MAX_SURPRISAL)) for one in entries],
        [len(token.top_logprobs)],
    )
