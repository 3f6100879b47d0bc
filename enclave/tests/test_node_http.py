"""HELLO, RUN and the other routes: what each message gets, and that a message is worth one answer at most."""

import asyncio
import os
from typing import Any

import pytest
from enclave_fakes import Reply, Rig, chat_body, hello, run, sealed, settle
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from privity_enclave import http
from privity_protocol import binding, hpke_sender, kdf, labels, xwing
from privity_protocol.admission import OuterError
from privity_protocol.application import RequestHeader
from privity_protocol.limits import REQUEST_RECORD
from privity_protocol.lines import Done, Text
from privity_protocol.request import encode_request
from privity_protocol.request_envelope import hello_header
from privity_protocol.run import begin_run

OUTER = {error.value for error in OuterError}
SAID = [Text("Hi"), Done("stop")]


def flipped(data: bytes, at: int) -> bytes:
    return data[:at] + bytes([data[at] ^ 1]) + data[at + 1 :]


def test_a_hello_is_answered_in_its_fixed_size_and_opens_a_session() -> None:
    async def body() -> None:
        rig = Rig()
        sent, request = hello(rig.document)
        answer = await rig.post("/ec1/hello", request[:1000], request[1000:])
        assert (answer.status, len(answer.body)) == (200, 1432)
        assert answer.headers["cache-control"] == "no-store, no-transform"
        assert answer.headers["content-type"] == "application/vnd.privity.ec1"
        assert sent.finish(answer.body).ttl == 120

    run(body())


def hello_cases() -> dict[str, Any]:
    return {
        "empty": (lambda m: b"", 400),
        "one byte short": (lambda m: m[:-1], 400),
        "one byte long": (lambda m: m + b"\0", 400),
        "much too long": (lambda m: m * 50, 400),
        "another magic": (lambda m: b"EC2" + m[3:], 400),
        "another version": (lambda m: m[:3] + b"\x02" + m[4:], 400),
        "another suite": (lambda m: m[:4] + b"\x00\x02" + m[6:], 400),
        "a reserved byte of the header": (lambda m: m[:15] + b"\x01" + m[16:], 400),
        "another key id": (lambda m: flipped(m, 6), 410),
        "a changed encapsulation": (lambda m: flipped(m, 16), 400),
        "a changed X25519 half": (lambda m: flipped(m, 16 + 1119), 400),
        "a changed sealed part": (lambda m: flipped(m, 16 + 1120), 400),
        "a changed tag": (lambda m: flipped(m, 2431), 400),
    }


@pytest.mark.parametrize("name", hello_cases())
def test_a_bad_hello_gets_its_outer_error_and_no_word(name: str) -> None:
    change, status = hello_cases()[name]

    async def body() -> None:
        rig = Rig()
        answer = await rig.post("/ec1/hello", change(hello(rig.document)[1]))
        assert (answer.status, answer.body) == (status, b"")
        assert len(rig.node._sessions) == 0

    run(body())


def test_a_hello_for_another_document_with_the_same_key_id_is_refused() -> None:
    """A document of equal hash prefix: 8 bytes route, the whole hash is in the key schedule."""

    async def body() -> None:
        rig = Rig()
        request = hello(rig.document)[1]
        header = request[:16]
        info = labels.HELLO_INFO + header + b"\x07" * 32
        key = binding.decode(rig.document).pk
        enc, context = hpke_sender.setup_base_s(key, info, encapsulate=xwing.encapsulate)
        forged = header + enc + context.seal(b"", xwing.generate().public_key + bytes(64))
        assert (await rig.post("/ec1/hello", forged)).status == 400

    run(body())


def test_a_reserved_byte_inside_the_sealed_hello_is_refused() -> None:
    async def body() -> None:
        rig = Rig()
        digest = kdf.sha256(rig.document)
        header = hello_header(digest[:8])
        key = binding.decode(rig.document).pk
        for reserved, status in ((bytes(64), 200), (bytes(63) + b"\x01", 400)):
            enc, context = hpke_sender.setup_base_s(
                key, labels.HELLO_INFO + header + digest, encapsulate=xwing.encapsulate
            )
            request = header + enc + context.seal(b"", xwing.generate().public_key + reserved)
            assert (await rig.post("/ec1/hello", request)).status == status

    run(body())


def test_a_run_is_answered_and_its_session_is_used_up() -> None:
    async def body() -> None:
        rig = Rig()
        rig.engine.script = SAID
        session = await rig.hello()
        request = sealed(session)
        first = await rig.post("/ec1/run", request)
        assert first.status == 200
        assert (await rig.post("/ec1/run", request)).status == 404

    run(body())


def test_a_late_request_finds_no_session() -> None:
    async def body() -> None:
        rig = Rig()
        early, late = sealed(await rig.hello()), sealed(await rig.hello())
        rig.skip(119)
        assert (await rig.post("/ec1/run", early)).status == 200
        rig.skip(1)
        assert (await rig.post("/ec1/run", late)).status == 404

    run(body())


