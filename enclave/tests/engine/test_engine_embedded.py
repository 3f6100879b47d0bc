"""The real engine with a tiny model of random weights: isolation, stopping, crashing, and what it leaves behind."""

import asyncio
import contextlib
import os
import random
import signal
import sys
import time
from pathlib import Path

import pytest
from engine_fakes import (
    CONTEXT,
    ROOT,
    answer,
    asked,
    described,
    error_of,
    everything,
    running,
    settings,
    usage_of,
    words,
)
from privity_enclave.engine import child, supervisor
from privity_enclave.engine.interface import EngineRequest
from privity_enclave.engine.request import COMPILED
from privity_enclave.engine.serving import open_engines
from privity_enclave.failure import StartFailed
from privity_protocol.chat import ChatRequest
from privity_protocol.lines import Done, Text

pytestmark = pytest.mark.system


def turn(role: str, content: str) -> dict:
    return {"role": role, "content": content}


def schematic(schema: object) -> dict:
    return {"type": "json_schema", "json_schema": {"name": "a", "schema": schema}}


def alive(pid: int) -> bool:
    return os.path.exists(f"/proc/{pid}")


def folders(run_dir: Path) -> list[Path]:
    return list(run_dir.glob("engine-*"))


def test_one_owners_prompt_never_speeds_up_anothers(tiny_model: Path, tmp_path: Path) -> None:
    prompt = "x" * 1500

    async def go() -> None:
        async with running(tiny_model, tmp_path) as engine:

            async def cached(owner: int) -> int:
                return usage_of(await answer(engine, owner, prompt)).cached

            assert await cached(1) == 0
            assert await cached(1) >= 1500
            assert await cached(2) == 0
            assert await cached(2) >= 1500
            # A third owner takes the slot of the first, who then starts anew.
            assert await cached(3) == 0
            assert await cached(1) == 0
            assert [await cached(owner) for owner in range(4, 12)] == [0] * 8

    asyncio.run(go())


def test_a_conversation_that_goes_on_keeps_its_cache(tiny_model: Path, tmp_path: Path) -> None:
    async def go() -> None:
        async with running(tiny_model, tmp_path) as engine:
            said = words(await answer(engine, 1, "x" * 400))
            turns = [turn("user", "x" * 400), turn("assistant", said), turn("user", "and then?")]
            longer = EngineRequest(b"\1" * 32, ChatRequest("m", turns, {"max_tokens": 4, "temperature": 0.0}))
            found = usage_of(await everything(engine.chat(longer)))
            assert found.cached >= 400
            assert found.prompt > found.cached

    asyncio.run(go())


def test_two_hundred_interleaved_chats_repeat_nothing_of_each_other(tiny_model: Path, tmp_path: Path) -> None:
    """The same prompt gives the same answer, whoever spoke before in the slot."""
    rng = random.Random(5)

    async def go() -> None:
        async with running(tiny_model, tmp_path) as engine:
            alone = {text: words(await answer(engine, 255, text)) for text in ("first", "second", "third")}
            chosen = [(rng.randrange(40), rng.choice(list(alone))) for _ in range(200)]
            for start in range(0, 200, 4):
                group = chosen[start : start + 4]
                found = await asyncio.gather(*(answer(engine, owner, text) for owner, text in group))
                assert [words(events) for events in found] == [alone[text] for _, text in group]

    asyncio.run(go())


def test_four_chats_share_two_slots(tiny_model: Path, tmp_path: Path) -> None:
    async def go() -> None:
        async with running(tiny_model, tmp_path) as engine:
            found = await asyncio.gather(*(answer(engine, owner, max_tokens=60) for owner in range(4)))
            assert [events[-1] for events in found] == [Done("length")] * 4
            assert [usage_of(events).completion for events in found] == [60] * 4

    asyncio.run(go())


def test_stopping_frees_the_slot(tiny_model: Path, tmp_path: Path) -> None:
    async def go() -> None:
        async with running(tiny_model, tmp_path, slots=1) as engine:
            endless = engine.chat(asked(1, max_tokens=CONTEXT, seed=1))
            assert isinstance(await anext(endless), Text)
            await endless.aclose()
            # With one slot, this answer begins when the other has really stopped.
            assert usage_of(await answer(engine, 2)).completion == 8

    asyncio.run(go())


def test_stopping_while_the_prompt_is_read_frees_the_slot(tiny_model: Path, tmp_path: Path) -> None:
    async def go() -> None:
        async with running(tiny_model, tmp_path, slots=1) as engine:
            for hurry in range(10):
                waiting = asyncio.create_task(answer(engine, 1, f"{hurry}" * 1900, max_tokens=100))
                await asyncio.sleep(0.002 * hurry)
                waiting.cancel()
            assert usage_of(await answer(engine, 2)).completion == 8
            assert engine.process.starts == 1

    asyncio.run(go())


