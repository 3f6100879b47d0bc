"""The body an engine gets, built anew from a checked chat request. Nothing else of a request reaches an engine.

Source: specs/engine-profiles.md, section "Requests".
"""

from collections.abc import Mapping
from typing import Final

import msgspec
from privity_protocol.chat import ChatRequest, EmbedRequest

from privity_enclave.engine.interface import EngineError
from privity_enclave.engine.profiles import Profile

MAX_SCHEMA: Final = 65536  # bytes of all tools, or of a response format: engines compile them
COMPILED: Final = ("tools", "response_format")


def body(chat: ChatRequest, profile: Profile, *, model: str, context: int, isolation: Mapping[str, object]) -> bytes:
    """Return the JSON an engine gets. `isolation` is ours: slot or salt, which no client may name.

    Raises EngineError `bad_request` with the first member that this engine does not take, or not at that length.
    """
    # An empty list says nothing, and some engines refuse it.
    fields = {name: value for name, value in chat.options.items() if value != []}
    shown = {"image_url" for message in chat.messages if isinstance(message.get("content"), list)}
    refused = sorted((set(fields) | shown) - profile.fields - {"max_tokens"})
    too_long = [name for name in COMPILED if len(msgspec.json.encode(fields.get(name))) > MAX_SCHEMA]
    for name in (*refused, *too_long):
        raise EngineError("bad_request", field=name)
    if "max_tokens" in fields:
        fields["max_tokens"] = min(fields["max_tokens"], context)
    if fields.get("logprobs"):
        fields["top_logprobs"] = fields.get("top_logprobs") or 1  # llama.cpp takes 0 for none at all, and absent for 20
    ours = {"model": model, "stream": True, "stream_options": {"include_usage": True}, **isolation}
    return msgspec.json.encode({**fields, "messages": chat.messages, **ours})


def texts(asked: EmbedRequest, *, model: str) -> list[bytes]:
    """Return the JSON that an engine gets for each text: one after another they hold up others for one text only."""
    return [msgspec.json.encode({"model": model, "input": [text], "encoding_format": "base64"}) for text in asked.input]


def suspect(asked: ChatRequest | EmbedRequest) -> str:
    """Return the member that an engine most likely means when it refuses a body without naming one in our words."""
    if isinstance(asked, EmbedRequest):
        return "input"
    return next((name for name in COMPILED if asked.options.get(name)), "messages")
