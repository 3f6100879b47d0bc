"""LiteLLM's completion calls a tool, hands its result back, and is cancelled in an answer that would not end."""

import asyncio
import json
import os
import sys

import litellm

LOOK = {"type": "function", "function": {"name": "look", "parameters": {"type": "object"}}}
ASKED = [{"role": "user", "content": "Hello"}]
ENDLESS = [{"role": "user", "content": "Speak without end"}]

litellm.telemetry = False
litellm.suppress_debug_info = True
base = {
    "model": "openai/random",
    "num_retries": 0,
    "api_base": os.environ["OPENAI_BASE_URL"],
    "api_key": os.environ["OPENAI_API_KEY"],
}


def call_of(message: litellm.Message) -> dict[str, object]:
    """The one call."""
    (call,) = message.tool_calls
    return {"id": call.id, "name": call.function.name, "args": json.loads(call.function.arguments)}


async def leave() -> None:
    """Read until the first word, then cancel what reads, and close."""
    first = asyncio.get_running_loop().create_future()
    stream = await litellm.acompletion(**base, messages=ENDLESS, stream=True)

    async def read() -> None:
        async for part in stream:
            word = part.choices[0].delta.content
            if word and not first.done():
                first.set_result(word)

    reading = asyncio.create_task(read())
    await asyncio.wait([first, reading], return_when=asyncio.FIRST_COMPLETED)
    reading.cancel()
    await asyncio.gather(reading, return_exceptions=True)
    await stream.aclose()
    print(json.dumps({"called": called, "streamed": streamed, "first": first.result()}), flush=True)
    await asyncio.to_thread(sys.stdin.readline)  # The end of this process would close the connection too.


with_tools = base | {"tools": [LOOK], "tool_choice": "required"}
told = litellm.completion(**with_tools, messages=ASKED)
called = call_of(told.choices[0].message)
result = {"role": "tool", "tool_call_id": called["id"], "content": "A door."}
after = [*ASKED, told.choices[0].message, result]
parts = list(litellm.completion(**with_tools, messages=after, stream=True))
streamed = call_of(litellm.stream_chunk_builder(parts, messages=after).choices[0].message)
asyncio.run(leave())
