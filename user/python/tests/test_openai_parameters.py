"""Every parameter that the `openai` package knows: honoured, said not to be sent, or refused by name. None is ignored.

The lists are the package's own, so a parameter of a later release fails here until somebody has decided about it.
"""

import json
from collections.abc import Callable, Mapping
from typing import Any, Final

import pytest
from openai.types import embedding_create_params as embeddings
from openai.types.chat import completion_create_params as completions
from openai.types.responses import response_create_params as responses
from privity_client.openai_api.chat_request import read_chat
from privity_client.openai_api.embeddings import read_embeddings
from privity_client.openai_api.errors import ApiError
from privity_client.openai_api.reading import NOT_SENT
from privity_client.openai_api.responses_request import read_response

SCHEMA: Final = {"name": "a", "schema": {"type": "object"}}
LOOK: Final = {"name": "look", "parameters": {"type": "object"}}
HELLO: Final = {"model": "tiny", "messages": [{"role": "user", "content": "Hello"}]}
ASKED: Final = {"model": "tiny", "input": "Hello"}

CHAT: Final[dict[str, Any]] = {
    # Passed on to the node, as they are.
    "messages": [{"role": "user", "content": "Bye"}],
    "model": "other",
    "frequency_penalty": 1,
    "presence_penalty": 1,
    "logit_bias": {"1": 1},
    "logprobs": True,
    "max_completion_tokens": 3,
    "max_tokens": 3,
    "parallel_tool_calls": False,
    "reasoning_effort": "low",
    "response_format": {"type": "json_schema", "json_schema": SCHEMA},
    "seed": 1,
    "stop": "a",
    "temperature": 0.5,
    "tool_choice": "none",
    "tools": [{"type": "function", "function": LOOK}],
    "top_p": 0.5,
    # Done here.
    "n": 2,
    # Refused by name.
    "audio": {"voice": "a", "format": "mp3"},
    "function_call": "none",
    "functions": [{"name": "look"}],
    "modalities": ["text", "audio"],
    "moderation": {},
    "prediction": {"type": "content", "content": "a"},
    "prompt_cache_options": {},
    "service_tier": "flex",
    "store": True,
    "verbosity": "low",
    "web_search_options": {},
    # They need another one.
    "top_logprobs": (2, {"logprobs": True}),
    "stream_options": ({"include_usage": True}, {"stream": True}),
}
RESPONSES: Final[dict[str, Any]] = {
    "model": "other",
    "input": "Bye",
    "instructions": "Be brief",
    "include": ["message.output_text.logprobs"],
    "max_output_tokens": 3,
    "parallel_tool_calls": False,
    "previous_response_id": "resp_1",
    "reasoning": {"effort": "low"},
    "store": False,
    "temperature": 0.5,
    "text": {"format": {"type": "json_schema", **SCHEMA}},
    "tool_choice": "none",
    "tools": [{"type": "function", **LOOK}],
    "top_logprobs": 2,
    "top_p": 0.5,
    "background": True,
    "context_management": [{"type": "compaction"}],
    "conversation": "conv_1",
    "max_tool_calls": 1,
    "moderation": {},
    "prompt": {"id": "p"},
    "prompt_cache_options": {},
    "service_tier": "flex",
    "stream_options": {"include_obfuscation": True},
    "truncation": "auto",
}
EMBEDDINGS: Final[dict[str, Any]] = {
    "model": "other",
    "input": ["Bye"],
    "encoding_format": "base64",
    "dimensions": 8,
}
UNHONOURED: Final = {
    "chat": {
        *("audio", "function_call", "functions", "modalities", "moderation", "prediction", "prompt_cache_options"),
        *("service_tier", "store", "verbosity", "web_search_options"),
    },
    "responses": {
        *("background", "context_management", "conversation", "max_tool_calls", "moderation", "prompt"),
        *("prompt_cache_options", "service_tier", "stream_options", "truncation"),
    },
    "embeddings": {"dimensions"},
}


def chat(members: Mapping[str, Any]) -> object:
    """What is asked for by a chat completion."""
    call = read_chat(json.dumps(HELLO | members).encode())
    return call.bodies(), call.include_usage, call.not_sent


def response(members: Mapping[str, Any]) -> object:
    """What is asked for by a response."""
    kept = {"resp_1": [{"role": "user", "content": "One"}, {"role": "assistant", "content": "Two"}]}
    call = read_response(json.dumps(ASKED | members).encode(), kept.get)
    return call.chat.bodies(), call.store, call.chat.not_sent


def vectors(members: Mapping[str, Any]) -> object:
    """What is asked for by an embedding."""
    call = read_embeddings(json.dumps(ASKED | members).encode())
    return call.body, call.form, call.not_sent


ROUTES: Final[dict[str, tuple[type, dict[str, Any], Callable[[Mapping[str, Any]], object]]]] = {
    "chat": (completions.CompletionCreateParamsBase, CHAT, chat),
    "responses": (responses.ResponseCreateParamsBase, RESPONSES, response),
    "embeddings": (embeddings.EmbeddingCreateParams, EMBEDDINGS, vectors),
}
CASES: Final = [(route, name) for route, (_, table, _) in ROUTES.items() for name in table]


@pytest.mark.parametrize("route", ROUTES)
def test_each_parameter_of_the_package_was_thought_about(route: str) -> None:
    params, table, _ = ROUTES[route]
    assert set(params.__annotations__) - NOT_SENT == set(table)
    assert UNHONOURED[route] <= set(table)


@pytest.mark.parametrize(("route", "name"), CASES)
def test_a_parameter_changes_what_is_asked_or_is_refused_by_name(route: str, name: str) -> None:
    _, table, read = ROUTES[route]
    value, more = table[name] if isinstance(table[name], tuple) else (table[name], {})
    if name in UNHONOURED[route]:
        with pytest.raises(ApiError) as caught:
            read({name: value} | more)
        told = caught.value.body()["error"]
        assert (caught.value.status, told["type"]) == (400, "invalid_request_error")
        assert str(told["param"]).split(".")[0] == name
        assert told["code"] in ("unsupported_parameter", "invalid_value")
    else:
        assert read({name: value} | more) != read(more)


@pytest.mark.parametrize("route", ROUTES)
@pytest.mark.parametrize("name", sorted(NOT_SENT))
def test_what_names_a_person_is_said_not_to_be_sent(route: str, name: str) -> None:
    _, _, read = ROUTES[route]
    told = read({name: {"a": "b"} if name == "metadata" else "somebody"})
    assert isinstance(told, tuple)
    assert told[-1] == (name,)
    assert "somebody" not in str(told[0])


@pytest.mark.parametrize("route", ROUTES)
def test_a_parameter_that_nobody_knows_is_refused_by_name(route: str) -> None:
    with pytest.raises(ApiError) as caught:
        ROUTES[route][2]({"invented": 1})
    assert (caught.value.status, caught.value.param, caught.value.code) == (400, "invented", "unsupported_parameter")
