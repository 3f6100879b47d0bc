"""Writes vectors/proxy: requests of the OpenAI API and what is sent of them, lines and the objects that they become.

Both translations read them: `privity_client.openai_api` and `user/web/packages/sdk`. A test compares the folder.
"""

import itertools
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

from privity_client.openai_api.chat_answer import Choice, Chunks, Head, completion, usage_chunk
from privity_client.openai_api.chat_request import read_chat
from privity_client.openai_api.embeddings import EmbedCall, Vectors, read_embeddings
from privity_client.openai_api.errors import ApiError
from privity_client.openai_api.responses_answer import Response
from privity_client.openai_api.responses_request import read_response
from privity_client.openai_api.strict_tools import check, schema_of
from privity_protocol import jsontext
from privity_protocol.line_reader import LineReader

FOLDER: Final = Path(__file__).resolve().parents[3] / "vectors/proxy"
HEAD: Final = Head("chatcmpl_1", 1000, "tiny")
HELLO: Final = {"model": "tiny", "messages": [{"role": "user", "content": "Hello"}]}
CALL: Final = {"id": "c1", "type": "function", "function": {"name": "look", "arguments": "{}"}}
STRICT: Final = {"name": "look", "strict": True, "parameters": {"type": "object", "required": ["at"]}}
PNG: Final = "data:image/png;base64,iVBORw0KGgo="


def said(*messages: object, **more: object) -> dict[str, object]:
    """A request."""
    return {"model": "tiny", "messages": list(messages), **more}


