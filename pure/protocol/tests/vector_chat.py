# ruff: noqa: E501
"""Cases of chat bodies: what a node accepts, and every member that it refuses by name."""

import json
from typing import Any

from vector_material import Case, case

USER = {"role": "user", "content": "Why is the sky blue?"}
BASE: dict[str, Any] = {"model": "privity-demo", "messages": [USER]}
CALL = {"id": "call_1", "type": "function", "function": {"name": "look_up", "arguments": "{}"}}
FUNCTION = {
    "type": "function",
    "function": {"name": "look_up", "description": "Looks up.", "parameters": {"type": "object"}},
}
SCHEMA = {"type": "json_schema", "json_schema": {"name": "answer", "schema": {"type": "object"}, "strict": True}}
CONVERSATION = [
    {"role": "system", "content": "Be brief."},
    USER | {"name": "ada"},
    {"role": "assistant", "content": None, "tool_calls": [CALL]},
    {"role": "tool", "tool_call_id": "call_1", "content": "blue"},
    {"role": "assistant", "content": ""},
    {"role": "user", "content": [{"type": "text", "text": "And"}, {"type": "text", "text": "why?"}]},
]
EVERYTHING = BASE | {
    "messages": CONVERSATION,
    "max_tokens": 100,
    "temperature": 0.7,
    "top_p": 0.9,
    "top_k": 40,
    "min_p": 0.05,
    "presence_penalty": -2,
    "frequency_penalty": 2,
    "seed": 7,
    "stop": ["\n\n", "END"],
    "stream": True,
    "n": 1,
    "response_format": SCHEMA,
    "tools": [FUNCTION],
    "tool_choice": "auto",
    "reasoning_effort": "low",
    "logit_bias": {"0": -100, "151643": 1.5},
    "logprobs": True,
    "top_logprobs": 20,
    "parallel_tool_calls": False,
}
PNG = "data:image/png;base64,iVBORw0KGgo="


def seen(url: Any, **more: Any) -> dict[str, Any]:
    """A body with one image."""
    part = {"type": "image_url", "image_url": {"url": url} | more}
    return {"messages": [{"role": "user", "content": [{"type": "text", "text": "What is this?"}, part]}]}


ACCEPTED: list[tuple[str, str, dict[str, Any]]] = [
    ("smallest", "a model and one message", {}),
    ("everything", "every member", EVERYTHING),
    ("zero-temperature", "a whole number for a fraction", {"temperature": 0}),
    ("stop-text", "one stop text", {"stop": "\n"}),
    ("stop-none", "an empty list of stop texts", {"stop": []}),
    ("newer-limit", "the newer name of the token limit", {"max_completion_tokens": 5}),
    (
        "tool-choice",
        "a named tool",
        {"tools": [FUNCTION], "tool_choice": {"type": "function", "function": {"name": "look_up"}}},
    ),
    ("format-text", "plain text asked for", {"response_format": {"type": "text"}}),
    ("no-tools", "an empty list of tools", {"tools": []}),
    ("image", "a picture inside the request", seen(PNG)),
    ("image-jpeg", "a photograph", seen("data:image/jpeg;base64,/9j/4A==")),
    ("logprobs-no", "no log probabilities, said so", {"logprobs": False}),
    ("bias-none", "no bias", {"logit_bias": {}}),
]

FORBIDDEN = (
    "cache_salt", "priority", "prompt_logprobs", "echo", "grammar", "lora",
    "id_slot", "extra_args", "chat_template", "mm_processor_kwargs", "stream_options", "user", "metadata", "store",
    "functions", "service_tier", "modalities", "__proto__",
)  # fmt: skip

