"""The body an engine gets, built anew from a checked chat request. Nothing else of a request reaches an engine.

Source: specs/engine-profiles.md, section "Requests".
"""

from collections.abc import Mapping
from typing import Final

import msgspec
from privity_protocol.chat import ChatRequest, Message, ResponseFormat, Tool

from privity_enclave.engine.interface import EngineError
from privity_enclave.engine.profiles import Profile

MAX_SCHEMA: Final = 65536  # bytes of all tools, or of a response format: engines compile them
COMPILED: Final = ("tools", "response_format")


def body(chat: ChatRequest, profile: Profile, *, model: str, context: int, isolation: Mapping[str, object]) -> bytes:
    """Return the JSON an engine gets. `isolation` is ours: slot or salt, which no client may name.

    Raises EngineError `bad_request` with the first member that this engine does not take, or not at that length.
    """
    try:
        return _body(chat, profile, model=model, context=context, isolation=isolation)
    except UnicodeEncodeError:  # half a surrogate pair: no text, and so no prompt
        raise EngineError("bad_request", field="messages") from None


def suspect(chat: ChatRequest) -> str:
    """Return the member that an engine most likely means when it refuses a body without naming one in our words."""
    return next((name for name in COMPILED if getattr(chat, name)), "messages")


def _body(chat: ChatRequest, profile: Profile, *, model: str, context: int, isolation: Mapping[str, object]) -> bytes:
    fields = {name: value for name, value in _fields(chat).items() if value is not None}
    refused = sorted(set(fields) - profile.fields)
    too_long = [name for name in COMPILED if len(msgspec.json.encode(fields.get(name))) > MAX_SCHEMA]
    for name in (*refused, *too_long):
        raise EngineError("bad_request", field=name)
    if chat.max_tokens is not None:
        fields["max_tokens"] = min(chat.max_tokens, context)
    ours = {"model": model, "stream": True, "stream_options": {"include_usage": True}, **isolation}
    return msgspec.json.encode({**fields, "messages": [_message(message) for message in chat.messages], **ours})


def _fields(chat: ChatRequest) -> dict[str, object]:
    return {
        "temperature": chat.temperature,
        "top_p": chat.top_p,
        "top_k": chat.top_k,
        "min_p": chat.min_p,
        "presence_penalty": chat.presence_penalty,
        "frequency_penalty": chat.frequency_penalty,
        "seed": chat.seed,
        "stop": list(chat.stop) or None,
        "tools": [_tool(tool) for tool in chat.tools] or None,
        "tool_choice": _tool_choice(chat.tool_choice),
        "response_format": _format(chat.response_format),
        "reasoning_effort": chat.reasoning_effort,
    }


def _message(message: Message) -> dict[str, object]:
    calls = [
        {"id": call.id, "type": "function", "function": {"name": call.name, "arguments": call.arguments}}
        for call in message.tool_calls
    ]
    optional = {"name": message.name, "tool_calls": calls or None, "tool_call_id": message.tool_call_id}
    given = {name: value for name, value in optional.items() if value is not None}
    return {"role": message.role, "content": message.content, **given}


def _tool(tool: Tool) -> dict[str, object]:
    optional = {"description": tool.description, "parameters": tool.parameters}
    given = {name: value for name, value in optional.items() if value is not None}
    return {"type": "function", "function": {"name": tool.name, **given}}


def _tool_choice(choice: str | None) -> object:
    kind, _, name = (choice or "").partition(":")
    return {"type": "function", "function": {"name": name}} if kind == "function" else choice


def _format(chosen: ResponseFormat | None) -> object:
    if chosen is None or chosen.schema is None:
        return None if chosen is None else {"type": chosen.type}
    strict = {} if chosen.strict is None else {"strict": chosen.strict}
    return {"type": chosen.type, "json_schema": {"name": chosen.name, "schema": chosen.schema, **strict}}
