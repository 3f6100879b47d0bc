"""Typed requests. They become the request of the OpenAI API that the translation judges before anything is sent."""

import base64
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final, Literal

from privity_client.client.failures import RequestRefused

Json = dict[str, object]
Effort = Literal["none", "minimal", "low", "medium", "high"]
_IMAGES: Final = {b"\x89PNG\r\n\x1a\n": "png", b"\xff\xd8\xff": "jpeg"}


@dataclass(frozen=True)
class System:
    """What the model is told about its task."""

    text: str = field(repr=False)


@dataclass(frozen=True)
class User:
    """What a person says, with images (PNG or JPEG) for models that see."""

    text: str = field(repr=False)
    images: Sequence[bytes] = field(default=(), repr=False)


@dataclass(frozen=True)
class ToolCall:
    """A call that the model asked for; `arguments` is the JSON text that it wrote, not checked by anybody."""

    id: str
    name: str
    arguments: str = field(repr=False)


@dataclass(frozen=True)
class Assistant:
    """An earlier answer."""

    text: str = field(default="", repr=False)
    tool_calls: Sequence[ToolCall] = field(default=(), repr=False)


@dataclass(frozen=True)
class ToolResult:
    """What a called tool returned."""

    call: str
    text: str = field(repr=False)


Message = System | User | Assistant | ToolResult


@dataclass(frozen=True)
class Tool:
    """A tool that the model may call; `parameters` is a JSON schema, which with `strict` every call follows."""

    name: str
    description: str = ""
    parameters: Mapping[str, object] | None = None
    strict: bool = False


@dataclass(frozen=True)
class Schema:
    """A JSON schema that the answer follows."""

    name: str
    schema: Mapping[str, object] = field(repr=False)


@dataclass(frozen=True)
class Chat:
    """A question. What is None is left to the node. The empty `model` means the first one of the first node."""

    messages: Sequence[Message] = field(repr=False)
    model: str = ""
    max_tokens: int | None = None
    temperature: float | None = None
    top_p: float | None = None
    seed: int | None = None
    stop: Sequence[str] = ()
    tools: Sequence[Tool] = ()
    tool_choice: Literal["none", "auto", "required"] | None = None
    schema: Schema | None = None
    effort: Effort | None = None

    def body(self, model: str) -> Json:
        """Return the request as the OpenAI API writes it. Raises RequestRefused for an image of another kind."""
        found: Json = {
            "model": self.model or model,
            "messages": [_message(one) for one in self.messages],
            "max_completion_tokens": self.max_tokens,
            "temperature": self.temperature,
            "top_p": self.top_p,
            "seed": self.seed,
            "stop": list(self.stop) or None,
            "tools": [_tool(one) for one in self.tools] or None,
            "tool_choice": self.tool_choice,
            "response_format": None if self.schema is None else _format(self.schema),
            "reasoning_effort": self.effort,
        }
        return {name: value for name, value in found.items() if value is not None}


def _message(message: Message) -> Json:
    match message:
        case System(text):
            return {"role": "system", "content": text}
        case User(text, images):
            return {"role": "user", "content": _content(text, images)}
        case ToolResult(call, text):
            return {"role": "tool", "tool_call_id": call, "content": text}
        case Assistant(text, calls):
            return {"role": "assistant", "content": text} | (
                {"tool_calls": [_call(one) for one in calls]} if calls else {}
            )


def _content(text: str, images: Sequence[bytes]) -> object:
    if not images:
        return text
    return [
        {"type": "text", "text": text},
        *({"type": "image_url", "image_url": {"url": _inside(one)}} for one in images),
    ]


def _inside(image: bytes) -> str:
    kind = next((name for opening, name in _IMAGES.items() if image.startswith(opening)), None)
    if kind is None:
        raise RequestRefused("an image is neither PNG nor JPEG", "messages")
    return f"data:image/{kind};base64,{base64.b64encode(image).decode('ascii')}"


def _call(call: ToolCall) -> Json:
    return {"id": call.id, "type": "function", "function": {"name": call.name, "arguments": call.arguments}}


def _tool(tool: Tool) -> Json:
    function: Json = {"name": tool.name}
    if tool.description:
        function["description"] = tool.description
    if tool.parameters is not None:
        function["parameters"] = dict(tool.parameters)
    if tool.strict:
        function["strict"] = True
    return {"type": "function", "function": function}


def _format(schema: Schema) -> Json:
    return {"type": "json_schema", "json_schema": {"name": schema.name, "schema": dict(schema.schema), "strict": True}}


PLAIN: Final = Chat(())
"""No settings: all is left to the node."""
