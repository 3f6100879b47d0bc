"""The bodies of op "chat" and op "embed": allow-listed members of OpenAI requests. Source: specs/chat.md.

Whatever is not listed is refused by name, so that no member reaches an engine that nobody thought about. What was
checked stays JSON, built anew from the members that a rule let through.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from types import NoneType
from typing import Any, Final, NoReturn

from privity_protocol import jsontext
from privity_protocol.errors import Malformed
from privity_protocol.limits import MAX_JSON_DEPTH
from privity_protocol.lines import MAX_TOP

MAX_MESSAGES: Final = 4096
MAX_PARTS: Final = 256
MAX_TOOLS: Final = 128
MAX_STOPS: Final = 4
MAX_STOP: Final = 128
MAX_COMPLETION: Final = 1048576
MAX_DESCRIPTION: Final = 8192
MAX_IDENTIFIER: Final = 256
MAX_SEED: Final = 2**53 - 1
MAX_BIASES: Final = 1024
MAX_INPUTS: Final = 256
_FIELD: Final = re.compile(r"[A-Za-z0-9_]{1,64}")


class Json(dict[str, Any]):
    """Members that somebody wrote, of which no text of ours shows more than their number."""

    __slots__ = ()

    def __repr__(self) -> str:
        return f"Json({len(self)} members)"


@dataclass(frozen=True, slots=True, repr=False)
class ChatRequest:
    """A chat request whose every member was checked; `options` are those beside model and messages, by name.

    The limit of tokens is `max_tokens`, whichever name the client gave it; `n` and `stream` say nothing and are gone.
    """

    model: str
    messages: Sequence[Mapping[str, Any]]
    options: Mapping[str, Any] = field(default_factory=dict)

    def __repr__(self) -> str:
        return f"ChatRequest({len(self.messages)} messages)"


@dataclass(frozen=True, slots=True, repr=False)
class EmbedRequest:
    """Texts of which vectors are asked for, in their order."""

    model: str
    input: list[str]

    def __repr__(self) -> str:
        return f"EmbedRequest({len(self.input)} texts)"


def decode_chat(body: bytes) -> ChatRequest:
    """Read the body of a chat request.

    Raises Malformed `bad_request` whose detail names the member, or `not_utf8`, `not_json`, `too_deep`,
    `duplicate_member` for what is not strict JSON.
    """
    found = _CHAT(jsontext.decode(body, max_depth=MAX_JSON_DEPTH), "")
    newer = found.pop("max_completion_tokens", None)
    if newer is not None and "max_tokens" in found:
        _refuse("max_completion_tokens", "and max_tokens exclude each other")
    if newer is not None:
        found["max_tokens"] = newer
    if "top_logprobs" in found and not found.get("logprobs"):
        _refuse("top_logprobs", "needs logprobs")
    for settled in ("stream", "n"):
        found.pop(settled, None)
    return ChatRequest(found.pop("model"), found.pop("messages"), found)


def decode_embed(body: bytes) -> EmbedRequest:
    """Read the body of an embed request. Raises Malformed as `decode_chat` does."""
    return EmbedRequest(**_EMBED(jsontext.decode(body, max_depth=MAX_JSON_DEPTH), ""))


Rule = Callable[[object, str], Any]
"""Checks the value at a path and returns what the request keeps of it. Raises Malformed `bad_request`."""


def _refuse(at: str, why: str) -> NoReturn:
    raise Malformed("bad_request", f"{at or 'body'} {why}")


def _record(required: Mapping[str, Rule], optional: Mapping[str, Rule] = {}) -> Rule:
    rules = {**required, **optional}

    def read(value: object, at: str) -> Json:
        found = _object(value, at)
        path = f"{at}." if at else ""
        for name in sorted(found.keys() - rules.keys()):
            _refuse(path + (name if _FIELD.fullmatch(name) else "(unprintable)"), "is not allowed")
        for name in required:
            if name not in found:
                _refuse(path + name, "is missing")
        return Json({name: rules[name](entry, path + name) for name, entry in found.items()})

    return read


def _each(rule: Rule, least: int, most: int) -> Rule:
    def read(value: object, at: str) -> list[Any]:
        if not isinstance(value, list):
            _refuse(at, "is not a list")
        if not least <= len(value) <= most:
            _refuse(at, f"has {len(value)} entries, from {least} to {most} are allowed")
        return [rule(entry, f"{at}[{index}]") for index, entry in enumerate(value)]

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


def _object(value: object, at: str) -> dict[str, Any]:
    if not isinstance(value, dict):
        _refuse(at, "is not an object")
    return value


def _parts(value: object, at: str) -> list[Json] | str:
    found: list[Json] = _PARTS(value, at)
    # Templates of models without vision know text only.
    return found if any("text" not in part for part in found) else "\n".join(part["text"] for part in found)


def _biases(value: object, at: str) -> dict[str, Any]:
    found = _object(value, at)
    if len(found) > MAX_BIASES or not all(re.fullmatch(r"0|[1-9][0-9]{0,8}", token) for token in found):
        _refuse(at, f"is not at most {MAX_BIASES} numbers of tokens with their bias")
    return {token: _BIAS(bias, at) for token, bias in found.items()}


_NAME: Final = _text(pattern="[A-Za-z0-9_-]{1,64}")
_MODEL: Final = _text(pattern="[A-Za-z0-9][A-Za-z0-9._:/@-]{0,127}")
_IDENTIFIER: Final = _text(1, MAX_IDENTIFIER)
_FRACTION: Final = _number(0, 1)
_PENALTY: Final = _number(-2, 2)
_BIAS: Final = _number(-100, 100)
_LIMIT: Final = _integer(1, MAX_COMPLETION)
_STOP: Final = _text(1, MAX_STOP)
_FLAG: Final = _choice(True, False)
_FUNCTION: Final = _choice("function")
_KIND: Final = _text()  # chose the rule, and is therefore one of them
_TEXT: Final = _record({"type": _KIND, "text": _text()})
_IMAGE: Final = _record(
    {"type": _KIND, "image_url": _record({"url": _text(pattern="data:image/(?:png|jpeg);base64,[A-Za-z0-9+/]+={0,2}")})}
)
_PARTS: Final = _each(_by("type", {"text": _TEXT, "image_url": _IMAGE}), 1, MAX_PARTS)
_CONTENT: Final = _either(str, _text(), _parts)
_TOOL_CALL: Final = _record(
    {"type": _FUNCTION, "id": _IDENTIFIER, "function": _record({"name": _NAME, "arguments": _text()})}
)
_PLAIN: Final = _record({"role": _KIND, "content": _CONTENT}, {"name": _NAME})
_CALLING: Final = _record(
    {"role": _KIND, "tool_calls": _each(_TOOL_CALL, 1, MAX_TOOLS)},
    {"content": _either(NoneType, lambda value, at: None, _CONTENT), "name": _NAME},
)
_ANSWERING: Final = _record({"role": _KIND, "content": _CONTENT, "tool_call_id": _IDENTIFIER}, {"name": _NAME})


def _assistant(value: object, at: str) -> Any:
    return (_CALLING if "tool_calls" in _object(value, at) else _PLAIN)(value, at)


_MESSAGE: Final = _by("role", {"system": _PLAIN, "user": _PLAIN, "assistant": _assistant, "tool": _ANSWERING})
_DECLARED: Final = _record({"name": _NAME}, {"description": _text(0, MAX_DESCRIPTION), "parameters": _object})
_SCHEMA: Final = _record({"name": _NAME, "schema": _object}, {"strict": _FLAG})
_SIMPLE: Final = _record({"type": _KIND})
_CHAT: Final = _record(
    {
        "model": _MODEL,
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
        "logit_bias": _biases,
        "logprobs": _FLAG,
        "top_logprobs": _integer(0, MAX_TOP),
        "seed": _integer(0, MAX_SEED),
        "stop": _either(str, lambda value, at: [_STOP(value, at)], _each(_STOP, 0, MAX_STOPS)),
        "stream": _choice(True),
        "n": _choice(1),
        "tools": _each(_record({"type": _FUNCTION, "function": _DECLARED}), 0, MAX_TOOLS),
        "tool_choice": _either(
            str,
            _choice("none", "auto", "required"),
            _record({"type": _FUNCTION, "function": _record({"name": _NAME})}),
        ),
        "parallel_tool_calls": _FLAG,
        "response_format": _by(
            "type",
            {"text": _SIMPLE, "json_object": _SIMPLE, "json_schema": _record({"type": _KIND, "json_schema": _SCHEMA})},
        ),
        "reasoning_effort": _choice("none", "minimal", "low", "medium", "high"),
    },
)
_EMBED: Final = _record(
    {"model": _MODEL, "input": _either(str, lambda value, at: [_text(1)(value, at)], _each(_text(1), 1, MAX_INPUTS))}
)
