"""Chat completions in terms of EC1: what is passed on, what stays here, what is refused, what an answer becomes."""

import contextlib
import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from privity_client.errors import ClientError, EvidenceRefused
from privity_client.openai_api.chat_answer import Choice, Chunks, Head, completion, usage_chunk
from privity_client.openai_api.chat_request import MAX_CHOICES, ChatCall, read_chat
from privity_client.openai_api.embeddings import Vectors, read_embeddings
from privity_client.openai_api.errors import ApiError, of_failure
from privity_client.openai_api.models import model, models
from privity_client.openai_api.server_sent import event
from privity_client.testing.fake_node import FakeNode
from privity_protocol.chat import decode_chat
from privity_protocol.errors import Malformed
from privity_protocol.line_reader import LineReader
from privity_protocol.lines import Done, Embedding, Line, Logprobs, Notice, Reasoning, Text, Tool, Usage, encode_line

ASKED = [{"role": "user", "content": "Hello"}]
HEAD = Head("chatcmpl-1", 7, "tiny")
TOOL = {"type": "function", "function": {"name": "look", "parameters": {"type": "object", "default": None}}}


def read(**members: object) -> ChatCall:
    """A request with these members beside the least that it needs."""
    return read_chat(json.dumps({"model": "tiny", "messages": ASKED} | members).encode())


def refusal(**members: object) -> ApiError:
    """The error of a request."""
    with pytest.raises(ApiError) as caught:
        read(**members)
    return caught.value


def test_the_least_request_becomes_a_body_that_streams() -> None:
    call = read()
    assert call.bodies() == [b'{"model":"tiny","messages":[{"role":"user","content":"Hello"}],"stream":true}']
    assert (call.stream, call.include_usage, call.choices, call.not_sent) == (False, False, 1, ())


def test_what_the_node_understands_is_passed_on_unchanged() -> None:
    schema = {"name": "s", "schema": {"type": "object", "default": None}, "strict": True}
    members = {
        "temperature": 0.5,
        "top_p": 1,
        "seed": 3,
        "stop": ["a", "b"],
        "max_completion_tokens": 9,
        "tools": [TOOL],
        "tool_choice": {"type": "function", "function": {"name": "look"}},
        "response_format": {"type": "json_schema", "json_schema": schema},
    }
    (body,) = read(**members).bodies()
    assert json.loads(body) == {"model": "tiny", "messages": ASKED, "stream": True} | members
    decode_chat(body)


def test_every_choice_has_a_seed_of_its_own() -> None:
    seeds = [json.loads(body).get("seed") for body in read(n=3, seed=2**53 - 1).bodies()]
    assert seeds == [2**53 - 1, 0, 1]
    assert [json.loads(body).get("seed") for body in read(n=2).bodies()] == [None, None]


def test_nulls_and_defaults_ask_for_nothing() -> None:
    neutral = {"stop": None, "logprobs": False, "store": False, "logit_bias": {}, "service_tier": "auto", "n": 1}
    assert read(**neutral, stream=False).bodies() == read().bodies()


def test_what_a_program_keeps_with_an_answer_is_taken_off_answers_alone() -> None:
    kept = {"content": "Hi", "provider_specific_fields": {"refusal": None}}
    call = read(messages=[{"role": "assistant"} | kept, *ASKED])
    assert call.messages[0] == {"role": "assistant", "content": "Hi"}
    assert call.not_sent == ("messages.provider_specific_fields",)
    with pytest.raises(ApiError) as error:
        read(messages=[{"role": "user"} | kept])
    assert error.value.param == "messages[0].provider_specific_fields"


@pytest.mark.parametrize("name", ["user", "metadata", "safety_identifier", "prompt_cache_key"])
def test_what_names_a_person_to_a_provider_stays_here_and_the_answer_says_so(name: str) -> None:
    call = read(**{name: "somebody"})
    assert (call.not_sent, call.bodies()) == ((name,), read().bodies())


