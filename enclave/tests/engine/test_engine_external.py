"""Servers beside the node: refused when unsafe, never told more than they need, and misbehaving in every way."""

import asyncio
import json

import pytest
from engine_fakes import (
    ANSWER,
    DONE,
    PATIENT,
    FakeEngine,
    asked,
    chat,
    error_of,
    event,
    everything,
    finish,
    playing,
    refusing,
    settings,
    stream,
    text,
    usage,
)
from privity_enclave.engine import adapter as adapters
from privity_enclave.engine import request
from privity_enclave.engine.adapter import Adapter, Deadlines
from privity_enclave.engine.interface import EngineError
from privity_enclave.engine.profiles import PROFILES
from privity_enclave.engine.serving import open_engines
from privity_enclave.failure import StartFailed
from privity_protocol.lines import Done, Text, Usage

LISTED = (200, {"data": [{"id": "m"}]})
ROUTES = {
    "vllm": {"/version": (200, {"version": "0.33.0"}), "/v1/models": LISTED},
    "sglang": {"/get_server_info": (200, {"version": "0.5.23", "log_requests": False}), "/v1/models": LISTED},
    "llama-server": {"/props": (200, {"build_info": "b10605", "total_slots": 2}), "/slots": (501, {})},
    "ollama": {"/api/version": (200, {"version": "0.21.0"}), "/v1/models": LISTED},
}
KEYS = {
    "vllm": lambda body: (body["cache_salt"],) * 2,
    "sglang": lambda body: (body["cache_salt"],) * 2,
    # What a slot computed stays in it, whether or not the next request may look at it.
    "llama-server": lambda body: (body["id_slot"] if body["cache_prompt"] else None, body["id_slot"]),
    "ollama": lambda body: (None, None),
}
OUTSIDE = {"id": "m", "file": None}


def fake(profile: str, **members) -> FakeEngine:
    members.setdefault("routes", dict(ROUTES[profile]))
    members.setdefault("cache_keys", KEYS[profile])
    return FakeEngine(**members)


def opened(server: FakeEngine, profile: str, tmp_path, slots: int | None = None):
    slots = slots or (1 if profile == "ollama" else 2)
    configured = settings(OUTSIDE | {"slots": slots}, kind="external", profile=profile, url=server.url)
    return open_engines(configured, {}, run_dir=tmp_path)


def refusal(server: FakeEngine, profile: str, tmp_path) -> str:
    async def go() -> str:
        async with server:
            with pytest.raises(StartFailed) as caught:
                await opened(server, profile, tmp_path).start()
            assert caught.value.reason == "engine"
            return caught.value.detail

    return asyncio.run(go())


@pytest.mark.parametrize("profile", ROUTES)
def test_every_profile_starts_and_answers(profile: str, tmp_path) -> None:
    async def go() -> None:
        async with fake(profile) as server:
            engines = opened(server, profile, tmp_path)
            await engines.start()
            assert await everything(engines.engines["m"].chat(asked(1))) == [Text("a"), Usage(38, 0, 1), Done("length")]
            assert engines.network is None
            await engines.close()
            await engines.close()

    asyncio.run(go())


@pytest.mark.parametrize("profile", [name for name in ROUTES if name != "ollama"])
def test_the_same_owner_finds_its_prompt_again_and_another_does_not(profile: str, tmp_path) -> None:
    async def go() -> None:
        async with fake(profile) as server:
            engines = opened(server, profile, tmp_path)
            await engines.start()

            async def cached(owner: int) -> int:
                events = await everything(engines.engines["m"].chat(asked(owner, "x" * 1500)))
                return next(found.cached for found in events if isinstance(found, Usage))

            assert await cached(1) == 0
            assert await cached(1) > 1500
            assert await cached(2) == 0
            assert await cached(1) > 1500
            await engines.close()

    asyncio.run(go())


@pytest.mark.parametrize("profile", [name for name in ROUTES if name != "ollama"])
def test_an_engine_that_shares_its_cache_is_refused(profile: str, tmp_path) -> None:
    assert "tokens of another" in refusal(fake(profile, cache_keys=lambda body: (0, 0)), profile, tmp_path)


def test_an_engine_that_counts_no_tokens_is_refused(tmp_path) -> None:
    server = fake("vllm", script=playing(text("a") + finish() + DONE))
    assert "does not answer: crashed" in refusal(server, "vllm", tmp_path)


