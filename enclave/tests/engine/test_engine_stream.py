"""The reader of streamed answers: any split gives the same events, and nothing but EngineError leaves it."""

import itertools
import json

import pytest
from engine_fakes import ANSWER, DONE, event, finish, text, usage
from hypothesis import given
from hypothesis import strategies as st
from privity_enclave.engine.interface import EngineError
from privity_enclave.engine.stream import MAX_LINE, AnswerReader, failure, vector
from privity_protocol.lines import Done, Logprobs, Reasoning, Text, Tool, Usage

END = finish() + DONE


def read(*pieces: bytes) -> list[object]:
    reader = AnswerReader(2048)
    events = [found for piece in pieces for found in reader.feed(piece)]
    reader.eof()
    return events


def code(*pieces: bytes) -> str:
    with pytest.raises(EngineError) as caught:
        read(*pieces)
    return caught.value.code


def test_an_answer() -> None:
    assert read(ANSWER) == [Text("Hello "), Text("you"), Usage(7, 0, 3), Done("stop")]


def test_usage_with_cached_tokens_and_reasons() -> None:
    assert read(finish("length") + usage(9, 1, 5) + DONE) == [Usage(9, 5, 1), Done("length")]


def test_reasoning_by_both_names() -> None:
    for name in ("reasoning_content", "reasoning"):
        piece = event(choices=[{"index": 0, "delta": {"role": "assistant", "content": None, name: "Hm"}}])
        assert read(piece + finish() + DONE) == [Reasoning("Hm"), Done("stop")]


def test_tool_calls_come_in_pieces() -> None:
    def calls(*deltas: dict) -> bytes:
        return event(choices=[{"index": 0, "delta": {"tool_calls": list(deltas)}}])

    first = calls({"index": 0, "id": "c1", "type": "function", "function": {"name": "look", "arguments": ""}})
    second = calls({"index": 0, "function": {"arguments": '{"a":'}}, {"index": 1, "id": "c2"})
    assert read(first + second + finish("tool_calls") + DONE) == [
        Tool(0, "c1", "look", ""),
        Tool(0, "", "", '{"a":'),
        Tool(1, "c2", "", ""),
        Done("tool_calls"),
    ]


def test_log_probabilities_come_token_by_token() -> None:
    half = {"token": "\ufffd", "bytes": [195], "logprob": -0.25, "top_logprobs": []}
    other = {"token": "b", "bytes": None, "logprob": -3.4028234663852886e38}
    whole = {"token": "a", "bytes": [97], "logprob": 0.0, "top_logprobs": [{"token": "a", "logprob": 1e-9}, other]}
    piece = event(choices=[{"delta": {"content": "a"}, "logprobs": {"content": [half, whole]}}])
    nothing = event(choices=[{"delta": {"content": "b"}, "logprobs": None}, {"delta": {}, "logprobs": {}}])
    assert read(piece + nothing + finish() + DONE) == [
        Text("a"),
        Logprobs(["ww"], [250_000], [0]),
        Logprobs(["YQ", "YQ", "Yg"], [0, 0, 9_999_000_000], [2]),
        Text("b"),
        Done("stop"),
    ]


def test_a_vector_and_its_tokens() -> None:
    data = [{"object": "embedding", "index": 0, "embedding": "+/8AQA=="}]
    answer = {"object": "list", "data": data, "usage": {"prompt_tokens": 5, "total_tokens": 5}}
    assert vector(json.dumps(answer).encode()) == ("-_8AQA", 5)


@pytest.mark.parametrize(
    "answer",
    [
        b"",
        b"\xff",
        b"{}",
        b'{"data":[],"usage":{"prompt_tokens":1}}',
        b'{"data":[{"embedding":"AA=="},{"embedding":"AA=="}],"usage":{"prompt_tokens":1}}',
        b'{"data":[{"index":0,"embedding":[1.5]}],"usage":{"prompt_tokens":1}}',
        b'{"data":[{"index":0,"embedding":"AA-_"}],"usage":{"prompt_tokens":1}}',
        b'{"data":[{"index":0,"embedding":"\xc3\xa9"}],"usage":{"prompt_tokens":1}}',
    ],
)
def test_what_is_no_vector_is_an_error(answer: bytes) -> None:
    with pytest.raises(EngineError) as caught:
        vector(answer)
    assert caught.value.code == "crashed"


def test_comments_unknown_fields_carriage_returns_and_joined_data_lines() -> None:
    nulls = event(choices=[{"index": 0, "delta": {"content": None}}], usage=None, error=None)
    odd = nulls + b": ping\r\n\r\nid: 4\r\nevent: chunk\r\n" + text("a").replace(b"\n", b"\r\n")
    data = json.dumps({"choices": [{"delta": {"content": "b"}}]}).encode()
    joined = b"data:" + data[:10] + b"\ndata:" + data[10:] + b"\n\n"
    assert read(odd + joined + finish() + DONE) == [Text("a"), Text("b"), Done("stop")]


