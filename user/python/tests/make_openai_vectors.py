"""Writes vectors/proxy: requests of the OpenAI API and what is sent of them, lines and the objects that they become.

Both translations read them: `privity_client.openai_api` and `user/web/packages/sdk`. A test compares the folder.
"""

import json
from pathlib import Path
from typing import Any, Final

from privity_client.openai_api.chat_answer import Choice, Chunks, Head, completion, usage_chunk
from privity_client.openai_api.chat_request import read_chat
from privity_client.openai_api.errors import ApiError
from privity_protocol import jsontext
from privity_protocol.line_reader import LineReader

FOLDER: Final = Path(__file__).resolve().parents[3] / "vectors/proxy"
HEAD: Final = Head("chatcmpl_1", 1000, "tiny")
HELLO: Final = {"model": "tiny", "messages": [{"role": "user", "content": "Hello"}]}
CALL: Final = {"id": "c1", "type": "function", "function": {"name": "look", "arguments": "{}"}}
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
    "no-choices": HELLO | {"n": 0},
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
    "nothing": [STOP],
    "stopped": [{"t": "text", "d": "a"}, {"t": "done", "reason": "stopped"}],
}


def request_case(name: str, asked: dict[str, object]) -> dict[str, object]:
    """What becomes of a request."""
    try:
        call = read_chat(json.dumps(asked).encode())
    except ApiError as error:
        expect: dict[str, object] = {"error": {"status": error.status, "param": error.param, "code": error.code}}
    else:
        more = {"stream": call.stream, "usage": call.include_usage, "not_sent": sorted(call.not_sent)}
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
    }
    return {f"{name}.json": json.dumps(value, indent=1, ensure_ascii=False) + "\n" for name, value in files.items()}


if __name__ == "__main__":
    FOLDER.mkdir(exist_ok=True)
    for name, text in written().items():
        (FOLDER / name).write_text(text)
