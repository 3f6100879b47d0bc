"""A lost connection: stopped at once, or kept for a while and resumed; stop, retry, and the bounds of what is kept."""

import os
from typing import Any

import pytest
from enclave_fakes import Rig, answer_of, chat_body, run, settle
from privity_enclave.answer import Answer
from privity_protocol.application import INNER_ERRORS
from privity_protocol.limits import RESUME_BYTES
from privity_protocol.line_reader import LineReader
from privity_protocol.lines import Done, Text, Usage

CODES = {name: code for code, name in INNER_ERRORS.items()}
HI = [Text("Hi"), Usage(3, 0, 1), Done("stop")]


def test_a_disconnect_stops_the_generation_at_once() -> None:
    async def body() -> None:
        rig = Rig()
        rig.engine.script = [Text("a"), 500, *HI]
        reply = rig.ask(await rig.hello(), body=chat_body())
        await settle(0.35)
        assert rig.engine.running == 1
        reply.exchange.disconnect()
        await settle()
        assert (rig.engine.running, rig.engine.cancelled, len(rig.answers._entries), rig.node.gate.running) == (
            0,
            1,
            0,
            0,
        )
        await reply.read(whole=False)
        assert reply.lines == [Text("a")]

    run(body())


def resumable(rig: Rig) -> dict[str, Any]:
    return {"rid": os.urandom(16), "resume": True}


def test_a_lost_answer_goes_on_and_is_resumed_at_the_byte_under_fresh_keys() -> None:
    async def body() -> None:
        rig = Rig()
        rig.engine.script = [Text("one "), 0.25, Text("two "), 5, Text("three"), *HI]
        header = resumable(rig)
        first = rig.ask(await rig.hello(), body=chat_body(), **header)
        await settle(0.45)
        first.exchange.disconnect()
        await first.read(whole=False)
        rig.skip(30)
        await settle(6)
        again = await rig.ask(await rig.hello(), op="resume", rid=header["rid"], from_=len(first.application)).read()
        whole = first.application + again.application
        assert "".join(line.d for line in LineReader().feed(whole) if isinstance(line, Text)) == "one two threeHi"
        assert len(rig.engine.requests) == 1
        assert again.times == [round(0.1 * count, 6) for count in range(1, 21)]

    run(body())


def test_an_answer_that_ended_may_be_asked_for_again_from_any_byte() -> None:
    async def body() -> None:
        rig = Rig()
        rig.engine.script = HI
        header = resumable(rig)
        whole = (await rig.ask(await rig.hello(), body=chat_body(), **header).read()).application
        for offset in (0, 1, len(whole)):
            again = await rig.ask(await rig.hello(), op="resume", rid=header["rid"], from_=offset, prof="p0").read()
            assert again.application == whole[offset:]
        beyond = await rig.ask(await rig.hello(), op="resume", rid=header["rid"], from_=len(whole) + 1).read()
        assert beyond.error is not None
        assert beyond.error.code == CODES["resume_gone"]

    run(body())


def test_an_answer_is_kept_for_two_minutes_and_generated_for_one() -> None:
    async def body() -> None:
        rig = Rig()
        rig.engine.script = [Text("a"), 500, *HI]
        header = resumable(rig)
        reply = rig.ask(await rig.hello(), body=chat_body(), **header)
        await settle(0.25)
        reply.exchange.disconnect()
        await settle()
        rig.skip(59)
        await rig.turn()
        assert rig.engine.running == 1
        rig.skip(1)
        await rig.turn()
        await settle()
        assert rig.engine.running == 0
        again = await rig.ask(await rig.hello(), op="resume", rid=header["rid"], from_=0).read()
        assert again.lines == [Text("a")]
        assert again.error is not None
        assert again.error.code == CODES["resume_gone"]
        rig.skip(120)
        await rig.turn()
        assert len(rig.answers._entries) == 0

    run(body())


def test_without_resume_nothing_is_kept_and_nobody_resumes_a_running_answer() -> None:
    async def body() -> None:
        rig = Rig()
        rig.engine.script = [2, *HI]
        rid = os.urandom(16)
        reply = rig.ask(await rig.hello(), body=chat_body(), rid=rid)
        await settle(0.25)
        other = await rig.ask(await rig.hello(), op="resume", rid=rid, from_=0).read()
        assert other.error is not None
        assert (await reply.read()).lines == HI
        assert len(rig.answers._entries) == 0

    run(body())


def test_a_bounded_number_of_answers_is_kept_and_the_oldest_goes() -> None:
    async def body() -> None:
        rig = Rig(resume_answers=2)
        rig.engine.script = HI
        rids = []
        for _ in range(3):
            header = resumable(rig)
            rids.append(header["rid"])
            await rig.ask(await rig.hello(), body=chat_body(), prof="p0", **header).read()
            rig.skip(1)
        assert len(rig.answers._entries) == 2
        gone = await rig.ask(await rig.hello(), op="resume", rid=rids[0], from_=0).read()
        assert gone.error is not None
        assert (await rig.ask(await rig.hello(), op="resume", rid=rids[1], from_=0).read()).lines == HI

    run(body())


