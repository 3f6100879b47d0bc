"""LiteLLM's completion: what it says, streams, holds to a schema, asks at once, and how it is refused."""

import asyncio
import json
import os

import litellm

SCHEMA = {
    "type": "object",
    "properties": {"yes": {"type": "boolean"}},
    "required": ["yes"],
    "additionalProperties": False,
}
FORM = {"type": "json_schema", "json_schema": {"name": "yes_or_no", "schema": SCHEMA, "strict": True}}

litellm.telemetry = False
litellm.suppress_debug_info = True
asked = {
    "model": "openai/tiny",
    "messages": [{"role": "user", "content": "Hello"}],
    "temperature": 0,
    "seed": 1,
    "max_tokens": 12,
    "num_retries": 0,
    "api_base": os.environ["OPENAI_BASE_URL"],
    "api_key": os.environ["OPENAI_API_KEY"],
}


async def together() -> list[str]:
    """The same four times at once."""
    answers = await asyncio.gather(*(litellm.acompletion(**asked) for _ in range(4)))
    return [one.choices[0].message.content for one in answers]


told = litellm.completion(**asked)
streamed = "".join(part.choices[0].delta.content or "" for part in litellm.completion(**asked, stream=True))
held = litellm.completion(**asked | {"max_tokens": 200, "response_format": FORM})
try:
    litellm.completion(**asked | {"model": "openai/none"})
    refused = ""
except litellm.NotFoundError as error:
    refused = str(error)
said = {
    "told": told.choices[0].message.content,
    "streamed": streamed,
    "usage": told.usage.completion_tokens,
    "structured": json.loads(held.choices[0].message.content),
    "at_once": asyncio.run(together()),
    "refused": refused,
}
print(json.dumps(said))