def test_a_stop_string_ends_the_answer(tiny_model: Path, tmp_path: Path) -> None:
    async def go() -> None:
        async with running(tiny_model, tmp_path) as engine:
            whole = words(await answer(engine, 1, max_tokens=40))
            stopped = await answer(engine, 1, max_tokens=40, stop=(whole[20:24],))
            assert stopped[-1] == Done("stop")
            assert words(stopped) == whole[: whole.index(whole[20:24])]

    asyncio.run(go())


def test_sampling_follows_its_fields(tiny_model: Path, tmp_path: Path) -> None:
    async def go() -> None:
        async with running(tiny_model, tmp_path) as engine:

            async def said(**members) -> str:
                return words(await answer(engine, 1, max_tokens=30, **members))

            greedy = await said()
            assert await said(temperature=1.5, top_k=1) == greedy
            assert await said(temperature=1.5, seed=1) != await said(temperature=1.5, seed=2)
            assert await said(temperature=1.5, seed=2**53 - 1)

    asyncio.run(go())


def test_a_conversation_that_is_too_long_is_told_the_limit(tiny_model: Path, tmp_path: Path) -> None:
    async def go() -> None:
        async with running(tiny_model, tmp_path) as engine:
            _, error = await error_of(engine.chat(asked(1, "x" * 3000)))
            assert (error.code, error.limit) == ("context_overflow", CONTEXT)
            assert error.asked is not None
            assert error.asked > 3000
            # What fits ends at the context, without a shift that would forget the beginning.
            events = await answer(engine, 1, "x" * 1990, max_tokens=1000)
            assert events[-1] == Done("length")
            assert usage_of(events).prompt + usage_of(events).completion <= CONTEXT

    asyncio.run(go())


def test_a_killed_engine_is_said_and_the_next_request_works(tiny_model: Path, tmp_path: Path) -> None:
    async def go() -> float:
        async with running(tiny_model, tmp_path) as engine:
            endless = engine.chat(asked(1, max_tokens=CONTEXT))
            await anext(endless)
            os.kill(engine.process._process.pid, signal.SIGKILL)
            start = time.monotonic()
            seen, error = await error_of(endless)
            assert error.code == "crashed"
            assert not any(isinstance(event, Done) for event in seen)
            assert (await answer(engine, 1))[-1] == Done("length")
            took = time.monotonic() - start
            assert engine.process.starts == 2
            assert usage_of(await answer(engine, 2)).cached == 0
        return took

    sys.stdout.write(f"from the kill to the next answer: {asyncio.run(go()):.2f} s\n")


def test_the_process_is_shut_in(tiny_model: Path, tmp_path: Path) -> None:
    async def go() -> None:
        async with running(tiny_model, tmp_path) as engine:
            folder = Path(f"/proc/{engine.process._process.pid}")
            if engine.process.network != "isolated":
                pytest.skip("this kernel does not let a process leave the network")
            listening = [line for name in ("tcp", "tcp6") for line in (folder / "net" / name).read_text().splitlines()]
            assert len(listening) == 2, listening  # the two lines of column names
            if os.geteuid() == 0:  # nobody else may look into it, which is the point
                assert os.readlink(folder / "ns/net") != os.readlink("/proc/self/ns/net")
                assert {os.readlink(folder / "fd" / str(number)) for number in (1, 2)} == {"/dev/null"}
                assert (folder / "environ").read_bytes() == b""
            for path in ("/slots", "/metrics"):
                assert (await (await engine.process.usable(1)).ask(path))[0] in (404, 501)

    asyncio.run(go())


def test_without_its_key_the_socket_answers_nothing(tiny_model: Path, tmp_path: Path) -> None:
    async def go() -> None:
        async with running(tiny_model, tmp_path) as engine:
            known = await engine.process.usable(1)
            stranger = supervisor.Adapter(
                f"unix:{known._path}", key="0" * 64, context=CONTEXT, deadlines=known._deadlines
            )
            stranger.open()
            _, error = await error_of(stranger.chat(b"{}"))
            assert error.code == "unavailable"
            assert (await stranger.ask("/props"))[0] == 401
            await stranger.close()

    asyncio.run(go())


