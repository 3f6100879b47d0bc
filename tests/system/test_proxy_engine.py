"""What a program does to the engine behind the node, through the proxy: it calls tools, and it goes away."""

import asyncio
import json
from pathlib import Path

import pytest
from calling_engine import ENDLESS, Engine, reached
from installation import MODEL
from openai import AsyncOpenAI

pytestmark = [pytest.mark.system, pytest.mark.slow]
ASKED = [{"role": "user", "content": "Hello"}]
LOOK = {"type": "function", "function": {"name": "look", "parameters": {"type": "object"}}}


def test_a_tool_is_called_and_a_program_that_goes_away_stops_the_engine(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with reached(tmp_path) as at, AsyncOpenAI(base_url=at.base_url, api_key=at.key) as client:
            await calls_a_tool(at.engine, client)
            await goes_away(at.engine, client)

    asyncio.run(scenario())


async def calls_a_tool(engine: Engine, client: AsyncOpenAI) -> None:
    """A call, its result, and the same as a response."""
    asked = {"model": MODEL, "tools": [LOOK], "tool_choice": "required"}
    called = await client.chat.completions.create(messages=ASKED, **asked)
    (choice,) = called.choices
    (call,) = choice.message.tool_calls
    assert (choice.finish_reason, call.id) == ("tool_calls", "call_1")
    assert (call.function.name, json.loads(call.function.arguments)) == ("look", {"at": "door"})
    result = {"role": "tool", "tool_call_id": call.id, "content": "A door."}
    stream = await client.chat.completions.create(messages=[*ASKED, choice.message, result], stream=True, **asked)
    pieces = [one async for part in stream for one in part.choices[0].delta.tool_calls or []]
    assert "".join(piece.function.arguments for piece in pieces) == '{"at": "door"}'
    assert engine.asked[-1]["messages"][-1]["content"] == "A door."

    response = await client.responses.create(
        model=MODEL, input="Hello", tools=[{"type": "function", "name": "look", "parameters": {}}]
    )
    assert [item.type for item in response.output] == ["function_call"]


async def goes_away(engine: Engine, client: AsyncOpenAI) -> None:
    """A stream that is closed after its first word."""
    endless = [{"role": "user", "content": ENDLESS}]
    stream = await client.chat.completions.create(model=MODEL, messages=endless, stream=True)
    async for part in stream:
        if part.choices[0].delta.content:
            break
    assert not engine.left.is_set()
    await stream.close()
    await engine.left.wait()
