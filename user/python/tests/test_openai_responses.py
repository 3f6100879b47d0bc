"""The Responses API in terms of a chat: items become messages, lines become events, what was said is brought along."""

import itertools
import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from openai.types.responses import Response as OfOpenai
from openai.types.responses import ResponseStreamEvent
from privity_client.openai_api.errors import ApiError
from privity_client.openai_api.responses_answer import Response
from privity_client.openai_api.responses_request import ResponsesCall, read_response
from privity_protocol.chat import decode_chat
from privity_protocol.lines import Done, Line, Logprobs, Reasoning, Text, Tool, Usage
from pydantic import TypeAdapter

EVENTS = TypeAdapter(ResponseStreamEvent)
KEPT = {"resp_1": [{"role": "user", "content": "One"}, {"role": "assistant", "content": "Two"}]}
FUNCTION = {"type": "function", "name": "look", "parameters": {"type": "object"}, "strict": False}


def read(**members: object) -> ResponsesCall:
    """A request with these members beside the least that it needs."""
    return read_response(json.dumps({"model": "tiny", "input": "Hello"} | members).encode(), KEPT.get)


def answering(echo: dict[str, object] | None = None) -> Response:
    """A response that begins."""
    counter = itertools.count()
    told = echo or read().echo
    return Response("resp_2", 7, "tiny", told, lambda prefix: f"{prefix}_{next(counter)}", store=True)


def said(*lines: Line) -> tuple[list[dict], dict]:
    """All events of an answer, and the response at its end."""
    response = answering()
    events = response.begin()
    for line in lines:
        events += response.take(line)
    events += response.finish()
    return events, response.told(response.status)


def test_text_and_instructions_become_messages() -> None:
    call = read(instructions="Be brief", max_output_tokens=9, reasoning={"effort": "low"}, temperature=1)
    members = call.chat.members
    assert members["messages"] == [{"role": "system", "content": "Be brief"}, {"role": "user", "content": "Hello"}]
    assert (members["max_completion_tokens"], members["reasoning_effort"], members["temperature"]) == (9, "low", 1)
    assert (call.store, call.stream) == (True, False)
    decode_chat(call.chat.bodies()[0])


def test_what_was_said_before_comes_from_this_machine_without_its_instructions() -> None:
    call = read(previous_response_id="resp_1", instructions="Now this", store=False)
    opening, *rest = call.chat.messages
    assert opening == {"role": "system", "content": "Now this"}
    assert rest == list(call.history) == [*KEPT["resp_1"], {"role": "user", "content": "Hello"}]
    assert b"resp_1" not in call.chat.bodies()[0]
    assert call.store is False


def test_calls_and_their_results_become_messages_of_a_chat() -> None:
    items = [
        {"role": "user", "content": [{"type": "input_text", "text": "Where?"}]},
        {"type": "reasoning", "id": "rs_1", "summary": []},
        {"type": "message", "role": "assistant", "content": [{"type": "output_text", "text": "Hm", "annotations": []}]},
        {"type": "function_call", "call_id": "c1", "name": "look", "arguments": "{}", "id": "fc_1", "status": None},
        {"type": "function_call", "call_id": "c2", "name": "look", "arguments": "{}"},
        {"type": "function_call_output", "call_id": "c1", "output": "Here"},
    ]
    call = read(input=items, tools=[FUNCTION], tool_choice={"type": "function", "name": "look"})
    asked, called, result = call.chat.messages
    assert asked == {"role": "user", "content": [{"type": "text", "text": "Where?"}]}
    assert [one["id"] for one in called["tool_calls"]] == ["c1", "c2"]
    assert called["content"] == [{"type": "text", "text": "Hm"}]
    assert result == {"role": "tool", "tool_call_id": "c1", "content": "Here"}
    assert call.chat.not_sent == ("input.reasoning",)
    assert call.chat.members["tool_choice"] == {"type": "function", "function": {"name": "look"}}
    decode_chat(call.chat.bodies()[0])


def test_a_schema_is_passed_on() -> None:
    wanted = {"type": "json_schema", "name": "s", "schema": {"type": "object"}, "strict": True}
    members = read(text={"format": wanted, "verbosity": "medium"}).chat.members
    schema = {"name": "s", "schema": {"type": "object"}, "strict": True}
    assert members["response_format"] == {"type": "json_schema", "json_schema": schema}