WRONG: list[tuple[str, str, dict[str, Any]]] = [
    ("model-empty", "an empty model", {"model": ""}),
    ("model-space", "a model with a space", {"model": "a b"}),
    ("model-long", "a model of 129 characters", {"model": "a" * 129}),
    ("model-path", "a model that begins with a dot", {"model": "../x"}),
    ("model-number", "a number for a model", {"model": 1}),
    ("messages-empty", "no messages", {"messages": []}),
    ("messages-object", "an object for messages", {"messages": USER}),
    ("message-text", "text for a message", {"messages": ["hi"]}),
    ("role-unknown", "an unknown role", {"messages": [{"role": "developer", "content": "a"}]}),
    ("role-missing", "no role", {"messages": [{"content": "a"}]}),
    ("content-missing", "no content", {"messages": [{"role": "user"}]}),
    ("content-null", "null content of a user", {"messages": [{"role": "user", "content": None}]}),
    ("content-null-assistant", "null content and no tool call", {"messages": [{"role": "assistant", "content": None}]}),
    ("content-number", "a number for content", {"messages": [{"role": "user", "content": 1}]}),
    ("content-empty-list", "no parts", {"messages": [{"role": "user", "content": []}]}),
    ("part-image", "a part that is an image", {"messages": [{"role": "user", "content": [{"type": "image_url", "image_url": {"url": "https://example.org/x"}}]}]}),
    ("part-more", "a part with one member more", {"messages": [{"role": "user", "content": [{"type": "text", "text": "a", "cache_control": {}}]}]}),
    ("part-text", "a part without text", {"messages": [{"role": "user", "content": [{"type": "text"}]}]}),
    ("message-unknown", "an unknown member of a message", {"messages": [USER | {"weight": 1}]}),
    ("message-name", "a name with a space", {"messages": [USER | {"name": "a b"}]}),
    ("user-tool-calls", "a user that called tools", {"messages": [USER | {"tool_calls": [CALL]}]}),
    ("user-call-id", "a user that answers a call", {"messages": [USER | {"tool_call_id": "a"}]}),
    ("tool-no-id", "a tool that answers no call", {"messages": [{"role": "tool", "content": "a"}]}),
    ("tool-calls-empty", "an empty list of calls", {"messages": [{"role": "assistant", "content": "a", "tool_calls": []}]}),
    ("tool-call-type", "a call of something else", {"messages": [{"role": "assistant", "tool_calls": [CALL | {"type": "shell"}]}]}),
    ("tool-call-index", "a call with one member more", {"messages": [{"role": "assistant", "tool_calls": [CALL | {"index": 0}]}]}),
    ("tool-call-arguments", "arguments that are no text", {"messages": [{"role": "assistant", "tool_calls": [CALL | {"function": {"name": "a", "arguments": {}}}]}]}),
    ("max-tokens-zero", "a limit of zero", {"max_tokens": 0}),
    ("max-tokens-float", "half a token", {"max_tokens": 1.5}),
    ("max-tokens-true", "true for a number", {"max_tokens": True}),
    ("max-tokens-large", "a limit above the bound", {"max_tokens": 1048577}),
    ("max-tokens-both", "both names of the limit", {"max_tokens": 1, "max_completion_tokens": 1}),
    ("temperature-high", "too hot", {"temperature": 2.1}),
    ("temperature-low", "below zero", {"temperature": -0.1}),
    ("temperature-text", "text for a number", {"temperature": "1"}),
    ("temperature-true", "true for a number", {"temperature": True}),
    ("top-p", "above one", {"top_p": 1.1}),
    ("top-k", "below zero", {"top_k": -1}),
    ("min-p", "above one", {"min_p": 2}),
    ("presence", "above two", {"presence_penalty": 3}),
    ("frequency", "below minus two", {"frequency_penalty": -3}),
    ("seed-negative", "a negative seed", {"seed": -1}),
    ("seed-float", "a fraction for a seed", {"seed": 1.0}),
    ("stop-many", "five stop texts", {"stop": ["a"] * 5}),
    ("stop-empty", "an empty stop text", {"stop": [""]}),
    ("stop-long", "a stop text of 129 characters", {"stop": "a" * 129}),
    ("stop-number", "a number for a stop text", {"stop": 1}),
    ("stream-false", "not streamed", {"stream": False}),
    ("n-two", "two answers", {"n": 2}),
    ("format-unknown", "an unknown format", {"response_format": {"type": "grammar"}}),
    ("format-more", "a format with one member more", {"response_format": {"type": "text", "x": 1}}),
    ("format-schema", "a schema that is missing", {"response_format": {"type": "json_schema"}}),
    ("format-strict", "strict that is no truth", {"response_format": {"type": "json_schema", "json_schema": {"name": "a", "schema": {}, "strict": 1}}}),
    ("tools-many", "129 tools", {"tools": [FUNCTION] * 129}),
    ("tools-type", "a tool that is no function", {"tools": [FUNCTION | {"type": "browser"}]}),
    ("tools-name", "a tool with a space in its name", {"tools": [{"type": "function", "function": {"name": "a b"}}]}),
    ("tools-parameters", "parameters that are no object", {"tools": [{"type": "function", "function": {"name": "a", "parameters": []}}]}),
    ("tools-description", "a description above the bound", {"tools": [{"type": "function", "function": {"name": "a", "description": "a" * 8193}}]}),
    ("choice-unknown", "an unknown choice", {"tool_choice": "maybe"}),
    ("choice-more", "a choice with one member more", {"tool_choice": {"type": "function", "function": {"name": "a", "x": 1}}}),
    ("effort", "an unknown effort", {"reasoning_effort": "extreme"}),
    ("null", "null for absent", {"temperature": None}),
    ("image-detail", "an image with one member more", seen(PNG, detail="low")),
    ("image-http", "an image on the network", seen("https://example.org/x.png")),
    ("image-file", "an image in a file", seen("file:///etc/passwd")),
    ("image-type", "an image of another type", seen("data:image/svg+xml;base64,AAAA")),
    ("image-bare", "an image as text", seen("data:image/png,AAAA")),
    ("image-alphabet", "an image in base64url", seen("data:image/png;base64,AA-_")),
    ("image-end", "something after the image", seen(PNG + "\n")),
    ("image-number", "a number for an image", seen(1)),
    ("audio", "sound", {"messages": [{"role": "user", "content": [{"type": "input_audio", "input_audio": {}}]}]}),
    ("bias-list", "a list of biases", {"logit_bias": [1]}),
    ("bias-word", "a bias for a word", {"logit_bias": {"yes": 1}}),
    ("bias-zero", "a token with a leading zero", {"logit_bias": {"01": 1}}),
    ("bias-high", "a bias above 100", {"logit_bias": {"1": 101}}),
    ("bias-many", "1025 biases", {"logit_bias": {str(token): 1 for token in range(1025)}}),
    ("logprobs-count", "a number for logprobs", {"logprobs": 5}),
    ("top-alone", "alternatives without logprobs", {"top_logprobs": 2}),
    ("top-refused", "alternatives, and no logprobs", {"logprobs": False, "top_logprobs": 2}),
    ("top-many", "21 alternatives", {"logprobs": True, "top_logprobs": 21}),
    ("parallel", "a number for parallel calls", {"parallel_tool_calls": 1}),
]  # fmt: skip


