"""LangChain's chat model: what it says, streams, remembers, holds to a schema, asks at once, and how it is refused."""

import asyncio
import json

from langchain_core.messages import HumanMessage, SystemMessage
from langchain_openai import ChatOpenAI

SCHEMA = {
    "title": "Answer",
    "type": "object",
    "properties": {"yes": {"type": "boolean"}},
    "required": ["yes"],
    "additionalProperties": False,
}
ASKED = [SystemMessage("Be brief"), HumanMessage("Hello")]

model = ChatOpenAI(model="tiny", temperature=0, seed=1, max_tokens=12, timeout=120)
told = model.invoke(ASKED)
streamed = "".join(piece.content for piece in model.stream(ASKED))
again = model.invoke([*ASKED, told, HumanMessage("And then?")])
held = ChatOpenAI(model="tiny", max_tokens=200).with_structured_output(SCHEMA, method="json_schema", strict=True)
batch = asyncio.run(model.abatch([ASKED] * 4))
try:
    ChatOpenAI(model="tiny", max_retries=0, model_kwargs={"extra_body": {"invented": 1}}).invoke("Hello")
    refused = ""
except Exception as error:
    refused = str(error)
said = {
    "told": told.content,
    "streamed": streamed,
    "usage": told.usage_metadata["output_tokens"],
    "before": told.usage_metadata["input_tokens"],
    "grown": again.usage_metadata["input_tokens"],
    "structured": held.invoke("Hello"),
    "at_once": [one.content for one in batch],
    "refused": refused,
}
print(json.dumps(said))