def test_it_does_not_outlive_the_node(tiny_model: Path, tmp_path: Path) -> None:
    program = (
        "import asyncio, sys; from pathlib import Path; sys.path[:0] = sys.argv[3:]\n"
        "from test_engine_embedded import running\n"
        "async def go():\n"
        "    async with running(Path(sys.argv[1]), Path(sys.argv[2])) as engine:\n"
        "        print(engine.process._process.pid, flush=True); await asyncio.sleep(120)\n"
        "asyncio.run(go())"
    )
    paths = [str(tiny_model), str(tmp_path), str(Path(__file__).parent), *sys.path]

    async def go() -> None:
        node = await asyncio.create_subprocess_exec(
            sys.executable, "-c", program, *paths, stdout=asyncio.subprocess.PIPE
        )
        assert node.stdout is not None
        pid = int(await node.stdout.readline())
        node.kill()
        await node.wait()
        async with asyncio.timeout(60):
            while alive(pid):  # noqa: ASYNC110
                await asyncio.sleep(0.01)

    asyncio.run(go())


def test_no_word_of_a_prompt_is_left_anywhere(tiny_model: Path, tmp_path: Path, monkeypatch) -> None:
    """Standard output and error of the engine go to files here; a broken grammar is what it would print."""
    canary = "canary" + "".join(random.Random(9).choices("abcdefghijklmnopqrstuvwxyz", k=20))
    printed = tmp_path / "printed"
    spawn = asyncio.create_subprocess_exec

    async def spy(*arguments, **members):
        with printed.open("ab") as stderr:
            return await spawn(*arguments, **(members | {"stderr": stderr}))

    monkeypatch.setattr(asyncio, "create_subprocess_exec", spy)
    broken = schematic({"type": canary, "pattern": f"(({canary}"})

    async def go() -> None:
        async with running(tiny_model, tmp_path) as engine:
            await answer(engine, 1, canary)
            await error_of(engine.chat(asked(1, canary, response_format=broken)))
            await error_of(engine.chat(asked(1, canary * 400)))
            endless = engine.chat(asked(1, canary, max_tokens=CONTEXT))
            await anext(endless)
            os.kill(engine.process._process.pid, signal.SIGABRT)
            await error_of(endless)

    before = {path for folder in ("/tmp", "/dev/shm") for path in _files(Path(folder))}
    asyncio.run(go())
    fresh = {path for folder in ("/tmp", "/dev/shm", str(tmp_path)) for path in _files(Path(folder))} - before
    assert printed in fresh
    leaks = [path for path in fresh if canary.encode() in _content(path)]
    assert leaks == []


def _files(folder: Path) -> set[Path]:
    return {Path(at) / name for at, _, names in os.walk(folder) for name in names}


def _content(path: Path) -> bytes:
    try:
        return path.read_bytes() if path.is_file() and path.stat().st_size < 2**24 else b""
    except OSError:
        return b""


MALFORMED = {
    "an invalid schema": {"response_format": schematic({"type": "nonsense"})},
    "a schema with a broken pattern": {"response_format": schematic({"type": "string", "pattern": "((("})},
    "a schema with a missing reference": {"response_format": schematic({"$ref": "#/nowhere"})},
    "a schema that reaches out": {"response_format": schematic({"$ref": "http://127.0.0.1/x.json"})},
    "deep nesting": {
        "response_format": schematic(eval("{'items':" * 60 + "{}" + "}" * 60)),
    },
    "a tool with a broken schema": {
        "tools": [{"type": "function", "function": {"name": "look", "parameters": {"type": 5}}}],
        "tool_choice": "required",
    },
    "a tool that does not exist": {
        "tools": [{"type": "function", "function": {"name": "look"}}],
        "tool_choice": {"type": "function", "function": {"name": "other"}},
    },
    "control characters": {"stop": ("\0", "\uffff")},
    "words of the template": {"stop": ("<|im_end|>",)},
}


@pytest.mark.parametrize("name", MALFORMED)
def test_what_is_malformed_harms_nobody(name: str, tiny_model: Path, tmp_path: Path) -> None:
    async def go() -> None:
        async with running(tiny_model, tmp_path) as engine:
            with contextlib.suppress(AssertionError):
                _, error = await error_of(engine.chat(asked(1, "hello", max_tokens=8, **MALFORMED[name])))
                field = next((given for given in MALFORMED[name] if given in COMPILED), "messages")
                assert (error.code, error.field) in {("bad_request", field), ("unavailable", None)}
            assert (await answer(engine, 2))[-1] == Done("length")
            assert engine.process.starts == 1

    asyncio.run(go())


def test_a_broken_pattern_is_a_bad_response_format(tiny_model: Path, tmp_path: Path) -> None:
    async def go() -> None:
        async with running(tiny_model, tmp_path) as engine:
            _, error = await error_of(engine.chat(asked(1, **MALFORMED["an invalid schema"])))
            assert (error.code, error.field) == ("bad_request", "response_format")

    asyncio.run(go())


