"""Answers on the wire: the clock, the ladder, the chain of sessions, resume, stop, and every way to fail."""

import asyncio
from dataclasses import replace
from typing import Any

import pytest
from enclave_fakes import MODEL, Rig, answer_of, chat_body, run, settle
from privity_enclave import node, wire
from privity_enclave.engine.interface import EngineError
from privity_protocol import evidence
from privity_protocol.application import INNER_ERRORS, Seen
from privity_protocol.limits import CHAIN_RUNS
from privity_protocol.lines import Done, Logprobs, Reasoning, Text, Tool, Usage
from privity_protocol.response import Next

CODES = {name: code for code, name in INNER_ERRORS.items()}
HI = [Text("Hi"), Usage(3, 0, 1), Done("stop")]


def test_records_leave_on_the_clock_from_acceptance_to_the_rung() -> None:
    async def body() -> None:
        rig = Rig()
        rig.engine.script = [Text("a"), 0.73, Text("b"), 0.001, Text("c"), *HI]
        reply = await rig.ask(await rig.hello(), body=chat_body()).read()
        assert reply.times == [round(0.1 * count, 6) for count in range(1, 21)]
        assert {len(part) for _, part in reply.exchange.parts[1:]} == {512}

    run(body())


@pytest.mark.parametrize(
    "script",
    [
        [*HI],
        [0.05] * 20 + HI,
        [Text("x")] * 50 + HI,
        [1.8, *HI],
        [EngineError("overloaded")],
        [1.0, EngineError("crashed")],
    ],
)
def test_the_trace_of_sizes_and_times_is_the_same_for_all_answers_of_a_rung(script: list[object]) -> None:
    async def body() -> None:
        rig = Rig()
        rig.engine.script = script
        reply = await rig.ask(await rig.hello(), body=chat_body()).read()
        trace = [(time, len(part)) for time, (_, part) in zip(reply.times, reply.exchange.parts[1:], strict=True)]
        assert trace == [(round(0.1 * count, 6), 512) for count in range(1, 21)]

    run(body())


def test_a_longer_answer_reaches_the_next_rung() -> None:
    async def body() -> None:
        rig = Rig()
        rig.engine.script = [2.5, *HI]
        reply = await rig.ask(await rig.hello(), body=chat_body()).read()
        assert len(reply.events) == 30

    run(body())


def test_text_is_gathered_into_one_line_a_tick_whatever_the_tokens() -> None:
    async def body() -> None:
        rig = Rig()
        words = [step for number in range(40) for step in (Text(f"w{number} "), 0.01)]
        rig.engine.script = [*words, *HI]
        reply = await rig.ask(await rig.hello(), body=chat_body()).read()
        assert answer_of(reply) == "".join(f"w{number} " for number in range(40)) + "Hi"
        assert 4 <= sum(isinstance(line, Text) for line in reply.lines) <= 6

    run(body())


def test_kinds_of_lines_keep_their_order() -> None:
    async def body() -> None:
        rig = Rig()
        rig.engine.script = [Reasoning("hm"), Text("a"), Tool(0, "call", "find", "{"), Tool(0, "", "", "}"), *HI]
        reply = await rig.ask(await rig.hello(), body=chat_body()).read()
        assert reply.lines == [
            Reasoning("hm"), Text("a"), Tool(0, "call", "find", "{"), Tool(0, "", "", "}"), *HI
        ]  # fmt: skip

    run(body())


def test_log_probabilities_are_gathered_beside_the_text() -> None:
    async def body() -> None:
        rig = Rig()
        token = Logprobs(["YQ"] * 21, [5] * 21, [20])
        rig.engine.script = [Text("a"), token] * 9 + [0.15, Text("b"), Logprobs(["Yg"], [7], [0]), *HI]
        reply = await rig.ask(await rig.hello(), body=chat_body(logprobs=True), prof="p0").read()
        four, one = Logprobs(["YQ"] * 84, [5] * 84, [20] * 4), token
        assert reply.lines == [
            Text("aaaaaaaaa"), four, four, one, Text("bHi"), Logprobs(["Yg"], [7], [0]), *HI[1:]
        ]  # fmt: skip

    run(body())