def test_nothing_counts_after_the_end() -> None:
    assert read(ANSWER + text("more"))[-1] == Done("stop")


@given(st.lists(st.integers(0, 400), max_size=12), st.text(max_size=30))
def test_any_split_gives_the_same_events(cuts: list[int], words: str) -> None:
    written = event(choices=[{"delta": {"content": f"ä€😀{words}"}}]).decode().encode()
    raw = json.dumps({"choices": [{"delta": {"content": "ä€😀"}}]}, ensure_ascii=False).encode()
    whole = written + b"data: " + raw + b"\n\n" + finish() + DONE
    places = [0, *sorted(min(cut, len(whole)) for cut in cuts), len(whole)]
    pieces = [whole[start:end] for start, end in itertools.pairwise(places)]
    assert read(*pieces) == read(whole)
    assert read(*(whole[at : at + 1] for at in range(len(whole)))) == read(whole)


@pytest.mark.parametrize(
    "pieces",
    {
        "nothing at all": b"",
        "cut before the end mark": text("a") + finish(),
        "end mark without a reason": text("a") + DONE,
        "cut inside the end mark": text("a") + finish() + DONE[:8],
        "not JSON": b"data: {oops\n\n" + END,
        "not an object": b"data: [1]\n\n" + END,
        "invalid UTF-8": b'data: {"choices":[{"delta":{"content":"\xff"}}]}\n\n' + END,
        "text that is a number": event(choices=[{"delta": {"content": 5}}]) + END,
        "a second choice": event(choices=[{"index": 1, "delta": {"content": "x"}}]) + END,
        "an unknown reason": event(choices=[{"index": 0, "delta": {}, "finish_reason": "abort"}]) + END,
        "negative usage": event(choices=[], usage={"prompt_tokens": -1}) + END,
        "a tool index out of bounds": event(choices=[{"delta": {"tool_calls": [{"index": 128}]}}]) + END,
        "an error in mid-stream": text("a") + event(error={"message": "CUDA error: the prompt was canary"}) + END,
        "an error of the older form": text("a") + b'error: {"message":"x"}\n\n' + END,
    }.items(),
    ids=lambda case: case[0],
)
def test_a_broken_answer_is_an_error(pieces: tuple[str, bytes]) -> None:
    assert code(pieces[1]) == "crashed"


def test_a_line_without_end_is_cut_off() -> None:
    with pytest.raises(EngineError, match="crashed"):
        list(AnswerReader(2048).feed(b"data: " + b"x" * (MAX_LINE + 1)))


def test_an_event_of_many_lines_is_cut_off() -> None:
    half = b"data: " + b"x" * (MAX_LINE // 2 + 1) + b"\n"
    with pytest.raises(EngineError, match="crashed"):
        list(AnswerReader(2048).feed(half + half))


def test_overflow_in_mid_stream_keeps_its_name() -> None:
    message = "This model's maximum context length is 2048 tokens. However, you requested 5019 tokens"
    with pytest.raises(EngineError) as caught:
        read(event(error={"message": message}))
    assert (caught.value.code, caught.value.limit, caught.value.asked) == ("context_overflow", 2048, 5019)


LLAMA = (
    '{"error":{"message":"request (5019 tokens) exceeds the available context size (2048 tokens), try increasing it"}}'
)
SGLANG = (
    "Requested token count exceeds the model's maximum context length of 2048 tokens. You requested a total of 5019"
)
WORDINGS = {
    "llama.cpp": LLAMA,
    "vllm": "This model's maximum context length is 2048 tokens. However, you requested 5019 tokens (4999 in",
    "vllm, newer": "This model's maximum context length is 2048 tokens. However, your request has 5019 input tokens.",
    "sglang, prompt": "The input (5019 tokens) is longer than the model's context length (2048 tokens).",
    "sglang, total": SGLANG,
}


@pytest.mark.parametrize("engine", WORDINGS)
def test_each_engines_wording_of_an_overflow(engine: str) -> None:
    error = failure(400, WORDINGS[engine].encode(), 2048)
    assert (error.code, error.limit, error.asked) == ("context_overflow", 2048, 5019)


@pytest.mark.parametrize(
    ("status", "expected"),
    [(400, "bad_request"), (422, "bad_request"), (429, "overloaded"), (503, "overloaded"), (500, "unavailable")],
)
def test_other_statuses_tell_nothing_of_their_text(status: int, expected: str) -> None:
    error = failure(status, b"canary \xff", 2048)
    assert error.code == expected
    assert "canary" not in f"{error!r}{error}{vars(error)}"


@given(st.lists(st.binary(max_size=60) | st.sampled_from([b"data: ", b"\n\n", b"data: [DONE]\n\n", text("a")])))
def test_only_the_documented_error_leaves(pieces: list[bytes]) -> None:
    reader = AnswerReader(2048)
    try:
        for piece in pieces:
            list(reader.feed(piece))
        reader.eof()
    except EngineError:
        return
    assert reader.ended
