"""Programs of others against `privity proxy`, unchanged but for the address: LangChain's chat model, and LiteLLM.

They and what they bring weigh some 390 MB and take most of a minute to install, so they are not among what the tests
need: `requirements/programs.lock` has them. PRIVITY_PROGRAMS names the Python that has them; without it and where the
tests' own has them not, these tests are skipped. Each runs in a process of its own.
"""

import importlib.util
import json
import os
import subprocess
import sys
from collections.abc import Iterator

import pytest
from proxied import Proxied, proxied
from served import Served

pytestmark = [pytest.mark.system, pytest.mark.slow]
LANGCHAIN = """
import asyncio, json, os
from langchain_core.messages import AIMessage, HumanMessage, SystemMessage
from langchain_openai import ChatOpenAI
model = ChatOpenAI(model="tiny", temperature=0, seed=1, max_tokens=12, timeout=120)
asked = [SystemMessage("Be brief"), HumanMessage("Hello")]
told = model.invoke(asked)
pieces = list(model.stream(asked))
again = model.invoke([*asked, told, HumanMessage("And then?")])
schema = {"title": "Answer", "type": "object", "properties": {"yes": {"type": "boolean"}}, "required": ["yes"],
          "additionalProperties": False}
structured = ChatOpenAI(model="tiny", max_tokens=200).with_structured_output(schema, method="json_schema", strict=True)
batch = asyncio.run(model.abatch([asked] * 4))
try:
    ChatOpenAI(model="tiny", max_retries=0, model_kwargs={"extra_body": {"invented": 1}}).invoke("Hello")
    refused = ""
except Exception as error:
    refused = str(error)
print(json.dumps({"told": told.content, "streamed": "".join(piece.content for piece in pieces),
    "usage": told.usage_metadata["output_tokens"], "grown": again.usage_metadata["input_tokens"],
    "before": told.usage_metadata["input_tokens"], "structured": structured.invoke("Hello"),
    "batch": len({one.content for one in batch}), "refused": refused}))
"""
LITELLM = """
import json, os
import litellm
litellm.telemetry = False
asked = [{"role": "user", "content": "Hello"}]
more = dict(model="openai/tiny", messages=asked, temperature=0, seed=1, max_tokens=12, num_retries=0,
    api_base=os.environ["OPENAI_BASE_URL"], api_key=os.environ["OPENAI_API_KEY"])
told = litellm.completion(**more)
pieces = [part.choices[0].delta.content or "" for part in litellm.completion(**more, stream=True)]
try:
    litellm.completion(**(more | {"model": "openai/none"}))
    refused = ""
except litellm.NotFoundError as error:
    refused = str(error)
print(json.dumps({"told": told.choices[0].message.content, "streamed": "".join(pieces),
    "usage": told.usage.completion_tokens, "refused": refused}))
"""
PYTHON = os.environ.get("PRIVITY_PROGRAMS", sys.executable)
INSTALL = "not installed: requirements/programs.lock has it"


def missing(module: str) -> bool:
    """Whether the Python of the programs has no such module."""
    if sys.executable == PYTHON:
        return importlib.util.find_spec(module) is None
    seek = f"import importlib.util, sys; sys.exit(importlib.util.find_spec({module!r}) is None)"
    return subprocess.run([PYTHON, "-c", seek], check=False).returncode != 0


@pytest.fixture(scope="module")
def proxy(tmp_path_factory: pytest.TempPathFactory, small_model) -> Iterator[Proxied]:
    served = Served(tmp_path_factory.mktemp("served"), small_model)
    try:
        served.start()
        with proxied(served, "--profile", "p0") as made:
            yield made
    finally:
        served.stop()


def said_by(program: str, proxy: Proxied) -> dict:
    """What a program prints that knows an address and a key, and asks nobody else."""
    environment = os.environ | {"OPENAI_BASE_URL": proxy.base_url, "OPENAI_API_KEY": proxy.key}
    environment |= {"LITELLM_LOCAL_MODEL_COST_MAP": "True", "LANGSMITH_TRACING": "false"}
    done = subprocess.run(
        [PYTHON, "-c", program], env=environment, capture_output=True, text=True, timeout=240, check=False
    )
    assert done.returncode == 0, done.stderr[-3000:]
    return json.loads(done.stdout.splitlines()[-1])


@pytest.mark.skipif(missing("langchain_openai"), reason=INSTALL)
def test_langchains_chat_model(proxy: Proxied) -> None:
    said = said_by(LANGCHAIN, proxy)
    assert said["told"]
    assert said["streamed"] == said["told"]
    assert (said["usage"], said["batch"]) == (12, 1)
    assert said["grown"] > said["before"]
    assert said["structured"].keys() == {"yes"}
    assert "invented" in said["refused"]


@pytest.mark.skipif(missing("litellm"), reason=INSTALL)
def test_litellm(proxy: Proxied) -> None:
    said = said_by(LITELLM, proxy)
    assert said["told"]
    assert (said["streamed"], said["usage"]) == (said["told"], 12)
    assert "No verified node offers" in said["refused"]