REQUESTS: Final[dict[str, dict[str, object]]] = {
    "plain": HELLO,
    "streamed": HELLO | {"stream": True, "stream_options": {"include_usage": True, "include_obfuscation": False}},
    "nulls-are-absent": HELLO | {"stop": None, "tools": None, "stream": None, "n": None},
    "what-asks-for-nothing": HELLO
    | {"store": False, "logprobs": False, "logit_bias": {}, "service_tier": "auto", "n": 1},
    "what-is-not-sent": HELLO | {"user": "me", "metadata": {"a": "b"}, "safety_identifier": "x", "seed": 4},
    "settings": HELLO | {"temperature": 0.5, "max_completion_tokens": 9, "stop": ["a"], "reasoning_effort": "low"},
    "developer": said({"role": "developer", "content": "Brief"}, {"role": "user", "content": "Hello", "name": "me"}),
    "thoughts": said(
        {"role": "user", "content": "a"},
        {"role": "assistant", "content": "b", "reasoning_content": "hm", "annotations": [], "tool_calls": []},
        {"role": "user", "content": "c"},
    ),
    "kept-by-a-program": said(
        {"role": "user", "content": "a"},
        {"role": "assistant", "content": "b", "provider_specific_fields": {"refusal": None}, "function_call": None},
        {"role": "user", "content": "c"},
    ),
    "tool-calls": said(
        {"role": "user", "content": "a"},
        {"role": "assistant", "content": None, "refusal": None, "tool_calls": [CALL | {"extra": None}]},
        {"role": "tool", "tool_call_id": "c1", "content": "door"},
        tools=[{"type": "function", "function": {"name": "look", "strict": False, "description": None}}],
    ),
    "parts": said(
        {
            "role": "user",
            "content": [
                {"type": "text", "text": "See"},
                {"type": "image_url", "image_url": {"url": PNG, "detail": "auto"}},
            ],
        }
    ),
    "schema": HELLO
    | {"response_format": {"type": "json_schema", "json_schema": {"name": "s", "schema": {}, "strict": None}}},
    "not-a-flag": HELLO | {"stream": 1},
    "options-without-stream": HELLO | {"stream_options": {"include_usage": True}},
    "options-unknown": HELLO | {"stream": True, "stream_options": {"other": 1}},
    "options-not-an-object": HELLO | {"stream": True, "stream_options": "x"},
    "choices": HELLO | {"n": 3, "seed": 7},
    "likelihoods": HELLO | {"logprobs": True, "top_logprobs": 2},
    "likelihoods-alone": HELLO | {"logprobs": True, "top_logprobs": 0},
    "strict-tool": HELLO | {"tools": [{"type": "function", "function": STRICT}]},
    "strict-tool-without-parameters": HELLO
    | {"tools": [{"type": "function", "function": {"name": "look", "strict": True}}]},
    "strict-beyond-what-is-checked": HELLO
    | {"tools": [{"type": "function", "function": STRICT | {"parameters": {"not": {}}}}]},
    "strict-not-a-flag": HELLO | {"tools": [{"type": "function", "function": STRICT | {"strict": 1}}]},
    "no-choices": HELLO | {"n": 0},
    "too-many-choices": HELLO | {"n": 17},
    "image-elsewhere": said(
        {"role": "user", "content": [{"type": "image_url", "image_url": {"url": "https://example.test/a.png"}}]}
    ),
    "no-model": {"messages": [{"role": "user", "content": "Hello"}]},
    "no-messages": {"model": "tiny"},
    "messages-not-a-list": {"model": "tiny", "messages": "Hello"},
    "model-not-a-name": HELLO | {"model": "a b"},
}
USAGE: Final = {"t": "usage", "prompt": 5, "cached": 1, "completion": 2}
STOP: Final = {"t": "done", "reason": "stop"}
ANSWERS: Final[dict[str, list[dict[str, Any]]]] = {
    "text": [{"t": "text", "d": "Hello "}, {"t": "text", "d": "you."}, USAGE, STOP],
    "reasoning": [{"t": "reasoning", "d": "Hm."}, {"t": "text", "d": "Yes"}, {"t": "done", "reason": "length"}],
    "tools": [
        {"t": "tool", "index": 0, "id": "c1", "name": "look", "arguments": '{"at"'},
        {"t": "tool", "index": 0, "id": "", "name": "", "arguments": ": 1}"},
        {"t": "tool", "index": 1, "id": "c2", "name": "go", "arguments": "{}"},
        {"t": "done", "reason": "tool_calls"},
    ],
    "likelihoods": [
        {"t": "text", "d": "a"},
        {"t": "logprobs", "bytes": ["YQ", "Yg", "4oI"], "surprisal": [0, 1500000, 2], "top": [1, 0]},
        STOP,
    ],
    "notices": [{"t": "notice", "code": "b"}, {"t": "notice", "code": "a"}, {"t": "text", "d": ""}, USAGE, STOP],
    "likelihoods-before-the-text": [
        {"t": "logprobs", "bytes": ["YQ"], "surprisal": [1], "top": [0]},
        {"t": "text", "d": "a"},
        STOP,
    ],
    "said-and-called": [
        {"t": "reasoning", "d": "Hm."},
        {"t": "text", "d": "Look"},
        {"t": "tool", "index": 0, "id": "", "name": "look", "arguments": "{"},
        {"t": "tool", "index": 0, "id": "", "name": "", "arguments": "}"},
        {"t": "text", "d": " there"},
        USAGE,
        {"t": "done", "reason": "tool_calls"},
    ],
    "nothing": [STOP],
    "stopped": [{"t": "text", "d": "a"}, {"t": "done", "reason": "stopped"}],
}