def test_without_a_clock_text_leaves_as_it_comes() -> None:
    async def body() -> None:
        rig = Rig()
        rig.engine.script = [0.2, Text("a"), 0.35, Text("b"), *HI]
        reply = await rig.ask(await rig.hello(), body=chat_body(), prof="p0").read()
        assert [time for time in reply.times if time] == [0.2, 0.55]
        assert {len(part) % 1024 for _, part in reply.exchange.parts[1:]} == {0}
        assert answer_of(reply) == "abHi"

    run(body())


def test_the_strict_profile_has_its_own_ladder() -> None:
    async def body() -> None:
        rig = Rig()
        rig.engine.script = HI
        reply = await rig.ask(await rig.hello(), body=chat_body(), prof="p2").read()
        assert len(reply.events) == 100

    run(body())


def test_a_model_that_outruns_its_records_gets_larger_ones_from_the_next_answer_on() -> None:
    async def body() -> None:
        rig = Rig()
        rig.engine.script = [Text("x" * 60_000), *HI]
        first = await rig.ask(await rig.hello(), body=chat_body()).read()
        assert {len(part) for _, part in first.exchange.parts[1:]} == {512}
        rig.engine.script = HI
        second = await rig.ask(await rig.hello(), body=chat_body()).read()
        assert {len(part) for _, part in second.exchange.parts[1:]} == {node.FAST_RECORD}
        assert (await rig.ask(await rig.hello(), op="models").read()).exchange.parts[1][1].__len__() == 512

    run(body())


def test_every_answer_names_the_next_session_and_chains_have_an_end() -> None:
    async def body() -> None:
        rig = Rig()
        rig.engine.script = HI
        session = await rig.hello()
        for position in range(CHAIN_RUNS):
            reply = await rig.ask(session, body=chat_body(), prof="p0").read()
            last = position == CHAIN_RUNS - 1
            assert (reply.session is None) == last
            if reply.session is not None:
                session = reply.session
        assert len({request.owner for request in rig.engine.requests}) == 1
        await rig.ask(await rig.hello(), body=chat_body(), prof="p0").read()
        assert len({request.owner for request in rig.engine.requests}) == 2

    run(body())


def test_a_chain_ends_after_an_hour_and_with_its_key() -> None:
    async def body() -> None:
        rig = Rig()
        rig.engine.script = HI
        reply = await rig.ask(await rig.hello(), body=chat_body(), prof="p0").read()
        for _ in range(6):
            assert reply.session is not None
            rig.skip(595)
            reply = await rig.ask(reply.session, body=chat_body(), prof="p0").read()
        assert [event.ttl < 600 for event in reply.events if isinstance(event, Next)] == [True]
        rig.skip(40)
        assert reply.session is not None
        assert (await rig.ask(reply.session, body=chat_body()).exchange.done()).status == 404

    run(body())


@pytest.mark.parametrize(
    ("header", "body_", "code", "words"),
    [
        ({"prof": "p1"}, b"", "bad_request", "not_json"),
        ({}, chat_body(stream=False), "bad_request", "stream"),
        ({}, chat_body(cache_salt="a"), "bad_request", "cache_salt"),
        ({}, chat_body(model="another"), "model_unavailable", "does not have that model"),
        ({"tok": (b"token",)}, chat_body(), "token_invalid", "costs 0 tokens"),
        ({"receipt": True, "op": "models"}, b"", "bad_request", "receipt"),
        ({"op": "embed"}, b"{}", "bad_request", "model is missing"),
        ({"op": "report"}, b"", "bad_request", "does not offer the operation"),
        ({"op": "resume", "from_": 0}, b"", "resume_gone", "not kept"),
        ({}, chat_body("x" * 300_000), "bad_request", "300"),
    ],
)
def test_a_request_that_cannot_be_answered_says_why_inside(
    header: dict[str, Any], body_: bytes, code: str, words: str
) -> None:
    async def body() -> None:
        rig = Rig()
        reply = await rig.ask(await rig.hello(), body=body_, **header).read()
        assert reply.error is not None
        assert reply.error.code == CODES[code]
        assert words in reply.error.text
        assert (reply.application, len(reply.events)) == (b"", 20)
        assert reply.session is not None

    run(body())


def test_a_profile_that_the_configuration_does_not_offer_is_refused_in_the_default_shape() -> None:
    async def body() -> None:
        rig = Rig({"profiles": ["p2"]})
        reply = await rig.ask(await rig.hello(), body=chat_body(), prof="p0").read()
        assert reply.error is not None
        assert len(reply.events) == 100

    run(body())


