"""Items that the Responses API takes as input, as messages of a chat."""

from dataclasses import dataclass
from typing import Final

from privity_client.openai_api.errors import refused
from privity_client.openai_api.reading import Json, present

_TEXTS: Final = frozenset({"input_text", "output_text"})
_MESSAGE: Final = frozenset({"type", "role", "content", "id", "status", "phase"})
_CALL: Final = frozenset({"type", "call_id", "name", "arguments", "id", "status"})
_OUTPUT: Final = frozenset({"type", "call_id", "output", "id", "status"})
_IMAGE: Final = frozenset({"type", "image_url", "detail"})
_PART: Final = frozenset({"type", "text", "annotations", "logprobs"})


@dataclass(frozen=True, repr=False)
class Found:
    """The messages, and the names of what stays on this machine."""

    messages: tuple[Json, ...]
    not_sent: frozenset[str]


def messages_of(value: object) -> Found:
    """Return the messages that `input` stands for. Raises ApiError, which names the member at fault."""
    if isinstance(value, str):
        return Found(({"role": "user", "content": value},), frozenset())
    if value is None:
        raise refused("input", "is missing", code="missing_required_parameter")
    if not isinstance(value, list):
        raise refused("input", "is neither text nor a list", code="invalid_type")
    messages: list[Json] = []
    unsent: set[str] = set()
    for index, item in enumerate(value):
        at = f"input[{index}]"
        if not isinstance(item, dict):
            raise refused(at, "is not an object", code="invalid_type")
        _add(messages, unsent, present(item), at)
    return Found(tuple(messages), frozenset(unsent))


def _add(messages: list[Json], unsent: set[str], item: Json, at: str) -> None:
    match item.get("type", "message"):
        case "message":
            _closed(item, _MESSAGE, at)
            messages.append({"role": item.get("role"), "content": _content(item.get("content"), f"{at}.content")})
        case "function_call":
            _closed(item, _CALL, at)
            _call(messages, item)
        case "function_call_output":
            _closed(item, _OUTPUT, at)
            content = _content(item.get("output"), f"{at}.output")
            messages.append({"role": "tool", "tool_call_id": item.get("call_id"), "content": content})
        case "reasoning":
            # What a model thought in an earlier turn: nodes take none of it.
            unsent.add("input.reasoning")
        case _:
            raise refused(f"{at}.type", "is not message, function_call, function_call_output or reasoning")


def _call(messages: list[Json], item: Json) -> None:
    """Add a call to the assistant's message that it belongs to: what it said, or called, just before."""
    function = {"name": item.get("name"), "arguments": item.get("arguments")}
    call: Json = {"id": item.get("call_id"), "type": "function", "function": function}
    if messages and messages[-1].get("role") == "assistant":
        said = messages.pop()
        calls = said.get("tool_calls", [])
        assert isinstance(calls, list)
        messages.append(said | {"tool_calls": [*calls, call]})
    else:
        messages.append({"role": "assistant", "content": None, "tool_calls": [call]})


def _content(value: object, at: str) -> object:
    if not isinstance(value, list):
        if not isinstance(value, str):
            raise refused(at, "is neither text nor a list", code="invalid_type")
        return value
    return [_part(part, f"{at}[{index}]") for index, part in enumerate(value)]


def _part(value: object, at: str) -> Json:
    if not isinstance(value, dict):
        raise refused(at, "is not an object", code="invalid_type")
    part = present(value)
    if part.get("type") == "input_image":
        return _image(part, at)
    if part.get("type") not in _TEXTS:
        raise refused(f"{at}.type", "is not input_text, input_image or output_text")
    _closed(part, _PART, at)
    return {"type": "text", "text": part.get("text")}


def _image(part: Json, at: str) -> Json:
    _closed(part, _IMAGE, at)
    return {"type": "image_url", "image_url": {"url": part.get("image_url"), "detail": part.get("detail")}}


def _closed(item: Json, allowed: frozenset[str], at: str) -> None:
    for name in sorted(item.keys() - allowed):
        raise refused(f"{at}.{name}", "is not supported")