def test_of_many_tasks_with_one_session_one_is_answered() -> None:
    async def body() -> None:
        rig = Rig()
        rig.engine.script = SAID
        request = sealed(await rig.hello())
        answers = await asyncio.gather(*(rig.post("/ec1/run", request) for _ in range(6)))
        assert sorted(answer.status for answer in answers) == [200, 404, 404, 404, 404, 404]

    run(body())


def run_cases() -> dict[str, Any]:
    first = 32 + 32
    second = first + REQUEST_RECORD
    return {
        "empty": (lambda m: b"", 400),
        "half a header": (lambda m: m[:16], 400),
        "another magic": (lambda m: b"XC1" + m[3:], 400),
        "a HELLO header": (lambda m: m[:3] + b"\x01" + m[4:], 400),
        "another suite": (lambda m: m[:4] + b"\x00\x07" + m[6:], 400),
        "a reserved byte": (lambda m: m[:14] + b"\x01" + m[15:], 400),
        "another key": (lambda m: flipped(m, 7), 410),
        "an unknown session": (lambda m: flipped(m, 20), 404),
        "a changed random": (lambda m: flipped(m, 33), 400),
        "a changed first record": (lambda m: flipped(m, first), 400),
        "a changed last record": (lambda m: flipped(m, len(m) - 1), 400),
        "only the header": (lambda m: m[:32], 400),
        "no record": (lambda m: m[:first], 400),
        "cut inside the first record": (lambda m: m[: first + 100], 400),
        "cut inside the last record": (lambda m: m[:-1], 400),
        "records exchanged": (lambda m: m[:first] + m[second:] + m[first:second], 400),
        "a record repeated": (lambda m: m + m[second:], 400),
        "a byte too many": (lambda m: m + b"\0", 400),
    }


@pytest.mark.parametrize("name", run_cases())
def test_a_bad_run_gets_its_outer_error_and_the_session_is_gone(name: str) -> None:
    change, status = run_cases()[name]

    async def body() -> None:
        rig = Rig()
        rig.engine.script = SAID
        request = sealed(await rig.hello())
        answer = await rig.post("/ec1/run", change(request))
        assert (answer.status, answer.body) == (status, b"")
        assert rig.engine.requests == []
        assert (rig.node.gate.running, rig.node.gate.held) == (0, 0)
        if change(request)[:32] == request[:32]:
            assert (await rig.post("/ec1/run", request)).status == 404

    run(body())


def test_a_request_cut_after_any_record_is_refused() -> None:
    async def body() -> None:
        rig = Rig()
        for records in range(4):
            request = sealed(await rig.hello(), chat_body("x" * 15000))
            assert len(request) == 64 + 4 * REQUEST_RECORD
            assert (await rig.post("/ec1/run", request[: 64 + records * REQUEST_RECORD])).status == 400

    run(body())


@pytest.mark.parametrize("size", [1, 31, 33, 1000, 4096, 100000])
def test_a_request_may_arrive_in_pieces_of_any_size(size: int) -> None:
    async def body() -> None:
        rig = Rig()
        rig.engine.script = SAID
        session = await rig.hello()
        header = RequestHeader(rid=os.urandom(16), op="chat", prof="p1")
        sent, request = begin_run(session, encode_request(header, chat_body()), entropy=os.urandom)
        exchange = rig.open("POST", "/ec1/run")
        exchange.send(*(request[at : at + size] for at in range(0, len(request), size)))
        assert (await Reply(exchange, sent).read()).lines == [Text("Hi"), Done("stop")]

    run(body())


def test_more_records_than_a_request_may_have_are_too_large() -> None:
    async def body() -> None:
        rig = Rig()
        session = await rig.hello()
        request = sealed(session)
        exchange = rig.open("POST", "/ec1/run")
        reader = http.RequestReader
        try:
            http.RequestReader = lambda chain, header: reader(chain, header, max_records=1)  # type: ignore[assignment,misc]
            exchange.send(request)
            assert (await exchange.done()).status == 413
        finally:
            http.RequestReader = reader  # type: ignore[misc]

    run(body())


def test_all_requests_together_hold_a_bounded_number_of_bytes() -> None:
    async def body() -> None:
        rig = Rig(request_bytes=2**20)
        first, second = await rig.hello(), await rig.hello()
        slow = rig.open("POST", "/ec1/run")
        slow.send(sealed(first, chat_body("x" * 700_000))[:700_000], more=True)
        await settle()
        assert (await rig.post("/ec1/run", sealed(second, chat_body("x" * 700_000)))).status == 503
        slow.disconnect()
        await slow.done()
        assert rig.node.gate.held == 0
        assert (await rig.post("/ec1/run", sealed(await rig.hello(), chat_body("x" * 700_000)))).status == 200

    run(body())