def body(value: Any) -> bytes:
    return json.dumps(value, separators=(",", ":")).encode()


def chat_cases() -> list[Case]:
    def one(name: str, what: str, data: bytes, expect: dict[str, Any]) -> Case:
        return case(f"chat-{name}", what, "decode_chat", {"body": data.hex()}, expect)

    cases = []
    for name, what, more in ACCEPTED:
        value = BASE | more
        ok = {"ok": {"model": value["model"], "messages": len(value["messages"])}}
        cases.append(one(name, what, body(value), ok))
    wrong = {"error": "bad_request"}
    cases += [one(name, what, body(BASE | more), wrong) for name, what, more in WRONG]
    cases += [one(f"forbidden-{name}", f"{name} is not allowed", body(BASE | {name: 1}), wrong) for name in FORBIDDEN]
    cases += [
        one(f"no-{name}", f"{name} is missing", body({k: v for k, v in BASE.items() if k != name}), wrong)
        for name in BASE
    ]
    deep: Any = 1
    for _ in range(40):
        deep = [deep]
    good = body(BASE)
    cases += [
        one("list", "a list", b"[]", wrong),
        one("null-body", "null", b"null", wrong),
        one("empty", "no bytes", b"", {"error": "not_json"}),
        one("two", "two objects", good + good, {"error": "not_json"}),
        one("duplicate", "a member twice", good[:-1] + b',"model":"b"}', {"error": "duplicate_member"}),
        one(
            "duplicate-role",
            "a role twice",
            good.replace(b'"role":"user"', b'"role":"user","role":"system"'),
            {"error": "duplicate_member"},
        ),
        one("nan", "NaN", good[:-1] + b',"temperature":NaN}', {"error": "not_json"}),
        one("infinite", "a number that overflows", good[:-1] + b',"temperature":1e400}', {"error": "not_json"}),
        one("utf8", "a byte that is not UTF-8", good.replace(b"sky", b"sk\xff"), {"error": "not_utf8"}),
        one("surrogate", "a lone surrogate", good.replace(b"sky", b"sk\\ud800"), {"error": "not_utf8"}),
        one(
            "deep",
            "a schema of 40 levels",
            body(BASE | {"tools": [{"type": "function", "function": {"name": "a", "parameters": {"a": deep}}}]}),
            {"error": "too_deep"},
        ),
    ]
    return cases


TEXTS = {"model": "m", "input": ["a", "b"]}
EMBED_WRONG: list[tuple[str, str, Any]] = [
    ("no-model", "no model", {"input": "a"}),
    ("no-input", "no input", {"model": "m"}),
    ("input-empty", "no text", TEXTS | {"input": []}),
    ("input-nothing", "an empty text", TEXTS | {"input": ["a", ""]}),
    ("input-many", "257 texts", TEXTS | {"input": ["a"] * 257}),
    ("input-tokens", "numbers of tokens", TEXTS | {"input": [1, 2]}),
    ("input-object", "an object", TEXTS | {"input": {"text": "a"}}),
    ("dimensions", "another number of dimensions", TEXTS | {"dimensions": 64}),
    ("format", "another encoding", TEXTS | {"encoding_format": "base64"}),
    ("messages", "a chat", TEXTS | {"messages": [USER]}),
]


def embed_cases() -> list[Case]:
    def one(name: str, what: str, data: bytes, expect: dict[str, Any]) -> Case:
        return case(f"embed-{name}", what, "decode_embed", {"body": data.hex()}, expect)

    return [
        one("texts", "two texts", body(TEXTS), {"ok": {"model": "m", "texts": 2}}),
        one("text", "one text", body(TEXTS | {"input": "a"}), {"ok": {"model": "m", "texts": 1}}),
        *(one(name, what, body(value), {"error": "bad_request"}) for name, what, value in EMBED_WRONG),
        one("not-json", "no JSON", b"a", {"error": "not_json"}),
    ]


def files() -> dict[str, tuple[str, list[Case]]]:
    """Path below vectors/ → sentence and cases."""
    return {
        "chat/body": ("Chat requests that a node accepts, and those that it refuses by name.", chat_cases()),
        "chat/embed": ("Requests for vectors that a node accepts, and those that it refuses.", embed_cases()),
    }
