"""The body an engine gets, built anew from what a client may say. Nothing else of a request reaches an engine.

Source: specs/engine-profiles.md, section "Requests".
"""

import re
from collections.abc import Mapping
from typing import Annotated, Final, Literal

import msgspec

from privity_enclave.engine.interface import EngineError, EngineRequest
from privity_enclave.engine.profiles import Profile

MAX_SCHEMA: Final = 65536  # bytes of all tools, or of a response format: engines compile them
_FIELD = re.compile(r"\$\.([a-z_]+)|unknown field `([^`]{1,64})`")

_Unit = Annotated[float, msgspec.Meta(ge=0, le=1)]
_Penalty = Annotated[float, msgspec.Meta(ge=-2, le=2)]
_Name = Annotated[str, msgspec.Meta(pattern=r"^[A-Za-z0-9_-]{1,64}\Z")]
_Stop = Annotated[str, msgspec.Meta(min_length=1, max_length=64)]


class _Closed(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    pass


class _TextPart(_Closed, frozen=True):
    type: Literal["text"] = msgspec.field()
    text: str = msgspec.field()


class _Call(_Closed, frozen=True):
    name: str
    arguments: str


class _ToolCall(_Closed, frozen=True):
    id: str
    type: Literal["function"] = msgspec.field()
    function: _Call = msgspec.field()


class _Message(_Closed, frozen=True):
    role: Literal["system", "developer", "user", "assistant", "tool"]
    content: str | list[_TextPart] | None = None
    name: str | None = None
    tool_calls: list[_ToolCall] | None = None
    tool_call_id: str | None = None


class _Function(_Closed, frozen=True):
    name: _Name
    description: str | None = None
    parameters: dict[str, object] | None = None
    strict: bool | None = None


class _Tool(_Closed, frozen=True):
    type: Literal["function"] = msgspec.field()
    function: _Function = msgspec.field()


class _Named(_Closed, frozen=True):
    name: _Name


class _Choice(_Closed, frozen=True):
    type: Literal["function"] = msgspec.field()
    function: _Named = msgspec.field()


class _Schema(_Closed, frozen=True):
    name: _Name
    schema: dict[str, object]
    description: str | None = None
    strict: bool | None = None


class _Format(_Closed, frozen=True):
    type: Literal["text", "json_object", "json_schema"] = msgspec.field()
    json_schema: _Schema | None = None


class _Fields(_Closed, frozen=True):
    """Every optional field that some profile lets a client set, with its range."""

    temperature: Annotated[float, msgspec.Meta(ge=0, le=2)] | None = None
    top_p: _Unit | None = None
    min_p: _Unit | None = None
    top_k: Annotated[int, msgspec.Meta(ge=0, le=1000)] | None = None
    presence_penalty: _Penalty | None = None
    frequency_penalty: _Penalty | None = None
    seed: Annotated[int, msgspec.Meta(ge=0, lt=2**32)] | None = None
    stop: _Stop | Annotated[list[_Stop], msgspec.Meta(min_length=1, max_length=4)] | None = None
    tools: Annotated[list[_Tool], msgspec.Meta(max_length=128)] | None = None
    tool_choice: Literal["none", "auto", "required"] | _Choice | None = None
    parallel_tool_calls: bool | None = None
    response_format: _Format | None = None
    reasoning_effort: Literal["none", "minimal", "low", "medium", "high"] | None = None


def body(
    request: EngineRequest, profile: Profile, *, model: str, context: int, isolation: Mapping[str, object]
) -> bytes:
    """Return the JSON an engine gets. `isolation` is ours: slot or salt, which no client may name.

    Raises EngineError `bad_request` with the first member that the profile does not allow or that is out of range.
    """
    refused = sorted(set(request.fields) - profile.fields)
    if refused:
        raise EngineError("bad_request", field=refused[0])
    if request.max_tokens is not None and request.max_tokens < 1:
        raise EngineError("bad_request", field="max_tokens")
    fields = _checked(dict(request.fields), _Fields)
    messages = _checked({"messages": list(request.messages)}, _Messages)
    for name in ("tools", "response_format"):
        if len(msgspec.json.encode(fields.get(name))) > MAX_SCHEMA:
            raise EngineError("bad_request", field=name)
    limit = {} if request.max_tokens is None else {"max_tokens": min(request.max_tokens, context)}
    fixed = {"model": model, "stream": True, "stream_options": {"include_usage": True}}
    return msgspec.json.encode({**fields, **messages, **limit, **fixed, **isolation})


class _Messages(_Closed, frozen=True):
    messages: Annotated[list[_Message], msgspec.Meta(min_length=1, max_length=4096)]


def _checked(members: dict[str, object], kind: type[_Closed]) -> dict[str, object]:
    try:
        value = msgspec.convert(members, kind)
    except msgspec.ValidationError as error:
        found = _FIELD.search(str(error))
        raise EngineError("bad_request", field=(found and (found[1] or found[2])) or "messages") from None
    built: dict[str, object] = msgspec.to_builtins(value)
    return built