@pytest.mark.parametrize(
    ("error", "code", "words"),
    [
        (EngineError("context_overflow", limit=2048, asked=3000), "bad_request", "3000 tokens asked, 2048 allowed"),
        (EngineError("context_overflow", limit=2048), "bad_request", "2048 allowed"),
        (EngineError("bad_request", field="tools"), "bad_request", "tools"),
        (EngineError("overloaded"), "overloaded", "busy"),
        (EngineError("unavailable"), "model_unavailable", "not available"),
        (EngineError("crashed"), "model_unavailable", "restarted"),
        (EngineError("deadline"), "internal", "too long"),
        (RuntimeError("secret prompt"), "internal", "failed"),
        (KeyError("secret prompt"), "internal", "failed"),
    ],
)
def test_an_engine_that_fails_is_told_by_code_and_without_a_word_of_the_prompt(
    error: Exception, code: str, words: str
) -> None:
    async def body() -> None:
        rig = Rig()
        rig.engine.script = [Text("begun"), error]
        reply = await rig.ask(await rig.hello(), body=chat_body("secret prompt")).read()
        assert reply.lines == [Text("begun")]
        assert reply.error is not None
        assert (reply.error.code, words in reply.error.text) == (CODES[code], True)
        assert "secret" not in reply.error.text

    run(body())


def test_an_engine_that_stops_without_a_word_and_one_that_never_stops_are_ended() -> None:
    async def body() -> None:
        rig = Rig(answer_seconds=3)
        for script, words in (([Text("a")], "without saying"), ([Text("a"), 1000], "longer than 3 s")):
            rig.engine.script = script
            reply = await rig.ask(await rig.hello(), body=chat_body()).read()
            assert reply.error is not None
            assert words in reply.error.text
        assert rig.engine.running == 0

    run(body())


@pytest.mark.parametrize(("others", "gathered"), [(0, 0.025), (7, 0.1), (40, 0.2)])
def test_without_a_clock_first_and_last_words_leave_at_once_and_the_rest_at_moments_that_all_share(
    others: int, gathered: float
) -> None:
    async def body() -> None:
        rig = Rig()
        rig.node.gate.running += others
        gap = 0.0051  # of the words; no multiple of it is a shared moment
        rig.engine.script = [0.507, *[Text("word"), gap] * 100, *HI]
        loop = asyncio.get_running_loop()
        session = await rig.hello()
        began = loop.time()
        reply = await rig.ask(session, body=chat_body(), prof="p0").read()
        (first, *between, last) = [at for at, part in reply.exchange.parts if at > began and part]
        assert first == pytest.approx(began + 0.507)
        assert last == pytest.approx(began + 0.507 + 100 * gap)
        assert len(between) == pytest.approx(100 * gap / gathered, abs=1)
        for at in between:
            assert at / gathered == pytest.approx(round(at / gathered))
        assert answer_of(reply) == "word" * 100 + "Hi"

    run(body())


def test_models_are_told_as_the_document_of_the_bundle() -> None:
    async def body() -> None:
        rig = Rig()
        reply = await rig.ask(await rig.hello(), op="models").read()
        (text, done) = reply.lines
        assert isinstance(text, Text)
        assert text.d.encode() == evidence.decode(rig.keys.find(rig.kid).bundle).items["models"].data
        assert done == Done("stop")

    run(body())


@pytest.mark.parametrize("prof", ["p0", "p1"])
def test_a_reader_that_stops_reading_is_cut_off(prof: str) -> None:
    async def body() -> None:
        rig = Rig()
        rig.engine.script = [Text("a"), 0.2, *[Text("x" * 5000), 0.1] * 300, *HI]
        reply = rig.ask(await rig.hello(), body=chat_body(), prof=prof)
        await settle(0.5)
        reply.exchange.stalled = True
        await settle(wire.SLOW_READER + 1)
        assert reply.exchange.aborted
        assert (rig.engine.running, rig.node.gate.running) == (0, 0)
        await reply.exchange.done()

    run(body())


def test_a_reader_that_is_slow_for_a_moment_gets_everything_on_the_old_schedule() -> None:
    async def body() -> None:
        rig = Rig()
        rig.engine.script = [Text("a"), 0.5, *HI]
        reply = rig.ask(await rig.hello(), body=chat_body())
        await settle(0.35)
        reply.exchange.stalled = True
        await settle(0.6)
        reply.exchange.stalled = False
        await reply.read()
        assert reply.times[-1] == 2.0
        assert answer_of(reply) == "aHi"

    run(body())


