"""A request of the Responses API, and the chat request that it becomes.

What was said before is brought by the caller: it is kept on this machine, and a node never hears of a response's id.
"""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

from privity_client.openai_api.chat_request import ChatCall, chat_call
from privity_client.openai_api.errors import ApiError, refused
from privity_client.openai_api.input_items import messages_of
from privity_client.openai_api.reading import SERVICE, Json, drop_neutral, present, read_object, take_flag

Earlier = Callable[[str], Sequence[Json] | None]
"""Returns the messages up to and with the answer of a response that is kept, or None."""
_NEUTRAL: Final[Mapping[str, Collection[object]]] = {
    **SERVICE,
    "background": (False,),
    "truncation": ("disabled",),
}
_LIKELY: Final = "message.output_text.logprobs"
_PASSED: Final = ("model", "temperature", "top_p", "parallel_tool_calls")
_ECHOED: Final = (
    *_PASSED,
    "instructions",
    "max_output_tokens",
    "metadata",
    "previous_response_id",
    "reasoning",
    "text",
    "top_logprobs",
)
_IDENTITY: Final = ("user", "metadata", "safety_identifier", "prompt_cache_key", "prompt_cache_retention")
_NAMES: Final = (
    ("max_completion_tokens", "max_output_tokens"),
    ("reasoning_effort", "reasoning.effort"),
    ("response_format.json_schema", "text.format"),
    ("response_format", "text.format"),
    ("messages", "input"),
)


@dataclass(frozen=True, repr=False)
class ResponsesCall:
    """A request that was judged: `chat` is what is asked; `history` what a later response builds upon."""

    chat: ChatCall
    history: tuple[Json, ...]
    stream: bool
    store: bool
    echo: Json


def read_response(data: bytes, earlier: Earlier, *, aliases: Mapping[str, str] | None = None) -> ResponsesCall:
    """Return the request in `data`. Raises ApiError, which names the member that is at fault."""
    members = read_object(data)
    echo = {name: members.get(name) for name in _ECHOED} | {"tools": members.get("tools", [])}
    echo["tool_choice"] = members.get("tool_choice", "auto")
    stream, store = take_flag(members, "stream"), take_flag(members, "store", default=True)
    _check_stream_options(members)
    drop_neutral(members, _NEUTRAL)
    chat: Json = {name: members.pop(name) for name in (*_PASSED, *_IDENTITY) if name in members}
    chat |= _limits(members) | _format(members) | _tools(members) | _likely(members)
    instructions = members.pop("instructions", None)
    if instructions is not None and not isinstance(instructions, str):
        raise refused("instructions", "is not text", code="invalid_type")
    before = _before(members.pop("previous_response_id", None), earlier)
    found = messages_of(members.pop("input", None))
    for name in sorted(members):
        raise refused(name, "is not supported")
    history = (*before, *found.messages)
    opening = [{"role": "system", "content": instructions}] if instructions else []
    chat["messages"] = [*opening, *history]
    try:
        call = chat_call(chat, aliases=aliases)
    except ApiError as error:
        raise renamed(error) from None
    unsent = tuple(sorted({*call.not_sent, *found.not_sent}))
    call = replace(call, not_sent=unsent)
    return ResponsesCall(call, history, stream, store, echo)


def _before(previous: object, earlier: Earlier) -> Sequence[Json]:
    if previous is None:
        return ()
    kept = earlier(previous) if isinstance(previous, str) else None
    if kept is None:
        words = "names no response that is kept on this machine; responses are forgotten when the proxy ends"
        raise refused("previous_response_id", words, code="previous_response_not_found")
    return kept


def _check_stream_options(members: Json) -> None:
    options = members.pop("stream_options", None)
    if options is None:
        return
    left = present(_object(options, "stream_options"))
    drop_neutral(left, {"include_obfuscation": (False,)})
    for name in left:
        raise refused(f"stream_options.{name}", "is not supported")


def _likely(members: Json) -> Json:
    """How likely tokens were is told where either member asks for it."""
    wanted = members.pop("include", [])
    if not isinstance(wanted, list):
        raise refused("include", "is not a list", code="invalid_type")
    for index, name in enumerate(wanted):
        if name != _LIKELY:
            raise refused(f"include[{index}]", f"is not {_LIKELY}; there is nothing else to include here")
    most = members.pop("top_logprobs", 0)
    # By type too: in Python false equals 0.
    if not wanted and type(most) is int and most == 0:
        return {}
    return {"logprobs": True, "top_logprobs": most}


def _limits(members: Json) -> Json:
    found: Json = {}
    if "max_output_tokens" in members:
        found["max_completion_tokens"] = members.pop("max_output_tokens")
    reasoning = present(_object(members.pop("reasoning", {}), "reasoning"))
    if "effort" in reasoning:
        found["reasoning_effort"] = reasoning.pop("effort")
    for name in reasoning:
        raise refused(f"reasoning.{name}", "is not supported")
    return found


def _format(members: Json) -> Json:
    text = present(_object(members.pop("text", {}), "text"))
    drop_neutral(text, {"verbosity": ("medium",)})
    wanted = text.pop("format", None)
    for name in text:
        raise refused(f"text.{name}", "is not supported")
    if wanted is None:
        return {}
    found = present(_object(wanted, "text.format"))
    kind = found.pop("type", None)
    return {"response_format": {"type": kind, **({"json_schema": found} if kind == "json_schema" else found)}}


def _tools(members: Json) -> Json:
    found: Json = {}
    if "tools" in members:
        tools = members.pop("tools")
        if not isinstance(tools, list):
            raise refused("tools", "is not a list", code="invalid_type")
        found["tools"] = [_tool(one, f"tools[{index}]") for index, one in enumerate(tools)]
    if "tool_choice" in members:
        choice = members.pop("tool_choice")
        found["tool_choice"] = choice if isinstance(choice, str) else _chosen(choice)
    return found


def _tool(value: object, at: str) -> Json:
    tool = dict(_object(value, at))
    if tool.pop("type", None) != "function":
        raise refused(f"{at}.type", "is not function; this proxy runs no tools of its own")
    return {"type": "function", "function": tool}


def _chosen(value: object) -> Json:
    choice = dict(_object(value, "tool_choice"))
    if choice.pop("type", None) != "function":
        raise refused("tool_choice.type", "is not function")
    return {"type": "function", "function": choice}


def _object(value: object, at: str) -> Json:
    if not isinstance(value, dict):
        raise refused(at, "is not an object", code="invalid_type")
    return value


def renamed(error: ApiError) -> ApiError:
    """Return the error with the names that this API has for what a chat request calls otherwise."""
    param = error.param or ""
    for ours, theirs in _NAMES:
        if param.startswith(ours):
            told = theirs if ours == "messages" else param.replace(ours, theirs, 1)
            break
    else:
        told = param.replace("].function", "]", 1)
    message = error.message if not param or told == param else error.message.replace(param, told, 1)
    return ApiError(error.status, message, type=error.type, code=error.code, param=told or None)
