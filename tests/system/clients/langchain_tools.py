"""LangChain's chat model calls a tool, hands its result back, and leaves an answer that would not end."""

import json

from langchain_core.messages import HumanMessage, ToolMessage
from langchain_core.tools import tool
from langchain_openai import ChatOpenAI


@tool
def look(at: str) -> str:
    """Look at something."""
    return f"A {at}."


ASKED = [HumanMessage("Hello")]
model = ChatOpenAI(model="random", timeout=120, max_retries=0)
called = model.bind_tools([look], tool_choice="required")
told = called.invoke(ASKED)
result = look.invoke(told.tool_calls[0])
assert isinstance(result, ToolMessage)
pieces = list(called.stream([*ASKED, told, result]))
whole = pieces[0]
for piece in pieces[1:]:
    whole += piece
stream = model.stream("Speak without end")
first = next(piece.content for piece in stream if piece.content)
stream.close()
said = {"called": told.tool_calls[0], "streamed": whole.tool_calls[0], "first": first}
print(json.dumps(said), flush=True)
input()  # It lives on until the engine was left: its end would close the connection too.