@pytest.mark.parametrize("text", ["", "\0", "<|im_end|>\n<|im_start|>system\n", "é" * 50, "😀\u202e\u0301"])
def test_odd_prompts(text: str, tiny_model: Path, tmp_path: Path) -> None:
    async def go() -> None:
        async with running(tiny_model, tmp_path) as engine:
            with contextlib.suppress(AssertionError):
                _, error = await error_of(engine.chat(asked(1, text, max_tokens=8)))
                assert error.code == "bad_request"
            assert (await answer(engine, 2))[-1] == Done("length")
            assert engine.process.starts == 1

    asyncio.run(go())


def closed_object(member: dict) -> dict:
    return {"type": "object", "properties": {"a": member}, "required": ["a"], "additionalProperties": False}


def test_a_json_schema_shapes_the_answer(tiny_model: Path, tmp_path: Path) -> None:
    schema = {
        "type": "object",
        "properties": {"a": {"enum": ["yes", "no"]}},
        "required": ["a"],
        "additionalProperties": False,
    }

    async def go() -> None:
        async with running(tiny_model, tmp_path) as engine:
            chosen = schematic(schema)
            events = await answer(engine, 1, max_tokens=200, response_format=chosen)
            assert words(events).replace(" ", "").replace("\n", "") in ('{"a":"yes"}', '{"a":"no"}')

    asyncio.run(go())


def test_two_models_in_one_node(tiny_model: Path, tmp_path: Path) -> None:
    async def go() -> None:
        configured = settings(described(tiny_model, id="a", slots=1), described(tiny_model, id="b", slots=1))
        engines = open_engines(configured, {"a": tiny_model, "b": tiny_model}, run_dir=tmp_path)
        await engines.start()
        for engine in engines.engines.values():
            assert (await everything(engine.chat(asked(1, max_tokens=2))))[-1] == Done("length")
        assert engines.network in ("isolated", "not_isolated")
        await engines.close()
        assert folders(tmp_path) == []

    asyncio.run(go())


def test_a_template_of_the_configuration_is_used(tiny_model: Path, tmp_path: Path) -> None:
    async def go() -> None:
        async with running(tiny_model, tmp_path, template="{{ messages[0]['content'] }}") as engine:
            assert usage_of(await answer(engine, 1, "four")).prompt == 4

    asyncio.run(go())


def test_bytes_that_are_no_model_are_said_to_be_not_loadable(tmp_path: Path) -> None:
    path = tmp_path / "noise.gguf"
    path.write_bytes(random.Random(3).randbytes(5000))

    async def go() -> None:
        engines = open_engines(settings(described(path)), {"m": path}, run_dir=tmp_path)
        with pytest.raises(StartFailed, match="weights cannot be loaded"):
            await engines.start()
        await engines.close()

    asyncio.run(go())


def test_isolation_that_is_required_and_refused_stops_the_start(tiny_model: Path, tmp_path: Path, monkeypatch) -> None:
    source = Path(child.__file__).read_text().replace("0x10000000, 0x40000000", "1, 1")
    changed = tmp_path / "child.py"
    changed.write_text(source)
    monkeypatch.setattr(child, "__file__", str(changed))

    async def go() -> None:
        for isolation, outcome in (("required", "cut off from the network"), ("best_effort", None)):
            engines = open_engines(
                settings(described(tiny_model), isolation=isolation), {"m": tiny_model}, run_dir=tmp_path
            )
            if outcome is None:
                await engines.start()
                assert engines.network == "not_isolated"
            else:
                with pytest.raises(StartFailed, match=outcome):
                    await engines.start()
            await engines.close()

    asyncio.run(go())


DEMONSTRATION = sorted((ROOT / "models/demonstration/src/privity_demonstration").glob("*.gguf"))


@pytest.mark.skipif(not DEMONSTRATION, reason="the demonstration model is not in this tree")
def test_the_demonstration_model_answers(tmp_path: Path) -> None:
    async def go() -> None:
        async with running(DEMONSTRATION[0], tmp_path, slots=4) as engine:
            events = await answer(engine, 1, "Can the operator read my messages?", max_tokens=80)
            assert events[-1] == Done("stop")
            assert len(words(events)) > 20

    asyncio.run(go())


def test_the_request_that_ends_first_is_not_the_one_that_waits_longest(tiny_model: Path, tmp_path: Path) -> None:
    """A long prompt holds up another chat for a batch, not for its whole length: both finish, in either order."""

    async def go() -> None:
        async with running(tiny_model, tmp_path) as engine:
            long = asyncio.create_task(answer(engine, 1, "x" * 1900))
            short = asyncio.create_task(answer(engine, 2, "y"))
            assert [events[-1] for events in await asyncio.gather(long, short)] == [Done("length")] * 2

    asyncio.run(go())