@pytest.mark.parametrize("version", ["0.32.9", "0.33.0rc1", "0.33.0.dev4", "0.9.99", "v0.33.0", "", "1", "0.33.0\n"])
def test_vllm_below_its_floor_is_refused(version: str, tmp_path) -> None:
    routes = ROUTES["vllm"] | {"/version": (200, {"version": version})}
    assert "is not vllm >=0.33.0" in refusal(fake("vllm", routes=routes), "vllm", tmp_path)


@pytest.mark.parametrize("version", ["0.33.0", "0.33.1+cu129", "0.34.0.post1", "1.0.0"])
def test_vllm_from_its_floor_on_is_accepted(version: str, tmp_path) -> None:
    async def go() -> None:
        async with fake("vllm", routes=ROUTES["vllm"] | {"/version": (200, {"version": version})}) as server:
            engines = opened(server, "vllm", tmp_path)
            await engines.start()
            await engines.close()

    asyncio.run(go())


def test_sglang_below_its_floor_is_refused(tmp_path) -> None:
    routes = ROUTES["sglang"] | {"/get_server_info": (200, {"version": "0.5.22", "log_requests": False})}
    assert "is not sglang" in refusal(fake("sglang", routes=routes), "sglang", tmp_path)


@pytest.mark.parametrize("info", [{"version": "0.5.23", "log_requests": True}, {"version": "0.5.23"}])
def test_sglang_that_logs_requests_is_refused(info: dict, tmp_path) -> None:
    routes = ROUTES["sglang"] | {"/get_server_info": (200, info)}
    assert "log_requests" in refusal(fake("sglang", routes=routes), "sglang", tmp_path)


@pytest.mark.parametrize("slots", [1, 3, None])
def test_llama_server_with_other_slots_is_refused(slots: int | None, tmp_path) -> None:
    routes = ROUTES["llama-server"] | {"/props": (200, {"build_info": "b1", "total_slots": slots})}
    assert "2 slots" in refusal(fake("llama-server", routes=routes), "llama-server", tmp_path)


def test_llama_server_that_shows_its_slots_is_refused(tmp_path) -> None:
    routes = ROUTES["llama-server"] | {"/slots": (200, [])}
    assert "/slots" in refusal(fake("llama-server", routes=routes), "llama-server", tmp_path)


@pytest.mark.parametrize("listed", [(200, {"data": [{"id": "other"}]}), (200, []), (200, {"data": [4]}), (404, {})])
def test_a_server_of_another_model_is_refused(listed: tuple, tmp_path) -> None:
    assert "does not serve m" in refusal(fake("vllm", routes=ROUTES["vllm"] | {"/v1/models": listed}), "vllm", tmp_path)


@pytest.mark.parametrize("answer", [(404, {}), (200, []), (200, {"version": 33}), (302, {"version": "0.33.0"})])
def test_a_server_that_does_not_tell_its_version_is_refused(answer: tuple, tmp_path) -> None:
    assert "version" in refusal(fake("vllm", routes=ROUTES["vllm"] | {"/version": answer}), "vllm", tmp_path)


def test_a_version_that_is_not_json_is_refused(tmp_path) -> None:
    async def go() -> None:
        async with fake("vllm") as server:
            adapter = await server.adapter()
            server.routes["/version"] = (200, {"version": float("nan")})
            assert await adapter.ask("/version") == (200, None)
            await adapter.close()

    asyncio.run(go())


def test_no_server_is_refused(tmp_path) -> None:
    server = fake("vllm")
    server.url = "http://127.0.0.1:1"

    async def go() -> None:
        with pytest.raises(StartFailed, match="does not answer"):
            await opened(server, "vllm", tmp_path).start()

    asyncio.run(go())


def test_ollama_is_for_one_user_only(tmp_path) -> None:
    server = fake("ollama")
    server.url = "http://127.0.0.1:1"
    with pytest.raises(StartFailed, match="single user"):
        opened(server, "ollama", tmp_path, slots=2)


def body() -> bytes:
    return request.body(chat(), PROFILES["vllm"], model="m", context=2048, isolation={})


def outcome(script, *, deadlines: Deadlines = PATIENT):
    """Events and error of one chat with a server that follows `script`."""

    async def go():
        async with FakeEngine(script=script) as server:
            adapter = await server.adapter(deadlines=deadlines)
            found = await error_of(adapter.chat(body()))
            await adapter.close()
            return found

    return asyncio.run(go())


def test_each_request_has_a_connection_of_its_own() -> None:
    async def go() -> None:
        async with FakeEngine(script=playing(ANSWER)) as server:
            adapter = await server.adapter()
            for _ in range(3):
                assert (await everything(adapter.chat(body())))[-1] == Done("stop")
            await adapter.close()
            assert server.connections == 3

    asyncio.run(go())


