"""Tools with `strict`: calls that follow their schema, or none; and schemas that say more than is checked, refused."""

import asyncio
import json
from typing import Any

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st
from privity_client.openai_api.chat_request import read_chat
from privity_client.openai_api.errors import ApiError
from privity_client.openai_api.strict_tools import check, schema_of
from privity_client.testing.fake_node import FakeNode, Script
from privity_client.testing.proxy_stand import MODEL, events_of, standing
from privity_protocol.lines import Done, Text, Tool

LEAF = {"anyOf": [{"type": "null"}, {"$ref": "#/$defs/node"}]}
NODE = {"type": "object", "properties": {"next": LEAF}, "required": ["next"], "additionalProperties": False}
PLACE = {
    "type": "object",
    "properties": {
        "door": {"enum": ["front", "back", 1]},
        "floor": {"type": "integer", "minimum": 0, "exclusiveMaximum": 9},
        "open": {"type": ["boolean", "null"], "description": "Whether it is open."},
        "names": {"type": "array", "items": {"type": "string", "maxLength": 3}, "maxItems": 2},
        "kind": {"const": True},
        "chain": {"$ref": "#/$defs/node"},
    },
    "required": ["door"],
    "additionalProperties": False,
    "$defs": {"node": NODE},
}


def holds(schema: dict[str, Any], arguments: str) -> bool:
    """Whether a call with these arguments is a call."""
    try:
        check({"look": schema_of(schema, "parameters")}, "look", arguments)
    except ApiError as error:
        return (error.status, error.code) != (502, "tool_arguments")
    return True


@pytest.mark.parametrize(
    "value",
    [
        {"door": "front"},
        {"door": 1, "floor": 8, "open": None, "names": ["abc", ""], "kind": True},
        {"door": 1.0, "floor": 8.0},
        {"door": "back", "chain": {"next": {"next": {"next": None}}}},
    ],
)
def test_arguments_that_follow_their_schema_are_a_call(value: object) -> None:
    assert holds(PLACE, json.dumps(value))


@pytest.mark.parametrize(
    "arguments",
    [
        "",
        "{",
        "[]",
        "null",
        "{}",
        '{"door":"side"}',
        '{"door":true}',
        '{"door":"front","door":"front"}',
        '{"door":"front","other":1}',
        '{"door":"front","floor":-1}',
        '{"door":"front","floor":9}',
        '{"door":"front","floor":1.5}',
        '{"door":"front","floor":true}',
        '{"door":"front","open":0}',
        '{"door":"front","names":["a","b","c"]}',
        '{"door":"front","names":["abcd"]}',
        '{"door":"front","names":"a"}',
        '{"door":"front","kind":1}',
        '{"door":"front","chain":{"next":{"next":1}}}',
        '{"door":"front","chain":{}}',
    ],
)
def test_arguments_that_break_it_are_none(arguments: str) -> None:
    assert not holds(PLACE, arguments)


@pytest.mark.parametrize(
    "schema",
    [
        {"not": {}},
        {"type": "object", "properties": {"a": {"pattern": "a"}}},
        {"type": "thing"},
        {"type": []},
        {"properties": []},
        {"required": "a"},
        {"enum": []},
        {"anyOf": {}},
        {"items": [{}]},
        {"minimum": "1"},
        {"minimum": True},
        {"additionalProperties": 1},
        {"$ref": "#/$defs/none"},
        {"$ref": "http://example.test/schema"},
        {"$ref": "#"},
        {"$defs": {"a": {"$ref": "#/$defs/b"}, "b": {"$ref": "#/$defs/a"}}},
        {"anyOf": [1]},
        {"$defs": {"a": {"anyOf": [{"$ref": "#/$defs/a"}]}}, "$ref": "#/$defs/a"},
        {"properties": {"a": {"$ref": "#/properties/b"}, "b": {}}},
        [],
    ],
)
def test_a_schema_that_says_more_than_is_checked_is_refused_by_name(schema: object) -> None:
    tool = {"type": "function", "function": {"name": "look", "strict": True, "parameters": schema}}
    asked = {"model": "tiny", "messages": [{"role": "user", "content": "Hello"}], "tools": [tool]}
    with pytest.raises(ApiError) as caught:
        read_chat(json.dumps(asked).encode())
    assert (caught.value.status, caught.value.param) == (400, "tools[0].function.parameters")
    asked["tools"] = [{"type": "function", "function": {"name": "look", "strict": False, "parameters": {"not": {}}}}]
    assert read_chat(json.dumps(asked).encode()).strict == {}