ASKED: Final = {"model": "tiny", "input": "Hello"}
LOOK: Final = {"type": "function", "name": "look", "parameters": {"type": "object"}}
KEPT: Final = {"resp_1": [{"role": "user", "content": "One"}, {"role": "assistant", "content": "Two"}]}
CALLED: Final = {"type": "function_call", "call_id": "c1", "name": "look", "arguments": "{}", "id": "fc_1"}
RESPONSES: Final[dict[str, dict[str, Any]]] = {
    "plain": ASKED,
    "settings": ASKED
    | {"instructions": "Brief", "max_output_tokens": 9, "reasoning": {"effort": "low", "summary": None}}
    | {"temperature": 1, "stream": True, "store": False, "parallel_tool_calls": False, "user": "me"},
    "before": ASKED | {"previous_response_id": "resp_1", "instructions": "Brief"},
    "items": ASKED
    | {
        "input": [
            {"role": "developer", "content": "Be brief"},
            {"type": "message", "role": "user", "content": [{"type": "input_text", "text": "Look"}]},
            {"type": "reasoning", "summary": []},
            {"role": "assistant", "content": [{"type": "output_text", "text": "Yes", "annotations": []}]},
            CALLED,
            {"type": "function_call_output", "call_id": "c1", "output": "door"},
            CALLED | {"call_id": "c2"},
            {"type": "function_call_output", "call_id": "c2", "output": [{"type": "input_text", "text": "wall"}]},
            {"role": "user", "content": [{"type": "input_image", "image_url": PNG, "detail": "auto"}]},
        ]
    },
    "format": ASKED
    | {"text": {"format": {"type": "json_schema", "name": "a", "schema": {}, "strict": True}, "verbosity": "medium"}},
    "tools": ASKED | {"tools": [LOOK | {"strict": True}], "tool_choice": {"type": "function", "name": "look"}},
    "likelihoods": ASKED | {"include": ["message.output_text.logprobs"], "top_logprobs": 2},
    "likelihoods-by-number": ASKED | {"top_logprobs": 1},
    "asks-for-nothing": ASKED
    | {"include": [], "top_logprobs": 0, "background": False, "truncation": "disabled", "service_tier": "auto"}
    | {"stream_options": {"include_obfuscation": False}, "stream": True},
    "unknown-response": ASKED | {"previous_response_id": "resp_9"},
    "no-input": {"model": "tiny"},
    "input-of-another-kind": ASKED | {"input": 1},
    "item-of-another-kind": ASKED | {"input": [1]},
    "item-unknown": ASKED | {"input": [{"type": "item_reference", "id": "x"}]},
    "item-member": ASKED | {"input": [{"role": "user", "content": "a", "cache": 1}]},
    "part-unknown": ASKED | {"input": [{"role": "user", "content": [{"type": "input_file"}]}]},
    "include-unknown": ASKED | {"include": ["reasoning.encrypted_content"]},
    "include-not-a-list": ASKED | {"include": "a"},
    "instructions-not-text": ASKED | {"instructions": []},
    "background": ASKED | {"background": True},
    "reasoning-summary": ASKED | {"reasoning": {"summary": "auto"}},
    "verbosity": ASKED | {"text": {"verbosity": "low"}},
    "tool-of-a-provider": ASKED | {"tools": [{"type": "web_search"}]},
    "tools-not-a-list": ASKED | {"tools": {}},
    "choice-of-another-kind": ASKED | {"tool_choice": {"type": "mcp"}},
    "strict-beyond-what-is-checked": ASKED | {"tools": [LOOK | {"strict": True, "parameters": {"not": {}}}]},
    "unknown-member": ASKED | {"invented": 1},
    "store-not-a-flag": ASKED | {"store": 1},
}
EMBEDDINGS: Final[dict[str, dict[str, Any]]] = {
    "text": ASKED | {"user": "me"},
    "texts": ASKED | {"input": ["a", "b"], "encoding_format": "base64"},
    "another-format": ASKED | {"encoding_format": "int8"},
}
ONE: Final = {"t": "embedding", "index": 0, "d": "AACAPwAAAMA"}
TWO: Final = ONE | {"index": 1}
VECTORS: Final[dict[str, tuple[int, str, list[dict[str, Any]]]]] = {
    "numbers": (2, "float", [ONE, TWO, USAGE, STOP]),
    "base64": (1, "base64", [ONE, STOP]),
    "too-few": (2, "float", [ONE, USAGE, STOP]),
    "too-many": (1, "float", [ONE, TWO, STOP]),
    "another-order": (2, "float", [TWO, ONE, STOP]),
    "words": (1, "float", [{"t": "text", "d": "a"}, ONE, STOP]),
    "without-end": (1, "float", [ONE, USAGE]),
}
NODE: Final = {"type": "object", "properties": {"next": {"anyOf": [{"type": "null"}, {"$ref": "#/$defs/node"}]}}}
PLACE: Final = {
    "type": "object",
    "properties": {
        "door": {"enum": ["front", 1, [True]]},
        "floor": {"type": "integer", "minimum": 0, "exclusiveMaximum": 9},
        "names": {"type": "array", "items": {"type": ["string", "null"], "maxLength": 2}, "maxItems": 2},
        "kind": {"const": True},
        "chain": {"$ref": "#/$defs/node"},
    },
    "required": ["door"],
    "additionalProperties": False,
    "$defs": {"node": NODE | {"additionalProperties": False, "required": ["next"]}},
}