@pytest.mark.parametrize(
    ("members", "param"),
    [
        ({"input": None}, "input"),
        ({"input": [{"type": "item_reference", "id": "x"}]}, "input[0].type"),
        ({"input": [{"role": "user", "content": [{"type": "input_file"}]}]}, "input[0].content[0].type"),
        ({"input": [{"role": "user", "content": "a", "cache": 1}]}, "input[0].cache"),
        ({"input": [{"role": "robot", "content": "a"}]}, "input"),
        ({"previous_response_id": "resp_9"}, "previous_response_id"),
        ({"include": ["reasoning.encrypted_content"]}, "include[0]"),
        ({"include": "message.output_text.logprobs"}, "include"),
        ({"top_logprobs": 21}, "top_logprobs"),
        ({"top_logprobs": False}, "top_logprobs"),
        ({"background": True}, "background"),
        ({"truncation": "auto"}, "truncation"),
        ({"conversation": "c"}, "conversation"),
        ({"max_output_tokens": 0}, "max_output_tokens"),
        ({"reasoning": {"summary": "auto"}}, "reasoning.summary"),
        ({"reasoning": {"effort": "huge"}}, "reasoning.effort"),
        ({"text": {"format": {"type": "json_schema"}}}, "text.format"),
        ({"text": {"verbosity": "low"}}, "text.verbosity"),
        ({"tools": [{"type": "web_search"}]}, "tools[0].type"),
        ({"tools": [{**FUNCTION, "strict": "yes"}]}, "tools[0].strict"),
        ({"tools": [{**FUNCTION, "strict": True, "parameters": {"not": {}}}]}, "tools[0].parameters"),
        ({"stream": 1}, "stream"),
        ({"stream_options": {"include_obfuscation": True}}, "stream_options.include_obfuscation"),
    ],
)
def test_what_cannot_be_honoured_is_refused_by_name(members: dict[str, object], param: str) -> None:
    with pytest.raises(ApiError) as caught:
        read(**members)
    assert caught.value.status == 400
    assert (caught.value.param or "").startswith(param)


LINES = st.lists(
    st.builds(Text, st.text(max_size=9))
    | st.builds(Reasoning, st.text(max_size=9))
    | st.builds(Tool, st.integers(0, 2), st.sampled_from(["", "c"]), st.just("look"), st.text(max_size=5)),
    max_size=10,
)


@settings(max_examples=60)
@given(LINES, st.sampled_from(["stop", "length"]))
def test_events_are_those_of_the_api_and_add_up_to_the_response(lines: list[Line], reason: str) -> None:
    events, whole = said(*lines, Usage(5, 1, 2), Done(reason))
    assert [event["sequence_number"] for event in events] == list(range(len(events)))
    for event in events:
        EVENTS.validate_python(event)
    OfOpenai.model_validate(whole)
    added = [event["item"]["id"] for event in events if event["type"] == "response.output_item.added"]
    done = [event["item"] for event in events if event["type"] == "response.output_item.done"]
    assert sorted(added) == sorted(item["id"] for item in done)
    assert sorted(done, key=lambda item: added.index(item["id"])) == whole["output"]
    for item in whole["output"]:
        pieces = [event["delta"] for event in events if event.get("item_id") == item["id"] and "delta" in event]
        told = item["arguments"] if item["type"] == "function_call" else item["content"][0]["text"]
        assert "".join(pieces) == told
    assert events[-1]["type"] == ("response.incomplete" if reason == "length" else "response.completed")
    assert events[-1]["response"] == whole


def test_the_next_turn_repeats_what_was_said_and_called() -> None:
    response = answering()
    for line in (Text("Look"), Tool(0, "", "look", "{"), Tool(0, "", "", "}"), Done("tool_calls")):
        response.take(line)
    (message,) = response.messages()
    (call,) = message["tool_calls"]
    assert message["content"] == "Look"
    assert call["function"] == {"name": "look", "arguments": "{}"}
    assert call["id"] == response.told("completed")["output"][1]["call_id"]


@pytest.mark.parametrize(
    ("members", "sent"),
    [
        ({}, {}),
        ({"include": [], "top_logprobs": 0}, {}),
        ({"include": ["message.output_text.logprobs"]}, {"logprobs": True}),
        ({"top_logprobs": 2}, {"logprobs": True, "top_logprobs": 2}),
    ],
)
def test_how_likely_tokens_were_is_asked_for_by_either_member(members: dict, sent: dict) -> None:
    asked = read(**members).chat.members
    assert {name: asked[name] for name in ("logprobs", "top_logprobs") if name in asked} == sent


def test_how_likely_tokens_were_goes_with_the_message() -> None:
    early, late = Logprobs(["YQ"], [0], [0]), Logprobs(["Yg", "Yw"], [1_000_000, 2_000_000], [1])
    events, whole = said(early, Text("a"), Text("b"), late, Done("stop"))
    for event in events:
        EVENTS.validate_python(event)
    OfOpenai.model_validate(whole)
    (part,) = whole["output"][0]["content"]
    assert part["text"] == "ab"
    assert [(one["token"], one["logprob"]) for one in part["logprobs"]] == [("a", 0), ("b", -1)]
    pieces = [event["logprobs"] for event in events if event["type"] == "response.output_text.delta"]
    assert [one for piece in pieces for one in piece] == part["logprobs"]


def test_a_failure_is_an_event_too() -> None:
    response = answering()
    response.take(Text("Half"))
    (event,) = response.fail(ApiError(502, "cut", code="answer_cut"))
    EVENTS.validate_python(event)
    assert (event["type"], event["response"]["status"]) == ("response.failed", "failed")
    assert event["response"]["error"]["message"] == "cut"
