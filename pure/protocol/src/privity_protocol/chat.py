"""The body of op "chat": allow-listed members of the OpenAI chat-completions request. Source: specs/chat.md.

Whatever is not listed is refused by name, so that no member reaches an engine that nobody thought about.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import NoneType
from typing import Any, Final, NoReturn

from privity_protocol import jsontext
from privity_protocol.errors import Malformed
from privity_protocol.limits import MAX_JSON_DEPTH

MAX_MESSAGES: Final = 4096
MAX_PARTS: Final = 256
MAX_TOOLS: Final = 128
MAX_STOPS: Final = 4
MAX_STOP: Final = 128
MAX_COMPLETION: Final = 1048576
MAX_DESCRIPTION: Final = 8192
MAX_IDENTIFIER: Final = 256
MAX_SEED: Final = 2**53 - 1
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
    content: str | None = None
    name: str | None = None
    tool_calls: tuple[ToolCall, ...] = ()
    tool_call_id: str | None = None


@dataclass(frozen=True, slots=True, repr=False)
class Tool:
    """A function that the model may ask the client to call; `parameters` is a JSON schema or None."""

    name: str
    description: str | None = None
    parameters: Json | None = None


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
    request: ChatRequest = _CHAT(jsontext.decode(body, max_depth=MAX_JSON_DEPTH), "")
    return request


Rule = Callable[[object, str], Any]
"""Checks the value at a path and returns what the request keeps of it. Raises Malformed `bad_request`."""


def _refuse(at: str, why: str) -> NoReturn:
    raise Malformed("bad_request", f"{at or 'body'} {why}")


def _record(required: Mapping[str, Rule], optional: Mapping[str, Rule], build: Callable[..., Any]) -> Rule:
    rules = {**required, **optional}

    def read(value: object, at: str) -> Any:
        if not isinstance(value, dict):
            _refuse(at, "is not an object")
        path = f"{at}." if at else ""
        for name in sorted(value.keys() - rules.keys()):
            _refuse(path + (name if _FIELD.fullmatch(name) else "(unprintable)"), "is not allowed")
        for name in required:
            if name not in value:
                _refuse(path + name, "is missing")
        return build(**{name: rules[name](entry, path + name) for name, entry in value.items()})

    return read


def _each(rule: Rule, least: int, most: int) -> Rule:
    def read(value: object, at: str) -> tuple[Any, ...]:
        if not isinstance(value, list):
            _refuse(at, "is not a list")
        if not least <= len(value) <= most:
            _refuse(at, f"has {len(value)} entries, from {least} to {most} are allowed")
        return tuple(rule(entry, f"{at}[{index}]") for index, entry in enumerate(value))

    return read


def _text(least: int = 0, most: int | None = None, pattern: str = "(?s:.*)") -> Rule:
    def read(value: object, at: str) -> str:
        if not isinstance(value, str):
            _refuse(at, "is not text")
        if len(value) < least or (most is not None and len(value) > most):
            _refuse(at, f"has {len(value)} characters")
        if not re.fullmatch(pattern, value):
            _refuse(at, "is not a name")
        return value

    return read


def _choice(*allowed: object) -> Rule:
    def read(value: object, at: str) -> object:
        # By type too: in Python true equals 1.
        if not any(type(value) is type(one) and value == one for one in allowed):
            _refuse(at, f"is none of {', '.join(map(str, allowed))}")
        return value

    return read


def _number(least: float, most: float, kinds: tuple[type, ...] = (int, float)) -> Rule:
    def read(value: object, at: str) -> float:
        if not isinstance(value, int | float) or type(value) not in kinds:
            _refuse(at, f"is not {' or '.join(kind.__name__ for kind in kinds)}")
        if not least <= value <= most:
            _refuse(at, f"is not from {least} to {most}")
        return value

    return read


def _integer(least: int, most: int) -> Rule:
    return _number(least, most, (int,))


def _either(first: type, rule: Rule, other: Rule) -> Rule:
    return lambda value, at: rule(value, at) if isinstance(value, first) else other(value, at)


def _by(member: str, rules: Mapping[str, Rule]) -> Rule:
    def read(value: object, at: str) -> Any:
        kind = _object(value, at).get(member)
        if not isinstance(kind, str) or kind not in rules:
            _refuse(f"{at}.{member}", f"is none of {', '.join(rules)}")
        return rules[kind](value, at)

    return read


def _object(value: object, at: str) -> Json:
    if not isinstance(value, dict):
        _refuse(at, "is not an object")
    return value


def _request(
    max_tokens: int | None = None,
    max_completion_tokens: int | None = None,
    stream: object = None,
    n: object = None,
    **members: Any,
) -> ChatRequest:
    if max_tokens is not None and max_completion_tokens is not None:
        _refuse("max_completion_tokens", "and max_tokens exclude each other")
    return ChatRequest(max_tokens=max_tokens or max_completion_tokens, **members)


_NAME: Final = _text(pattern="[A-Za-z0-9_-]{1,64}")
_IDENTIFIER: Final = _text(1, MAX_IDENTIFIER)
_FRACTION: Final = _number(0, 1)
_PENALTY: Final = _number(-2, 2)
_LIMIT: Final = _integer(1, MAX_COMPLETION)
_STOP: Final = _text(1, MAX_STOP)
_FUNCTION: Final = _choice("function")
_NAMED: Final = _record({"name": _NAME}, {}, lambda name: name)
_PART: Final = _record({"type": _choice("text"), "text": _text()}, {}, lambda type, text: text)
_PARTS: Final = _each(_PART, 1, MAX_PARTS)
_CONTENT: Final = _either(str, _text(), lambda value, at: "\n".join(_PARTS(value, at)))
_CALLED: Final = _record({"name": _NAME, "arguments": _text()}, {}, dict)
_TOOL_CALL: Final = _record(
    {"type": _FUNCTION, "id": _IDENTIFIER, "function": _CALLED}, {}, lambda type, id, function: ToolCall(id, **function)
)
_TOOL_CALLS: Final = _each(_TOOL_CALL, 1, MAX_TOOLS)
_ROLE: Final = _text()  # chose the rule, and is therefore one of them
_PLAIN: Final = _record({"role": _ROLE, "content": _CONTENT}, {"name": _NAME}, Message)
_CALLING: Final = _record(
    {"role": _ROLE, "tool_calls": _TOOL_CALLS},
    {"content": _either(NoneType, lambda value, at: None, _CONTENT), "name": _NAME},
    Message,
)
_ANSWERING: Final = _record({"role": _ROLE, "content": _CONTENT, "tool_call_id": _IDENTIFIER}, {"name": _NAME}, Message)


def _assistant(value: object, at: str) -> Any:
    return (_CALLING if "tool_calls" in _object(value, at) else _PLAIN)(value, at)


_MESSAGE: Final = _by("role", {"system": _PLAIN, "user": _PLAIN, "assistant": _assistant, "tool": _ANSWERING})
_DECLARED: Final = _record({"name": _NAME}, {"description": _text(0, MAX_DESCRIPTION), "parameters": _object}, Tool)
_TOOL: Final = _record({"type": _FUNCTION, "function": _DECLARED}, {}, lambda type, function: function)
_CHOSEN: Final = _record({"type": _FUNCTION, "function": _NAMED}, {}, lambda type, function: f"function:{function}")
_SCHEMA: Final = _record({"name": _NAME, "schema": _object}, {"strict": _choice(True, False)}, dict)
_SCHEMATIC: Final = _record(
    {"type": _text(), "json_schema": _SCHEMA}, {}, lambda type, json_schema: ResponseFormat(type, **json_schema)
)
_SIMPLE: Final = _record({"type": _text()}, {}, ResponseFormat)
_CHAT: Final = _record(
    {
        "model": _text(pattern="[A-Za-z0-9][A-Za-z0-9._:/@-]{0,127}"),
        "messages": _each(_MESSAGE, 1, MAX_MESSAGES),
    },
    {
        "max_tokens": _LIMIT,
        "max_completion_tokens": _LIMIT,
        "temperature": _number(0, 2),
        "top_p": _FRACTION,
        "top_k": _integer(0, 100000),
        "min_p": _FRACTION,
        "presence_penalty": _PENALTY,
        "frequency_penalty": _PENALTY,
        "seed": _integer(0, MAX_SEED),
        "stop": _either(str, lambda value, at: (_STOP(value, at),), _each(_STOP, 0, MAX_STOPS)),
        "stream": _choice(True),
        "n": _choice(1),
        "tools": _each(_TOOL, 0, MAX_TOOLS),
        "tool_choice": _either(str, _choice("none", "auto", "required"), _CHOSEN),
        "response_format": _by("type", {"text": _SIMPLE, "json_object": _SIMPLE, "json_schema": _SCHEMATIC}),
        "reasoning_effort": _choice("none", "minimal", "low", "medium", "high"),
    },
    _request,
)