@pytest.mark.parametrize(
    ("members", "param"),
    [
        ({"logit_bias": {"x": 1}}, "logit_bias"),
        ({"store": True}, "store"),
        ({"service_tier": "flex"}, "service_tier"),
        ({"parallel_tool_calls": 1}, "parallel_tool_calls"),
        ({"web_search_options": {}}, "web_search_options"),
        ({"functions": []}, "functions"),
        ({"invented": 1}, "invented"),
        ({"n": MAX_CHOICES + 1}, "n"),
        ({"n": True}, "n"),
        ({"stream": "yes"}, "stream"),
        ({"stream_options": {"include_usage": True}}, "stream_options"),
        ({"stream": True, "stream_options": {"include_obfuscation": True}}, "stream_options.include_obfuscation"),
        ({"stream": True, "stream_options": {"include_usage": 1}}, "stream_options.include_usage"),
        ({"temperature": 3}, "temperature"),
        ({"messages": []}, "messages"),
        ({"messages": [{"role": "user"}]}, "messages[0].content"),
        ({"messages": [{"role": "user", "content": "a", "cache": 1}]}, "messages[0].cache"),
        ({"tools": [{"type": "function", "function": {"name": "f", "strict": 1}}]}, "tools[0].function.strict"),
    ],
)
def test_what_cannot_be_honoured_is_refused_by_name(members: dict[str, object], param: str) -> None:
    error = refusal(**members)
    assert (error.status, error.type, error.param) == (400, "invalid_request_error", param)


def test_bodies_that_are_no_strict_json_are_refused() -> None:
    bodies = [b"", b"[]", b"{", b'{"a":1,"a":2}', b'{"a":"\\ud800"}', b"[" * 99, b"\xff", b'{"a":NaN}']
    for body in bodies:
        with pytest.raises(ApiError) as caught:
            read_chat(body)
        assert (caught.value.status, caught.value.type) == (400, "invalid_request_error")


@given(
    st.binary(max_size=60)
    | st.recursive(st.none() | st.text(max_size=4) | st.integers(), st.lists).map(repr).map(str.encode)
)
def test_any_bytes_are_read_or_refused(data: bytes) -> None:
    with contextlib.suppress(ApiError):
        read_chat(data)


def test_messages_of_the_api_lose_what_is_empty_and_developer_speaks_as_system() -> None:
    answered = {"role": "assistant", "content": "Hi", "refusal": None, "annotations": [], "tool_calls": None}
    thought = {"role": "assistant", "content": "Hm", "reasoning_content": "so", "tool_calls": []}
    call = read(messages=[{"role": "developer", "content": "Be brief"}, answered, thought, *ASKED])
    plain = [{"role": "assistant", "content": "Hi"}, {"role": "assistant", "content": "Hm"}]
    assert call.messages == [{"role": "system", "content": "Be brief"}, *plain, *ASKED]
    assert call.not_sent == ("messages.reasoning_content",)


def test_aliases_name_the_model_that_answers() -> None:
    call = read_chat(json.dumps({"model": "gpt", "messages": ASKED}).encode(), aliases={"gpt": "tiny"})
    assert call.model == "tiny"


LINES = st.lists(
    st.builds(Text, st.text(max_size=20))
    | st.builds(Reasoning, st.text(max_size=20))
    | st.builds(Tool, st.integers(0, 2), st.just("c"), st.just("look"), st.text(max_size=8)),
    max_size=12,
)


def whole_of(chunks: list[dict]) -> dict:
    """What a client of the API puts together from chunks."""
    message: dict = {"content": "", "reasoning": "", "calls": {}, "reason": None}
    for chunk in chunks:
        (choice,) = chunk["choices"]
        delta = choice["delta"]
        message["content"] += delta.get("content", "")
        message["reasoning"] += delta.get("reasoning_content", "")
        for call in delta.get("tool_calls", []):
            message["calls"].setdefault(call["index"], []).append(call["function"]["arguments"])
        message["reason"] = choice["finish_reason"] or message["reason"]
    return message