def test_a_lost_answer_holds_a_bounded_number_of_bytes_and_its_engine_waits() -> None:
    async def body() -> None:
        rig = Rig()
        rig.engine.script = [*[Text("x" * 8000)] * 200, *HI]
        header = resumable(rig)
        reply = rig.ask(await rig.hello(), body=chat_body(), **header)
        await settle(0.15)
        reply.exchange.disconnect()
        await settle(5)
        entry = rig.answers.find(header["rid"])
        assert entry is not None
        assert RESUME_BYTES < entry.answer.waiting < RESUME_BYTES + 10_000
        assert rig.engine.running == 1
        again = await rig.ask(await rig.hello(), op="resume", rid=header["rid"], from_=0, prof="p0").read()
        assert answer_of(again) == "x" * 8000 * 200 + "Hi"

    run(body())


def test_old_bytes_of_a_long_answer_are_forgotten() -> None:
    async def body() -> None:
        rig = Rig()
        rig.engine.script = [*[Text("x" * 8000)] * 100, *HI]
        header = resumable(rig)
        await rig.ask(await rig.hello(), body=chat_body(), prof="p0", **header).read()
        entry = rig.answers.find(header["rid"])
        assert entry is not None
        assert len(entry.answer._kept) <= RESUME_BYTES + 65536
        gone = await rig.ask(await rig.hello(), op="resume", rid=header["rid"], from_=0).read()
        assert gone.error is not None

    run(body())


def test_what_was_handed_out_is_kept_however_much_waits_behind_it() -> None:
    answer = Answer(resumable=True)
    for _ in range(100):
        answer.say(Text, "x" * 8000)
    assert len(answer.read(0, 2**20)) > 3 * RESUME_BYTES
    sent = 400_000
    answer.deliver(sent)
    assert answer.holds(sent - RESUME_BYTES)
    assert not answer.holds(sent - RESUME_BYTES - 1)


def test_the_place_of_a_half_open_connection_is_taken_while_the_model_is_silent() -> None:
    async def body() -> None:
        rig = Rig()
        rig.engine.script = [Text("a"), 1, Text("b"), 1, *HI]
        header = resumable(rig)
        old = rig.ask(await rig.hello(), body=chat_body(), prof="p0", **header)
        await settle(0.25)
        resuming = rig.ask(await rig.hello(), op="resume", rid=header["rid"], from_=0, prof="p0")
        await settle(0.8)
        assert old.exchange.task.done()
        assert len(resuming.exchange.body) > 2 * 1024
        assert answer_of(await resuming.read()) == "abHi"

    run(body())


def test_a_second_connection_takes_the_place_of_a_half_open_one() -> None:
    async def body() -> None:
        rig = Rig()
        rig.engine.script = [Text("a"), 1, *HI]
        header = resumable(rig)
        old = rig.ask(await rig.hello(), body=chat_body(), **header)
        await settle(0.25)
        resuming = rig.ask(await rig.hello(), op="resume", rid=header["rid"], from_=0)
        await settle(0.2)
        assert old.exchange.task.done()
        new = await resuming.read()
        await old.read(whole=False)
        assert old.error is None
        assert answer_of(new) == "aHi"
        entry = rig.answers.find(header["rid"])
        assert entry is not None
        assert entry.lost is not None

    run(body())


def test_the_same_request_tried_again_replaces_the_first_try() -> None:
    async def body() -> None:
        rig = Rig()
        rig.engine.script = [Text("a"), 50, *HI]
        header = resumable(rig)
        first = rig.ask(await rig.hello(), body=chat_body(), **header)
        await settle(0.25)
        rig.engine.script = HI
        second = await rig.ask(await rig.hello(), body=chat_body(), **header).read()
        await first.read(whole=False)
        assert second.lines == HI
        assert (rig.engine.cancelled, len(rig.answers._entries)) == (1, 1)

    run(body())


@pytest.mark.parametrize("lost", [False, True])
def test_stop_ends_a_running_and_a_kept_answer(lost: bool) -> None:
    async def body() -> None:
        rig = Rig()
        rig.engine.script = [Text("a"), 50, *HI]
        header = resumable(rig)
        reply = rig.ask(await rig.hello(), body=chat_body(), **header)
        await settle(0.25)
        if lost:
            reply.exchange.disconnect()
            await settle()
        stopped = await rig.ask(await rig.hello(), op="stop", rid=header["rid"]).read()
        assert stopped.lines == [Done("stopped")]
        assert rig.engine.running == 0
        if not lost:
            assert (await reply.read()).lines == [Text("a"), Done("stopped")]
        unknown = await rig.ask(await rig.hello(), op="stop").read()
        assert unknown.lines == [Done("stopped")]
        assert (await rig.ask(await rig.hello(), op="resume", rid=header["rid"], from_=0).read()).error is None or lost

    run(body())


def test_an_answer_with_a_reader_is_left_alone_however_long_it_takes() -> None:
    async def body() -> None:
        rig = Rig()
        rig.engine.script = [Text("a"), 2, *HI]
        reply = rig.ask(await rig.hello(), body=chat_body(), **resumable(rig))
        await settle(0.25)
        rig.skip(500)
        await rig.turn()
        assert (await reply.read()).lines == [Text("a"), *HI]

    run(body())


def test_an_answer_that_is_gone_under_its_reader_cuts_the_connection() -> None:
    async def body() -> None:
        rig = Rig()
        rig.engine.script = [Text("a"), 2, *HI]
        header = resumable(rig)
        reply = rig.ask(await rig.hello(), body=chat_body(), **header)
        await settle(0.25)
        entry = rig.answers.find(header["rid"])
        assert entry is not None
        entry.answer.erase()
        await reply.exchange.done()
        assert reply.exchange.aborted

    run(body())