def chain_of(length: int) -> dict[str, Any]:
    """A schema whose definitions lead one to the next."""
    steps = {f"s{at}": {"$ref": f"#/$defs/s{at + 1}"} for at in range(length)}
    return {"$ref": "#/$defs/s0", "$defs": steps | {f"s{length}": {"type": "null"}}}


ARGUMENTS: Final[dict[str, tuple[dict[str, Any], str]]] = {
    "least": (PLACE, '{"door":"front"}'),
    "most": (PLACE, '{"door":1.0,"floor":8.0,"names":["ab",null],"kind":true,"chain":{"next":{"next":null}}}'),
    "characters-not-units": (PLACE, '{"door":1,"names":["\U0001f600\U0001f600"]}'),
    "list-in-enum": (PLACE, '{"door":[true]}'),
    "whatever": ({}, '[1,{"a":null}]'),
    "itself": ({"type": ["object", "null"], "additionalProperties": {"$ref": "#"}}, '{"a":{"b":null}}'),
    "true-is-not-one": (PLACE, '{"door":true}'),
    "one-is-not-true": (PLACE, '{"door":1,"kind":1}'),
    "another-value": (PLACE, '{"door":"side"}'),
    "no-json": (PLACE, '{"door":'),
    "twice": (PLACE, '{"door":1,"door":1}'),
    "another-member": (PLACE, '{"door":1,"x":1}'),
    "missing": (PLACE, "{}"),
    "another-type": (PLACE, "[]"),
    "below": (PLACE, '{"door":1,"floor":-1}'),
    "above": (PLACE, '{"door":1,"floor":9}'),
    "a-fraction": (PLACE, '{"door":1,"floor":1.5}'),
    "too-many-entries": (PLACE, '{"door":1,"names":["a","b","c"]}'),
    "too-long": (PLACE, '{"door":1,"names":["abc"]}'),
    "deep-inside": (PLACE, '{"door":1,"chain":{"next":{"next":1}}}'),
    "keyword": ({"pattern": "a"}, "1"),
    "reference-elsewhere": ({"$ref": "http://example.test"}, "1"),
    "reference-in-a-circle": ({"$ref": "#"}, "1"),
    "circle-by-a-way-round": ({"$defs": {"a": {"anyOf": [{"$ref": "#/$defs/a"}]}}, "$ref": "#/$defs/a"}, "1"),
    "a-long-way-round": (chain_of(150), "null"),
    "too-long-a-way-round": (chain_of(300), "null"),
    "not-a-type": ({"type": "thing"}, "1"),
    "items-a-list": ({"items": [{}]}, "[]"),
}


def case(name: str, op: str, given: object, outcome: Callable[[], dict[str, Any]]) -> dict[str, object]:
    """What becomes of `given`."""
    try:
        expect: dict[str, object] = {"ok": outcome()}
    except ApiError as error:
        expect = {"error": {"status": error.status, "param": error.param, "code": error.code}}
    return {"id": name, "what": name.replace("-", " "), "op": op, "input": given, "expect": expect}


def response_request(asked: dict[str, Any]) -> dict[str, Any]:
    """What is asked of a node by a response."""
    call = read_response(json.dumps(asked).encode(), KEPT.get)
    more = {"history": list(call.history), "echo": call.echo, "not_sent": sorted(call.chat.not_sent)}
    more |= {"strict": dict(call.chat.strict), "stream": call.stream, "store": call.store}
    return {"body": call.chat.members} | more


def response_answer(lines: list[dict[str, Any]]) -> dict[str, Any]:
    """The events of a response, the whole, and what the next turn repeats."""
    counter = itertools.count()
    echo = read_response(json.dumps(ASKED).encode(), KEPT.get).echo
    told = Response("resp_2", 1000, "tiny", echo, lambda prefix: f"{prefix}_{next(counter)}", store=True)
    events = told.begin()
    for line in lines:
        for one in LineReader().feed(jsontext.encode(line) + b"\n"):
            events += told.take(one)
    events += told.finish()
    return {"events": events, "whole": told.told(told.status), "messages": told.messages()}


def embedding_request(asked: dict[str, Any]) -> dict[str, Any]:
    """What is asked of a node by an embedding."""
    call = read_embeddings(json.dumps(asked).encode())
    return {"body": json.loads(call.body), "texts": call.texts, "form": call.form, "not_sent": list(call.not_sent)}