@settings(max_examples=60)
@given(LINES, st.lists(st.integers(1, 40), max_size=30))
def test_however_the_bytes_arrive_chunks_and_whole_say_the_same(said: list[Line], cuts: list[int]) -> None:
    data = b"".join(encode_line(line) for line in [*said, Usage(5, 1, 2), Done("stop")])
    reader, choice, whole = LineReader(), Choice(), Choice()
    chunks = Chunks(HEAD, choice, usage=False)
    pieces = [chunks.begin()]
    for size in [*cuts, len(data)]:
        part, data = data[:size], data[size:]
        for line in reader.feed(part):
            pieces += chunks.take(line)
            whole.take(line)
    reader.finish()
    pieces.append(chunks.end())
    together, (told,) = whole_of(pieces), completion(HEAD, [whole])["choices"]
    message = told["message"]
    assert together["content"] == (message["content"] or "")
    assert together["reasoning"] == message.get("reasoning_content", "")
    called = {index: "".join(parts) for index, parts in together["calls"].items()}
    assert list(called.values()) == [call["function"]["arguments"] for call in message.get("tool_calls", [])]
    assert together["reason"] == told["finish_reason"] == "stop"
    assert len({chunk["id"] for chunk in pieces}) == 1


def test_usage_counts_the_prompt_of_several_choices_once() -> None:
    choices = [Choice(index) for index in range(2)]
    for choice in choices:
        choice.take(Usage(10, 4, 3))
        choice.take(Done("length"))
    usage = completion(HEAD, choices)["usage"]
    counted = {"prompt_tokens": 10, "completion_tokens": 6, "total_tokens": 16}
    assert usage == counted | {"prompt_tokens_details": {"cached_tokens": 4}}
    assert usage_chunk(HEAD, choices) == HEAD.chunk([], usage=usage)


def test_notices_are_told_in_a_member_of_our_own() -> None:
    choice = Choice()
    chunks = Chunks(HEAD, choice, usage=True)
    assert chunks.take(Notice("cut.short")) == []
    assert chunks.take(Done("stop")) == []
    last = chunks.end()
    assert (last["privity"], last["usage"]) == ({"notices": ["cut.short"]}, None)


def test_an_answer_that_somebody_stopped_is_not_told_as_complete() -> None:
    with pytest.raises(ApiError) as caught:
        Choice().take(Done("stopped"))
    assert caught.value.code == "stopped"


@given(st.text())
def test_an_event_is_one_line_of_json(said: str) -> None:
    if any("\ud800" <= character <= "\udfff" for character in said):
        return
    data = event({"d": said}, "named")
    assert data.count(b"\n") == 3
    assert json.loads(data.removeprefix(b"event: named\ndata: ")) == {"d": said}


@pytest.mark.parametrize(
    ("error", "status", "code"),
    [
        (ClientError("bad_request", "bad_request: top_k is not from 0 to 100000"), 400, "invalid_value"),
        (ClientError("bad_request", "This model does not accept the member top_k."), 400, "unsupported_parameter"),
        (
            ClientError("bad_request", "The conversation is too long for this model: 9 tokens asked, 5 allowed."),
            400,
            "context_length_exceeded",
        ),
        (ClientError("no_node", "model x"), 404, "model_not_found"),
        (ClientError("busy"), 503, "busy"),
        (ClientError("slow_down"), 429, "slow_down"),
        (EvidenceRefused("release_revoked", {}), 503, "refused"),
        (ClientError("simulated_not_allowed"), 503, "simulated_not_allowed"),
        (ClientError("log_outdated"), 503, "log_outdated"),
        (ClientError("answer_cut"), 502, "answer_cut"),
        (Malformed("truncated", "x"), 502, "truncated"),
    ],
)
def test_failures_have_the_apis_shape_and_our_reason(error: Exception, status: int, code: str) -> None:
    told = of_failure(error)  # type: ignore[arg-type]
    assert (told.status, told.code) == (status, code)
    assert told.body()["error"].keys() == {"message", "type", "param", "code"}  # type: ignore[attr-defined]


def test_the_nodes_words_name_the_member() -> None:
    assert of_failure(ClientError("bad_request", "bad_request: tools[0].x is not allowed")).param == "tools[0].x"
    assert of_failure(ClientError("bad_request", "This model does not accept the member top_k.")).param == "top_k"
    assert of_failure(ClientError("bad_request", "this node does not offer the operation")).param is None


def test_models_are_listed_with_the_names_that_stand_for_them() -> None:
    nodes = [FakeNode().verified()]
    listed = models(nodes, {"gpt": "demonstration", "other": "missing"})["data"]
    assert [one["id"] for one in listed] == ["demonstration", "gpt"]
    assert model(nodes, {"gpt": "demonstration"}, "gpt")["privity"]["id"] == "demonstration"
    with pytest.raises(ApiError) as caught:
        model(nodes, {}, "gpt")
    assert (caught.value.status, caught.value.code) == (404, "model_not_found")


