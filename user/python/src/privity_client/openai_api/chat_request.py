"""A chat-completions request of the OpenAI API, and the bodies of op `chat` that it becomes.

What the node's own specification (specs/chat.md) allows is passed on and judged by the protocol's own reader, here,
before anything is sent. What only says how the answer is to be written stays here. Everything else is refused by name.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Final

from privity_protocol import jsontext
from privity_protocol.chat import MAX_SEED, decode_chat
from privity_protocol.errors import Malformed

from privity_client.openai_api import strict_tools
from privity_client.openai_api.chat_answer import Choice
from privity_client.openai_api.errors import of_request, refused
from privity_client.openai_api.reading import (
    SERVICE,
    Json,
    drop_neutral,
    present,
    read_object,
    take_flag,
    take_unsent,
)

MAX_CHOICES: Final = 16
"""Choices of one request; each is a RUN of its own."""
_NEUTRAL: Final[Mapping[str, Collection[object]]] = {
    **SERVICE,
    "store": (False,),
    "logprobs": (False,),
    "top_logprobs": (0,),
    "logit_bias": ({},),
    "modalities": (["text"],),
    "verbosity": ("medium",),
}
_NEUTRAL_MESSAGE: Final[Mapping[str, Collection[object]]] = {"annotations": ([],), "tool_calls": ([],)}
_NEUTRAL_IMAGE: Final[Mapping[str, Collection[object]]] = {"detail": ("auto",)}
_INSIDE: Final = "data:"
_OF_ANSWERS: Final = ("reasoning_content", "reasoning", "provider_specific_fields")
"""What programs keep of an earlier answer beside what was said: nodes take none, and answers do not depend on it."""


@dataclass(frozen=True, repr=False)
class ChatCall:
    """A request that was judged. `members` are those of the body; `not_sent` names what stays on this machine."""

    members: Json
    stream: bool = False
    include_usage: bool = False
    choices: int = 1
    not_sent: tuple[str, ...] = field(default=())
    strict: strict_tools.Strict = field(default_factory=dict)

    @property
    def model(self) -> str:
        """The model that is asked."""
        return str(self.members["model"])

    @property
    def messages(self) -> list[object]:
        """The messages, as the node gets them."""
        found = self.members["messages"]
        return found if isinstance(found, list) else []

    def bodies(self) -> list[bytes]:
        """Return the body of op `chat` for each choice: the same, but for the seed, which counts up."""
        return [jsontext.encode(self._choice(index)) for index in range(self.choices)]

    def answers(self) -> list[Choice]:
        """Return what takes the lines of each choice."""
        wanted = self.members.get("top_logprobs", 0)
        most = wanted if isinstance(wanted, int) else 0
        demanded = strict_tools.demanded(self.members.get("tool_choice"))
        return [Choice(index, most, self.strict, demanded) for index in range(self.choices)]

    def _choice(self, index: int) -> Json:
        seed = self.members.get("seed")
        if index == 0 or not isinstance(seed, int):
            return self.members
        return self.members | {"seed": (seed + index) % (MAX_SEED + 1)}


def read_chat(data: bytes, *, aliases: Mapping[str, str] | None = None) -> ChatCall:
    """Return the request in `data`. `aliases` gives names that programs ask for the models that answer.

    Raises ApiError, which names the member that is at fault.
    """
    return chat_call(read_object(data), aliases=aliases)


def chat_call(value: Json, *, aliases: Mapping[str, str] | None = None) -> ChatCall:
    """Return the request for a decoded body. Raises ApiError."""
    members = present(value)
    not_sent = take_unsent(members)
    stream = take_flag(members, "stream")
    usage = _take_stream_options(members, stream=stream)
    choices = _take_choices(members)
    drop_neutral(members, _NEUTRAL)
    unsent_of_messages = _clean_messages(members)
    strict = _clean_tools(members)
    _clean_format(members)
    model = members.get("model")
    if isinstance(model, str) and aliases:
        members["model"] = aliases.get(model, model)
    members["stream"] = True
    call = ChatCall(members, stream, usage, choices, (*not_sent, *unsent_of_messages), strict)
    try:
        decode_chat(call.bodies()[0])
    except Malformed as error:
        raise of_request(error) from None
    return call


def _take_stream_options(members: Json, *, stream: bool) -> bool:
    options = members.pop("stream_options", None)
    if options is None:
        return False
    if not stream:
        raise refused("stream_options", "is only allowed when stream is true", code="invalid_value")
    if not isinstance(options, dict):
        raise refused("stream_options", "is not an object", code="invalid_type")
    left = present(options)
    usage = take_flag(left, "include_usage", at="stream_options.")
    drop_neutral(left, {"include_obfuscation": (False,)})
    for name in left:
        raise refused(f"stream_options.{name}", "is not supported")
    return usage


def _take_choices(members: Json) -> int:
    choices = members.pop("n", 1)
    if type(choices) is not int or not 1 <= choices <= MAX_CHOICES:
        raise refused("n", f"is not an integer from 1 to {MAX_CHOICES}", code="invalid_value")
    return choices


def _clean_messages(members: Json) -> tuple[str, ...]:
    messages = members.get("messages")
    if not isinstance(messages, list):
        return ()
    unsent: set[str] = set()
    members["messages"] = [
        _clean_message(one, unsent, f"messages[{index}]") if isinstance(one, dict) else one
        for index, one in enumerate(messages)
    ]
    return tuple(sorted(unsent))


def _clean_message(message: Json, unsent: set[str], at: str) -> Json:
    cleaned = present(message)
    if cleaned.get("role") == "developer":
        cleaned["role"] = "system"
    drop_neutral(cleaned, _NEUTRAL_MESSAGE)
    if cleaned.get("role") == "assistant":
        unsent |= {f"messages.{name}" for name in _OF_ANSWERS if cleaned.pop(name, None) is not None}
    if isinstance(calls := cleaned.get("tool_calls"), list):
        cleaned["tool_calls"] = [present(call) if isinstance(call, dict) else call for call in calls]
    if isinstance(parts := cleaned.get("content"), list):
        cleaned["content"] = [_clean_part(part, f"{at}.content[{index}]") for index, part in enumerate(parts)]
    return cleaned


def _clean_part(part: object, at: str) -> object:
    image = part.get("image_url") if isinstance(part, dict) else None
    if not isinstance(part, dict) or not isinstance(image, dict):
        return part
    image = present(image)
    drop_neutral(image, _NEUTRAL_IMAGE)
    url = image.get("url")
    if isinstance(url, str) and not url.startswith(_INSIDE):
        words = "is not an image inside the request (data:image/png or data:image/jpeg); nothing is ever fetched"
        raise refused(f"{at}.image_url.url", words, code="invalid_value")
    return part | {"image_url": image}


def _clean_tools(members: Json) -> dict[str, Json]:
    """Clean the tools; return the schemas of those that are strict."""
    strict: dict[str, Json] = {}
    tools = members.get("tools")
    if isinstance(tools, list):
        members["tools"] = [
            _clean_tool(one, strict, f"tools[{index}].function") if isinstance(one, dict) else one
            for index, one in enumerate(tools)
        ]
    return strict


def _clean_tool(tool: Json, strict: dict[str, Json], at: str) -> Json:
    cleaned = present(tool)
    function = cleaned.get("function")
    if isinstance(function, dict):
        function = cleaned["function"] = present(function)
        if take_flag(function, "strict", at=f"{at}."):
            strict[str(function.get("name"))] = strict_tools.schema_of(function.get("parameters"), f"{at}.parameters")
    return cleaned


def _clean_format(members: Json) -> None:
    wanted = members.get("response_format")
    if isinstance(wanted, dict):
        cleaned = present(wanted)
        schema = cleaned.get("json_schema")
        if isinstance(schema, dict):
            cleaned["json_schema"] = present(schema)
        members["response_format"] = cleaned