def test_engines_get_our_headers_only() -> None:
    async def go() -> None:
        async with FakeEngine(script=playing(ANSWER)) as server:
            adapter = await server.adapter(key="secret")
            await everything(adapter.chat(body()))
            await adapter.close()
            assert set(server.received[0].headers) == {
                "host",
                "accept",
                "accept-encoding",
                "authorization",
                "content-type",
                "content-length",
                "connection",
            }
            assert server.received[0].headers["authorization"] == "Bearer secret"
            assert server.received[0].headers["connection"] == "close"
            assert server.received[0].body == json.loads(body())

    asyncio.run(go())


def test_text_split_inside_a_character() -> None:
    raw = json.dumps({"choices": [{"delta": {"content": "😀"}}]}, ensure_ascii=False).encode()
    whole = b"data: " + raw + b"\n\n" + finish() + usage() + DONE

    async def go() -> None:
        async with FakeEngine(script=playing(*(whole[at : at + 1] for at in range(len(whole))))) as server:
            adapter = await server.adapter()
            assert (await everything(adapter.chat(body())))[0] == Text("😀")
            await adapter.close()

    asyncio.run(go())


def test_a_chunked_answer_that_breaks_off() -> None:
    async def script(_, writer) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n")
        piece = text("a")
        writer.write(f"{len(piece):x}\r\n".encode() + piece + b"\r\n40\r\ndata: ")
        await writer.drain()
        writer.transport.abort()

    assert [(events, error.code) for events, error in [outcome(script)]] == [([Text("a")], "crashed")]


def test_chunks_that_are_not_http() -> None:
    async def script(_, writer) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n")

    assert outcome(script)[1].code == "crashed"


def test_a_closed_connection_instead_of_an_answer() -> None:
    async def script(_, writer) -> None:
        writer.transport.abort()

    assert outcome(script)[1].code == "crashed"


def test_an_answer_without_its_end() -> None:
    events, error = outcome(playing(text("a"), finish()))
    assert (events, error.code) == ([Text("a")], "crashed")


def test_an_error_in_mid_stream() -> None:
    events, error = outcome(playing(text("a"), event(error={"message": "canary"})))
    assert (events, error.code) == ([Text("a")], "crashed")


@pytest.mark.parametrize(
    ("status", "code"), [(400, "bad_request"), (401, "unavailable"), (503, "overloaded"), (302, "unavailable")]
)
def test_refusals(status: int, code: str) -> None:
    assert outcome(refusing(status, {"error": "canary"}))[1].code == code


@pytest.mark.parametrize("path", ["/v1/chat/completions", "/version"])
def test_no_redirect_is_followed(path: str) -> None:
    async def script(_, writer) -> None:
        writer.write(b"HTTP/1.1 307 x\r\nLocation: /elsewhere\r\nContent-Length: 0\r\n\r\n")

    async def go() -> None:
        async with FakeEngine(script=script, scripted=path) as server:
            adapter = await server.adapter()
            if path == "/version":
                assert await adapter.ask(path) == (307, None)
            else:
                assert (await error_of(adapter.chat(body())))[1].code == "unavailable"
            await adapter.close()
            assert [received.path for received in server.received] == [path]

    asyncio.run(go())


def test_an_answer_that_is_no_stream() -> None:
    assert outcome(refusing(200, {"choices": []}))[1].code == "unavailable"


def test_a_refusal_is_read_only_so_far() -> None:
    sent = 0

    async def script(_, writer) -> None:
        nonlocal sent
        writer.write(b"HTTP/1.1 400 x\r\nContent-Type: application/json\r\n\r\n")
        while sent < 400 and not writer.is_closing():
            writer.write(b"x" * 65536)
            await writer.drain()
            sent += 1

    assert outcome(script)[1].code == "bad_request"
    assert sent < 400  # socket buffers hold less


ENOUGH = 1000
"""Pieces that a server without end sends at most, so that a test of a broken deadline ends as well."""


async def _repeat(writer, piece: bytes) -> None:
    for _ in range(ENOUGH):
        if writer.is_closing():
            return
        writer.write(piece)
        await writer.drain()
        await asyncio.sleep(0.005)


async def _mute(_, writer) -> None:
    await asyncio.sleep(ENOUGH * 0.005)


async def _silent(_, writer) -> None:
    await stream(writer)
    await _repeat(writer, b": ping\n\n")


async def _stalling(_, writer) -> None:
    await stream(writer, text("a"))
    await _repeat(writer, b": ping\n\n")