def test_how_likely_tokens_were_is_told_in_chunks_and_whole() -> None:
    asked = read(logprobs=True, top_logprobs=1, stream=True)
    assert asked.members["top_logprobs"] == 1
    choice = Choice()
    chunks = Chunks(HEAD, choice, usage=False)
    line = Logprobs(["4oI", "YQ", "Yg"], [1_500_000, 250_000, 9_999_000_000], [0, 1])
    (chunk,) = chunks.take(line)
    told = chunk["choices"][0]["logprobs"]
    assert told["content"][0] == {"token": "\ufffd", "logprob": -1.5, "bytes": [0xE2, 0x82], "top_logprobs": []}
    other = {"token": "b", "logprob": -9999.0, "bytes": [98]}
    assert told["content"][1] == {"token": "a", "logprob": -0.25, "bytes": [97], "top_logprobs": [other]}
    assert completion(HEAD, [choice])["choices"][0]["logprobs"] == told
    assert completion(HEAD, [Choice()])["choices"][0]["logprobs"] is None


def test_alternatives_that_nobody_wanted_are_left_away() -> None:
    line = Logprobs(["YQ", "Yg"], [0, 1], [1])
    for more, wanted in (({}, 0), ({"top_logprobs": 0}, 0), ({"top_logprobs": 1}, 1)):
        (choice,) = read(logprobs=True, **more).answers()
        (chunk,) = Chunks(HEAD, choice, usage=False).take(line)
        assert [len(one["top_logprobs"]) for one in chunk["choices"][0]["logprobs"]["content"]] == [wanted]


def test_images_travel_inside_the_request_and_are_never_fetched() -> None:
    def asked(url: str, **more: str) -> list[dict]:
        image = {"type": "image_url", "image_url": {"url": url} | more}
        return [{"role": "user", "content": [{"type": "text", "text": "What?"}, image]}]

    inside = "data:image/png;base64,QUJD"
    assert read(messages=asked(inside, detail="auto")).messages == asked(inside)
    assert refusal(messages=asked("https://example.org/a.png")).param == "messages[0].content[1].image_url.url"
    assert refusal(messages=asked(inside, detail="high")).param == "messages[0].content[1].image_url.detail"
    assert refusal(messages=asked("data:text/html,x")).param == "messages[0].content[1].image_url.url"


def test_vectors_are_asked_for_and_told_in_both_forms() -> None:
    data = {"model": "m", "input": ["a", "b"], "user": "me"}
    for form, expected in (("float", [1.0, -0.5]), ("base64", "AACAPwAAAL8=")):
        call = read_embeddings(json.dumps(data | {"encoding_format": form}).encode(), aliases={"m": "vectors"})
        assert (call.body, call.not_sent) == (b'{"model":"vectors","input":["a","b"]}', ("user",))
        vectors = Vectors(call)
        for index in range(2):
            vectors.take(Embedding(index, "AACAPwAAAL8"))
        vectors.take(Usage(4, 0, 0))
        with pytest.raises(ApiError):
            vectors.told()
        vectors.take(Done("stop"))
        told = vectors.told()
        assert [one["embedding"] for one in told["data"]] == [expected] * 2
        assert told["usage"] == {"prompt_tokens": 4, "total_tokens": 4}


@pytest.mark.parametrize("line", [Embedding(1, "AACAPw"), Text("a")])
def test_vectors_that_were_not_asked_for_are_refused(line: Line) -> None:
    with pytest.raises(ApiError) as caught:
        Vectors(read_embeddings(b'{"model":"m","input":"a"}')).take(line)
    assert caught.value.status == 502


@pytest.mark.parametrize(
    ("members", "param"),
    [
        ({"dimensions": 3}, "dimensions"),
        ({"input": [1, 2]}, "input[0]"),
        ({"encoding_format": "int8"}, "encoding_format"),
    ],
)
def test_what_an_embedding_cannot_honour_is_refused_by_name(members: dict[str, object], param: str) -> None:
    with pytest.raises(ApiError) as caught:
        read_embeddings(json.dumps({"model": "m", "input": "a"} | members).encode())
    assert (caught.value.status, caught.value.param) == (400, param)