def test_no_more_requests_than_configured_run_at_once_and_a_busy_node_uses_no_session_up() -> None:
    async def body() -> None:
        rig = Rig(concurrent_runs=1)
        rig.engine.script = [5, *SAID]
        first, second = await rig.hello(), await rig.hello()
        running = await rig.chat(first)
        await settle()
        request = sealed(second)
        assert (await rig.post("/ec1/run", request)).status == 503
        await running.read()
        assert (await rig.post("/ec1/run", request)).status == 200

    run(body())


def test_a_slow_sender_is_cut_off_and_gives_its_place_back() -> None:
    async def body() -> None:
        rig = Rig(request_seconds=5)
        for start in (b"", sealed(await rig.hello())[:5000]):
            exchange = rig.open("POST", "/ec1/run")
            exchange.send(start, more=True)
            began = asyncio.get_event_loop().time()
            await exchange.done()
            assert (exchange.status, exchange.headers["connection"]) == (400, "close")
            assert asyncio.get_event_loop().time() - began == 5
        late = rig.open("POST", "/ec1/hello")
        late.send(b"EC1", more=True)
        assert (await late.done()).status == 400
        assert rig.node.gate.running == 0

    run(body())


def test_a_sender_that_goes_away_leaves_nothing_behind() -> None:
    async def body() -> None:
        rig = Rig()
        for start in (b"", b"EC1", sealed(await rig.hello())[:4000]):
            exchange = rig.open("POST", "/ec1/run")
            exchange.send(start, more=True)
            await settle()
            exchange.disconnect()
            await exchange.done()
        gone = rig.open("POST", "/ec1/hello")
        gone.disconnect()
        await gone.done()
        assert (rig.node.gate.running, rig.node.gate.held, len(rig.node._sessions)) == (0, 0, 0)

    run(body())


def test_the_answer_to_a_bad_record_waits_for_the_end_of_the_request() -> None:
    """First or last record wrong: the refusal comes at the same point, so that it tells nothing about which."""

    async def body() -> None:
        rig = Rig()
        for at in (64, 64 + REQUEST_RECORD):
            exchange = rig.open("POST", "/ec1/run")
            request = flipped(sealed(await rig.hello()), at)
            exchange.send(request[: 64 + REQUEST_RECORD], more=True)
            await settle(1)
            assert exchange.status == 0
            exchange.send(request[64 + REQUEST_RECORD :])
            assert (await exchange.done()).status == 400

    run(body())


def test_an_endless_bad_request_is_not_read_for_ever() -> None:
    async def body() -> None:
        rig = Rig()
        exchange = rig.open("POST", "/ec1/run")
        exchange.send(flipped(sealed(await rig.hello()), 64), more=True)
        exchange.send(*[bytes(2**20)] * (http.LONGEST_RUN // 2**20 + 1), more=True)
        began = rig.loop.time()
        assert (await exchange.done()).status == 400
        assert rig.loop.time() == began, "it did not take the deadline to end it"

    run(body())


@hypothesis_settings(suppress_health_check=[HealthCheck.too_slow], deadline=None, max_examples=60)
@given(
    st.sampled_from(["/ec1/hello", "/ec1/run", "/ec1/challenge"]),
    st.lists(st.binary(max_size=6000), max_size=3),
    st.sampled_from([b"", b"EC1\x01\x00\x01", b"EC1\x02\x00\x01", b"kid"]),
)
def test_any_bytes_get_a_documented_outer_error(path: str, chunks: list[bytes], start: bytes) -> None:
    async def body() -> None:
        rig = Rig()
        opening = start + binding.kid(rig.document) if start.startswith(b"EC1") else start
        answer = await rig.post(path, opening, *chunks)
        assert answer.status in OUTER
        assert answer.body == b""
        assert rig.node.gate.running == 0

    run(body())


@hypothesis_settings(deadline=None, max_examples=60)
@given(st.binary(max_size=300) | st.builds(lambda text: len(text).to_bytes(4) + text, st.binary(max_size=200)))
def test_any_application_bytes_get_an_inner_error_in_the_shape_of_an_answer(payload: bytes) -> None:
    async def body() -> None:
        rig = Rig()
        reply = await rig.ask_bytes(await rig.hello(), payload).read()
        assert reply.error is not None
        assert reply.error.code == 9
        assert len(reply.exchange.body) == 72 + 20 * 512

    run(body())


@hypothesis_settings(deadline=None, max_examples=60)
@given(st.integers(0, 2431), st.integers(1, 255))
def test_no_changed_byte_of_a_hello_opens_a_session(at: int, change: int) -> None:
    async def body() -> None:
        rig = Rig()
        request = bytearray(hello(rig.document)[1])
        request[at] ^= change
        assert (await rig.post("/ec1/hello", bytes(request))).status in (400, 410)

    run(body())