def embedding_answer(texts: int, form: Any, lines: list[dict[str, Any]]) -> dict[str, Any]:
    """The vectors of an answer."""
    vectors = Vectors(EmbedCall("tiny", b"", texts, form))
    for line in lines:
        for one in LineReader().feed(jsontext.encode(line) + b"\n"):
            vectors.take(one)
    return vectors.told()


def strict_call(schema: dict[str, Any], arguments: str) -> dict[str, Any]:
    """A call that follows its schema."""
    check({"look": schema_of(schema, "parameters")}, "look", arguments)
    return {}


def request_case(name: str, asked: dict[str, object]) -> dict[str, object]:
    """What becomes of a request."""
    try:
        call = read_chat(json.dumps(asked).encode())
    except ApiError as error:
        expect: dict[str, object] = {"error": {"status": error.status, "param": error.param, "code": error.code}}
    else:
        (first, *_) = call.answers()
        more = {"stream": call.stream, "usage": call.include_usage, "not_sent": sorted(call.not_sent)}
        more |= {"choices": call.choices, "alternatives": first.alternatives, "strict": dict(call.strict)}
        expect = {"ok": {"body": call.members} | more}
    return {"id": name, "what": name.replace("-", " "), "op": "openai_request", "input": asked, "expect": expect}


def answer_case(name: str, lines: list[dict[str, Any]]) -> dict[str, object]:
    """What becomes of the lines of an answer."""
    choice = Choice()
    chunks = Chunks(HEAD, choice, usage=True)
    told = [chunks.begin()]
    try:
        for line in lines:
            for one in LineReader().feed(jsontext.encode(line) + b"\n"):
                told += chunks.take(one)
    except ApiError as error:
        expect: dict[str, object] = {"error": {"status": error.status, "param": error.param, "code": error.code}}
    else:
        told += [chunks.end(), usage_chunk(HEAD, [choice])]
        expect = {"ok": {"chunks": told, "whole": completion(HEAD, [choice])}}
    return {"id": name, "what": name.replace("-", " "), "op": "openai_answer", "input": lines, "expect": expect}


def written() -> dict[str, str]:
    """The files of the folder, by name."""
    requests = [request_case(name, asked) for name, asked in REQUESTS.items()]
    answers = [answer_case(name, lines) for name, lines in ANSWERS.items()]
    files = {
        "requests": {
            "spec": "proxy",
            "what": "Requests of chat completions and what is sent of them.",
            "cases": requests,
        },
        "answers": {
            "spec": "proxy",
            "what": "Lines of an answer, as chunks with usage and as a whole.",
            "cases": answers,
        },
        "responses": {
            "spec": "proxy",
            "what": "Requests of the Responses API, with one response that is kept, and what is sent of them.",
            "cases": [
                case(n, "openai_response_request", one, lambda one=one: response_request(one))
                for n, one in RESPONSES.items()
            ],
        },
        "events": {
            "spec": "proxy",
            "what": "Lines of an answer, as events of a response, as a whole, and as the next turn repeats it.",
            "cases": [
                case(n, "openai_response_answer", one, lambda one=one: response_answer(one))
                for n, one in ANSWERS.items()
            ],
        },
        "embeddings": {
            "spec": "proxy",
            "what": "Requests for vectors and what is sent of them.",
            "cases": [
                case(n, "openai_embedding_request", one, lambda one=one: embedding_request(one))
                for n, one in EMBEDDINGS.items()
            ],
        },
        "vectors": {
            "spec": "proxy",
            "what": "Lines of an answer to so many texts, as the list of vectors.",
            "cases": [
                case(n, "openai_embedding_answer", list(one), lambda one=one: embedding_answer(*one))
                for n, one in VECTORS.items()
            ],
        },
        "strict": {
            "spec": "proxy",
            "what": "Schemas of strict tools and the arguments of a call.",
            "cases": [
                case(n, "openai_strict_call", list(one), lambda one=one: strict_call(*one))
                for n, one in ARGUMENTS.items()
            ],
        },
    }
    return {f"{name}.json": json.dumps(value, indent=1, ensure_ascii=False) + "\n" for name, value in files.items()}


if __name__ == "__main__":
    FOLDER.mkdir(exist_ok=True)
    for name, text in written().items():
        (FOLDER / name).write_text(text)