async def _endless(_, writer) -> None:
    await stream(writer)
    await _repeat(writer, text("a"))


@pytest.mark.parametrize(
    ("script", "deadlines"),
    [
        (_mute, Deadlines(first=0.05, idle=30, total=30)),
        (_silent, Deadlines(first=0.05, idle=30, total=30)),
        (_stalling, Deadlines(first=30, idle=0.05, total=30)),
        (_endless, Deadlines(first=30, idle=30, total=0.1)),
    ],
    ids=["no answer", "no first event", "no next event", "no end"],
)
def test_deadlines(script, deadlines: Deadlines) -> None:
    assert outcome(script, deadlines=deadlines)[1].code == "deadline"


def test_stopping_closes_the_connection() -> None:
    async def script(received, writer) -> None:
        while not writer.is_closing():
            await _endless(received, writer)

    async def go() -> None:
        async with FakeEngine(script=script) as server:
            adapter = await server.adapter()
            answer = adapter.chat(body())
            assert await anext(answer) == Text("a")
            await answer.aclose()
            await asyncio.wait_for(server.gone.wait(), 10)
            await adapter.close()

    asyncio.run(go())


def test_nothing_is_asked_through_a_closed_adapter() -> None:
    async def go() -> None:
        adapter = Adapter("http://127.0.0.1:1", key=None, context=2048, deadlines=PATIENT)
        with pytest.raises(EngineError):
            await adapter.ask("/version")
        assert (await error_of(adapter.chat(body())))[1].code == "unavailable"

    asyncio.run(go())


def test_an_answer_about_the_engine_is_bounded(monkeypatch) -> None:
    async def go() -> None:
        async with FakeEngine(routes={"/v": (200, {"version": "0" * 200})}) as server:
            adapter = await server.adapter()
            monkeypatch.setattr(adapters, "MAX_ANSWER", 100)
            assert await adapter.ask("/v") == (200, None)
            await adapter.close()

    asyncio.run(go())


def test_the_line_turns_requests_away_and_hands_slots_on(tmp_path) -> None:
    async def go() -> None:
        release = asyncio.Event()
        begun = asyncio.Queue()

        async def script(received, writer) -> None:
            if received.body.get("max_tokens") != 1:
                begun.put_nowait(received)
                await release.wait()
            await stream(writer, ANSWER)

        async with fake("llama-server", script=script) as server:
            engines = opened(server, "llama-server", tmp_path)
            await engines.start()
            engine = engines.engines["m"]
            tasks = [asyncio.create_task(everything(engine.chat(asked(owner)))) for owner in range(4)]
            await begun.get()
            await begun.get()
            waiting = [asyncio.create_task(error_of(engine.chat(asked(9)))) for _ in range(5)]
            await asyncio.sleep(0)
            # The owner's share of the line is four; the fifth is told at once.
            done, _ = await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
            assert [task.result()[1].code for task in done] == ["overloaded"]
            for task in waiting:
                task.cancel()
            tasks[0].cancel()
            release.set()
            assert [(await task)[-1] for task in tasks[1:]] == [Done("stop")] * 3
            await engines.close()
        slots = [received.body["id_slot"] for received in server.received[-4:]]
        assert set(slots) <= {0, 1}

    asyncio.run(go())


def test_a_turn_that_comes_as_the_waiting_ends_goes_to_the_next(tmp_path) -> None:
    async def go() -> None:
        async with fake("llama-server") as server:
            engine = opened(server, "llama-server", tmp_path, slots=1).engines["m"]
            first = await engine._lease(b"a" * 32)
            second = asyncio.create_task(engine._lease(b"b" * 32))
            third = asyncio.create_task(engine._lease(b"c" * 32))
            await asyncio.sleep(0)
            engine._release(first)
            second.cancel()
            assert (await asyncio.wait_for(third, 10)).slot == 0

    asyncio.run(go())


def test_waiting_has_an_end(tmp_path, monkeypatch) -> None:
    monkeypatch.setattr("privity_enclave.engine.serving.LINE_SECONDS", 0.01)

    async def go() -> None:
        async with fake("llama-server") as server:
            engine = opened(server, "llama-server", tmp_path, slots=1).engines["m"]
            lease = await engine._lease(b"a" * 32)
            async with asyncio.timeout(5):
                with pytest.raises(EngineError, match="overloaded"):
                    await engine._lease(b"b" * 32)
            engine._release(lease)
            assert await engine._lease(b"b" * 32)

    asyncio.run(go())
