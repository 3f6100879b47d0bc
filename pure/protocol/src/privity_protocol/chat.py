"""The body of op "chat": allow-listed members of the OpenAI chat-completions request. Source: specs/chat.md.

Whatever is not listed is refused by name, so that no member reaches an engine that nobody thought about.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, NoReturn, TypeVar

from privity_protocol import jsontext
from privity_protocol.errors import Malformed
from privity_protocol.limits import MAX_JSON_DEPTH

T = TypeVar("T")

MAX_MESSAGES: Final = 4096
MAX_PARTS: Final = 256
MAX_TOOLS: Final = 128
MAX_STOPS: Final = 4
MAX_STOP: Final = 128
MAX_COMPLETION: Final = 1048576
MAX_DESCRIPTION: Final = 8192
MAX_SEED: Final = 2**53 - 1
EFFORTS: Final = frozenset({"none", "minimal", "low", "medium", "high"})
ROLES: Final = frozenset({"system", "user", "assistant", "tool"})

_MODEL: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._:/@-]{0,127}")
_NAME: Final = re.compile(r"[A-Za-z0-9_-]{1,64}")
_FIELD: Final = re.compile(r"[A-Za-z0-9_]{1,64}")

Json = dict[str, object]


@dataclass(frozen=True, slots=True, repr=False)
class ToolCall:
    """A call that the model made in an earlier turn; `arguments` is the text it wrote."""

    id: str
    name: str
    arguments: str


@dataclass(frozen=True, slots=True, repr=False)
class Message:
    """One message; `content` is None only for an assistant that called tools."""

    role: str
    content: str | None
    name: str | None = None
    tool_calls: tuple[ToolCall, ...] = ()
    tool_call_id: str | None = None


@dataclass(frozen=True, slots=True, repr=False)
class Tool:
    """A function that the model may ask the client to call; `parameters` is a JSON schema or None."""

    name: str
    description: str | None
    parameters: Json | None


@dataclass(frozen=True, slots=True, repr=False)
class ResponseFormat:
    """`type` is text, json_object or json_schema; the last has a name and a schema."""

    type: str
    name: str | None = None
    schema: Json | None = None
    strict: bool | None = None


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class ChatRequest:
    """A chat request whose every member was checked; None: the client did not say."""

    model: str
    messages: tuple[Message, ...]
    max_tokens: int | None = None
    temperature: float | None = None
    top_p: float | None = None
    top_k: int | None = None
    min_p: float | None = None
    presence_penalty: float | None = None
    frequency_penalty: float | None = None
    seed: int | None = None
    stop: tuple[str, ...] = ()
    tools: tuple[Tool, ...] = ()
    tool_choice: str | None = None
    """none, auto, required, or `function:NAME`."""
    response_format: ResponseFormat | None = None
    reasoning_effort: str | None = None

    def __repr__(self) -> str:
        return f"ChatRequest({len(self.messages)} messages)"


def decode_chat(body: bytes) -> ChatRequest:
    """Read the body of a chat request.

    Raises Malformed `bad_request` whose detail names the member, or `not_utf8`, `not_json`, `too_deep`,
    `duplicate_member` for what is not strict JSON.
    """
    found = _Members(jsontext.decode(body, max_depth=MAX_JSON_DEPTH), "")
    found.get("stream", _stream)
    found.get("n", lambda value, at: _integer(value, at, 1, 1))
    request = ChatRequest(
        model=found.require("model", lambda value, at: _pattern(value, at, _MODEL)),
        messages=found.require("messages", lambda value, at: _entries(value, at, 1, MAX_MESSAGES, _message)),
        max_tokens=_max_tokens(found),
        temperature=found.get("temperature", lambda value, at: _number(value, at, 0, 2)),
        top_p=found.get("top_p", lambda value, at: _number(value, at, 0, 1)),
        top_k=found.get("top_k", lambda value, at: _integer(value, at, 0, 100000)),
        min_p=found.get("min_p", lambda value, at: _number(value, at, 0, 1)),
        presence_penalty=found.get("presence_penalty", lambda value, at: _number(value, at, -2, 2)),
        frequency_penalty=found.get("frequency_penalty", lambda value, at: _number(value, at, -2, 2)),
        seed=found.get("seed", lambda value, at: _integer(value, at, 0, MAX_SEED)),
        stop=found.get("stop", _stop) or (),
        tools=found.get("tools", lambda value, at: _entries(value, at, 0, MAX_TOOLS, _tool)) or (),
        tool_choice=found.get("tool_choice", _tool_choice),
        response_format=found.get("response_format", _response_format),
        reasoning_effort=found.get("reasoning_effort", lambda value, at: _choice(value, at, EFFORTS)),
    )
    found.close()
    return request


class _Members:
    """An object whose members are taken one by one; what is left at `close` was not allowed."""

    __slots__ = ("_at", "_left")

    def __init__(self, value: object, at: str) -> None:
        if not isinstance(value, dict):
            _refuse(at or "body", "is not an object")
        self._left: Json = dict(value)
        self._at = f"{at}." if at else ""

    def require(self, name: str, read: Callable[[object, str], T]) -> T:
        if name not in self._left:
            _refuse(self._at + name, "is missing")
        return read(self._left.pop(name), self._at + name)

    def get(self, name: str, read: Callable[[object, str], T]) -> T | None:
        return self.require(name, read) if name in self._left else None

    def close(self) -> None:
        for name in sorted(self._left):
            _refuse(self._at + name if _FIELD.fullmatch(name) else f"{self._at}(unprintable)", "is not allowed")


def _refuse(at: str, why: str) -> NoReturn:
    raise Malformed("bad_request", f"{at} {why}")


def _message(value: object, at: str) -> Message:
    found = _Members(value, at)
    role = found.require("role", lambda value, at: _choice(value, at, ROLES))
    calls: tuple[ToolCall, ...] = ()
    call_id: str | None = None
    if role == "assistant":
        calls = found.get("tool_calls", lambda value, at: _entries(value, at, 1, MAX_TOOLS, _tool_call)) or ()
    if role == "tool":
        call_id = found.require("tool_call_id", lambda value, at: _text(value, at, 1, 256))
    content = found.require("content", _content) if not calls else found.get("content", _content_or_null)
    name = found.get("name", lambda value, at: _pattern(value, at, _NAME))
    found.close()
    return Message(role, content, name, calls, call_id)


def _content(value: object, at: str) -> str:
    if isinstance(value, str):
        return value
    return "\n".join(_entries(value, at, 1, MAX_PARTS, _part))


def _content_or_null(value: object, at: str) -> str | None:
    return None if value is None else _content(value, at)


def _part(value: object, at: str) -> str:
    found = _Members(value, at)
    found.require("type", lambda value, at: _choice(value, at, frozenset({"text"})))
    text = found.require("text", lambda value, at: _text(value, at, 0, None))
    found.close()
    return text


def _tool_call(value: object, at: str) -> ToolCall:
    found = _Members(value, at)
    found.require("type", _function)
    call_id = found.require("id", lambda value, at: _text(value, at, 1, 256))
    name, arguments = found.require("function", _called)
    found.close()
    return ToolCall(call_id, name, arguments)


def _called(value: object, at: str) -> tuple[str, str]:
    found = _Members(value, at)
    name = found.require("name", lambda value, at: _pattern(value, at, _NAME))
    arguments = found.require("arguments", lambda value, at: _text(value, at, 0, None))
    found.close()
    return name, arguments


def _tool(value: object, at: str) -> Tool:
    found = _Members(value, at)
    found.require("type", _function)
    tool = found.require("function", _declared)
    found.close()
    return tool


def _declared(value: object, at: str) -> Tool:
    found = _Members(value, at)
    tool = Tool(
        found.require("name", lambda value, at: _pattern(value, at, _NAME)),
        found.get("description", lambda value, at: _text(value, at, 0, MAX_DESCRIPTION)),
        found.get("parameters", _object),
    )
    found.close()
    return tool


def _tool_choice(value: object, at: str) -> str:
    if isinstance(value, str):
        return _choice(value, at, frozenset({"none", "auto", "required"}))
    found = _Members(value, at)
    found.require("type", _function)
    named = _Members(found.require("function", _object), f"{at}.function")
    name = named.require("name", lambda value, at: _pattern(value, at, _NAME))
    named.close()
    found.close()
    return f"function:{name}"


def _response_format(value: object, at: str) -> ResponseFormat:
    found = _Members(value, at)
    kind = found.require(
        "type", lambda value, at: _choice(value, at, frozenset({"text", "json_object", "json_schema"}))
    )
    if kind != "json_schema":
        found.close()
        return ResponseFormat(kind)
    inner = _Members(found.require("json_schema", _object), f"{at}.json_schema")
    found.close()
    chosen = ResponseFormat(
        kind,
        inner.require("name", lambda value, at: _pattern(value, at, _NAME)),
        inner.require("schema", _object),
        inner.get("strict", _boolean),
    )
    inner.close()
    return chosen


def _max_tokens(found: _Members) -> int | None:
    older = found.get("max_tokens", lambda value, at: _integer(value, at, 1, MAX_COMPLETION))
    newer = found.get("max_completion_tokens", lambda value, at: _integer(value, at, 1, MAX_COMPLETION))
    if older is not None and newer is not None:
        _refuse("max_completion_tokens", "and max_tokens exclude each other")
    return older if newer is None else newer


def _stop(value: object, at: str) -> tuple[str, ...]:
    if isinstance(value, str):
        return (_text(value, at, 1, MAX_STOP),)
    return _entries(value, at, 0, MAX_STOPS, lambda entry, where: _text(entry, where, 1, MAX_STOP))


def _stream(value: object, at: str) -> None:
    if value is not True:
        _refuse(at, "is true or absent: answers are always streamed")


def _function(value: object, at: str) -> str:
    return _choice(value, at, frozenset({"function"}))


def _object(value: object, at: str) -> Json:
    if not isinstance(value, dict):
        _refuse(at, "is not an object")
    return value


def _boolean(value: object, at: str) -> bool:
    if not isinstance(value, bool):
        _refuse(at, "is not true or false")
    return value


def _entries(value: object, at: str, least: int, most: int, read: Callable[[object, str], T]) -> tuple[T, ...]:
    if not isinstance(value, list):
        _refuse(at, "is not a list")
    if not least <= len(value) <= most:
        _refuse(at, f"has {len(value)} entries, from {least} to {most} are allowed")
    return tuple(read(entry, f"{at}[{index}]") for index, entry in enumerate(value))


def _text(value: object, at: str, least: int, most: int | None) -> str:
    if not isinstance(value, str):
        _refuse(at, "is not text")
    if len(value) < least or (most is not None and len(value) > most):
        _refuse(at, f"has {len(value)} characters")
    return value


def _pattern(value: object, at: str, pattern: re.Pattern[str]) -> str:
    if not isinstance(value, str) or not pattern.fullmatch(value):
        _refuse(at, "is not a name")
    return value


def _choice(value: object, at: str, allowed: frozenset[str]) -> str:
    if not isinstance(value, str) or value not in allowed:
        _refuse(at, f"is none of {', '.join(sorted(allowed))}")
    return value


def _integer(value: object, at: str, least: int, most: int) -> int:
    if not isinstance(value, int) or isinstance(value, bool):
        _refuse(at, "is not an integer")
    if not least <= value <= most:
        _refuse(at, f"is not from {least} to {most}")
    return value


def _number(value: object, at: str, least: float, most: float) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float):
        _refuse(at, "is not a number")
    if not least <= value <= most:
        _refuse(at, f"is not from {least} to {most}")
    return float(value)