def test_many_answers_at_once_do_not_move_each_others_clock() -> None:
    async def body() -> None:
        rig = Rig()
        rig.engine.script = [0.33, Text("a"), *HI]
        replies = [rig.ask(await rig.hello(), body=chat_body()) for _ in range(50)]
        for reply in await asyncio.gather(*(reply.read() for reply in replies)):
            assert reply.times == [round(0.1 * count, 6) for count in range(1, 21)]

    run(body())


def test_a_lone_surrogate_of_a_model_does_not_end_the_answer() -> None:
    async def body() -> None:
        rig = Rig()
        rig.engine.script = [Text("a\ud800b"), *HI]
        assert answer_of(await rig.ask(await rig.hello(), body=chat_body()).read()) == "a?bHi"

    run(body())


def test_the_model_named_by_a_request_is_the_one_that_answers() -> None:
    async def body() -> None:
        rig = Rig()
        rig.engine.script = HI
        await rig.ask(await rig.hello(), body=chat_body(max_tokens=7)).read()
        (asked,) = rig.engine.requests
        assert (asked.body.model, asked.body.options) == (MODEL, {"max_tokens": 7})

    run(body())


def test_a_fault_of_ours_in_an_answer_cuts_the_connection_and_stops_the_model(
    capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    async def broken(*_: object) -> None:
        raise KeyError("secret")

    async def body() -> None:
        rig = Rig()
        rig.engine.script = [50, *HI]
        monkeypatch.setattr(node.Stream, "carry", broken)
        reply = rig.ask(await rig.hello(), body=chat_body())
        await reply.exchange.done()
        await settle()
        assert reply.exchange.aborted
        assert (rig.engine.running, rig.node.gate.running, len(rig.answers._entries)) == (0, 0, 0)

    run(body())
    written = capfd.readouterr().err
    assert '"fault":"KeyError enclave' in written or '"fault":"KeyError test_node_answers' in written
    assert "secret" not in written


@pytest.mark.parametrize("error", [OSError(), ConnectionResetError()])
def test_a_connection_that_breaks_while_it_is_written_to_is_a_lost_one(error: OSError) -> None:
    async def body() -> None:
        rig = Rig()
        rig.engine.script = [Text("a"), 50, *HI]
        reply = rig.ask(await rig.hello(), body=chat_body())
        await settle(0.25)
        reply.exchange.broken = error
        await reply.exchange.done()
        await settle()
        assert (rig.engine.running, rig.node.gate.running) == (0, 0)

    run(body())


def test_a_reader_that_goes_while_it_is_written_to_is_noticed() -> None:
    async def body() -> None:
        rig = Rig()
        rig.engine.script = [Text("a"), 50, *HI]
        reply = rig.ask(await rig.hello(), body=chat_body())
        await settle(0.35)
        reply.exchange.stalled = True
        await settle(0.2)
        reply.exchange.disconnect()
        await settle(0.2)
        reply.exchange.stalled = False
        await settle(0.6)
        assert reply.exchange.task.done()
        assert (rig.engine.running, rig.node.gate.running) == (0, 0)

    run(body())


def test_a_client_that_saw_another_history_of_the_log_is_told_so(capfd: pytest.CaptureFixture[str]) -> None:
    async def body() -> None:
        rig = Rig()
        rig.engine.script = [*HI]
        (mine,) = rig.keys.anchors()
        same, other = Seen(mine.origin, mine.size, mine.root), b"\1" * 32
        elsewhere = (replace(same, size=same.size + 1, root=other), replace(same, origin="other/log", root=other))
        for harmless in ((same,), elsewhere):
            assert answer_of(await rig.ask(await rig.hello(), body=chat_body(), seen=harmless).read()) == "Hi"
        conflict = (*elsewhere, replace(same, root=other))
        reply = await rig.ask(await rig.hello(), body=chat_body(), seen=conflict).read()
        assert reply.error is not None
        assert reply.error.code == CODES["view_conflict"]
        assert "two histories" in reply.error.text
        assert reply.application == b""

    run(body())
    assert '"event":"view_conflict","size":0' in capfd.readouterr().err