def test_a_schema_may_name_itself_and_one_that_branches_for_ever_is_given_up() -> None:
    assert holds({"type": ["object", "null"], "additionalProperties": {"$ref": "#"}}, '{"a":{"b":null}}')
    assert not holds({"type": ["object", "null"], "additionalProperties": {"$ref": "#"}}, '{"a":{"b":1}}')
    either = {f"s{at}": {"anyOf": [{"$ref": f"#/$defs/s{at + 1}"}] * 2} for at in range(40)}
    assert not holds({"$defs": either | {"s40": {"type": "null"}}, "$ref": "#/$defs/s0"}, "1")


JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-5, 5) | st.text(max_size=3),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["door", "a", "next"]), inner),
)


@given(JSON)
def test_whatever_a_model_writes_is_judged_and_what_is_constant_holds_for_itself(value: object) -> None:
    assert holds({"const": value}, json.dumps(value))
    assert holds({"enum": [0.5, value]}, json.dumps(value))
    assert holds(PLACE, json.dumps(value)) in (True, False)


@given(st.dictionaries(st.sampled_from([*PLACE, "const", "enum", "anyOf", "items", "$ref", "x"]), JSON))
def test_whatever_a_program_calls_a_schema_is_taken_or_refused(schema: dict[str, Any]) -> None:
    try:
        found = schema_of(schema, "parameters")
    except ApiError:
        return
    assert holds(found, '{"door":"front"}') in (True, False)


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize(("reason", "told"), [("tool_calls", False), ("stop", False), ("length", True)])
def test_a_call_that_breaks_its_schema_is_no_answer(stream: bool, reason: str, told: bool) -> None:
    """One that was cut at its limit of tokens says so by its reason."""
    lines = [Tool(0, "c1", "look", '{"door"'), Tool(0, "", "", ': "side"}'), Done(reason)]
    tool = {"type": "function", "function": {"name": "look", "strict": True, "parameters": PLACE}}

    async def scenario() -> None:
        async with standing(FakeNode(script=Script(lines=lines))) as stand:
            if stream and not told:
                with pytest.raises(httpx.RemoteProtocolError):
                    await stand.chat(tools=[tool], stream=True)
                return
            answer = await stand.chat(tools=[tool], stream=stream)
            sent = json.loads(stand.node.runs[0].body)["tools"]
            assert "strict" not in sent[0]["function"]
            assert answer.status_code == (200 if told else 502)
            if not told:
                assert answer.json()["error"]["code"] == "tool_arguments"
            elif stream:
                assert events_of(answer.content)[-1]["choices"][0]["finish_reason"] == reason

    asyncio.run(scenario())


@pytest.mark.parametrize("route", ["chat", "responses"])
@pytest.mark.parametrize(
    ("choice", "called", "reason", "told"),
    [
        ("auto", "", "stop", True),
        ("required", "", "stop", False),
        ("required", "", "length", True),
        ("required", "look", "tool_calls", True),
        ("look", "look", "tool_calls", True),
        ("other", "look", "tool_calls", False),
    ],
)
def test_a_tool_that_is_demanded_is_called_or_the_answer_is_none(
    route: str, choice: str, called: str, reason: str, told: bool
) -> None:
    lines = [Tool(0, "c1", called, "{}") if called else Text("Hi"), Done(reason)]
    names = [{"name": name} for name in ("look", "other")]
    if route == "chat":
        tools = [{"type": "function", "function": named} for named in names]
        named = {"type": "function", "function": {"name": choice}}
        body = {"messages": [{"role": "user", "content": "Hello"}]}
    else:
        tools = [{"type": "function"} | named for named in names]
        named = {"type": "function", "name": choice}
        body = {"input": "Hello"}
    body |= {"model": MODEL, "tools": tools, "tool_choice": choice if choice in ("auto", "required") else named}

    async def scenario() -> None:
        async with standing(FakeNode(script=Script(lines=lines))) as stand:
            path = "/v1/chat/completions" if route == "chat" else "/v1/responses"
            answer = await stand.http.post(path, json=body)
            assert answer.status_code == (200 if told else 502)
            assert told or answer.json()["error"]["code"] == "tool_not_called"

    asyncio.run(scenario())
