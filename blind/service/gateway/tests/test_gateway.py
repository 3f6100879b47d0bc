"""The gateway on real sockets: what is opened, what is refused, and what of a request inside goes on."""

import asyncio
import json
import os
from collections import Counter
from hashlib import sha256
from pathlib import Path

import pytest
from gateway_stand import CONFIGURATION, KEY, RING, get, opened, post, standing
from privity_protocol.errors import PrivityError
from privity_protocol.ohttp import binary_http, integer, keys
from privity_protocol.ohttp.binary_http import Request
from privity_protocol.ohttp.encapsulation import Sent
from privity_protocol.ohttp.forms import CHUNKED, MAX_PLAIN, OPENING, WHOLE
from privity_service.asgi import answer
from privity_service.forwarding import Deadlines
from privity_service.gateway.oblivious import MAX_WHOLE, PATH, Gateway
from privity_service.gateway.ring import KeysUnusable, open_ring, rotate
from privity_service.gateway.settings import read
from privity_service.relay.settings import SettingsRefused
from relay_stand import KID
from scripted_node import hello_request, reply, run_request, silent, stream_of, until

CANARIES = ((b"cookie", b"canary"), (b"authorization", b"canary"), (b"x-forwarded-for", b"192.0.2.77"))


@pytest.mark.parametrize("relayed", [False, True])
@pytest.mark.parametrize("aead", [1, 3])
def test_a_hello_reaches_the_run_origin_byte_for_byte_and_nothing_else_does(relayed: bool, aead: int) -> None:
    async def scenario() -> None:
        async with standing() as s:
            s.upstream.script["/ec1/hello"] = reply(200, b"H" * 1432, b"set-cookie: id=1")
            request = hello_request(KID)
            told = await s.ask(post("/ec1/hello?canary", request, *CANARIES), relayed=relayed, aead=aead)
            assert (told.status, told.content) == (200, b"H" * 1432)
            assert told.fields == {b"content-type": b"application/vnd.privity.ec1"}
            (heard,) = s.upstream.heard
            assert (heard.path, heard.body) == ("/ec1/hello", request)
            assert b"canary" not in heard.head
            assert b"192.0.2.77" not in heard.head

    asyncio.run(scenario())


def test_a_long_run_goes_up_in_chunks_and_its_answer_comes_back_record_by_record() -> None:
    async def scenario() -> None:
        gate = asyncio.Event()

        async def script(_heard: object, writer: asyncio.StreamWriter) -> None:
            writer.write(b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n200\r\n" + b"1" * 512 + b"\r\n")
            await gate.wait()
            writer.write(b"200\r\n" + b"2" * 512 + b"\r\n0\r\n\r\n")

        async with standing() as s:
            s.upstream.script["/ec1/run"] = script
            sent = Sent(CONFIGURATION, CHUNKED, entropy=os.urandom)
            body = sent.chunks(post("/ec1/run", run_request(KID, 40)))
            assert len(body) > 10 * MAX_PLAIN
            reader, writer = await asyncio.open_connection("127.0.0.1", s.relay_port)
            head = f"POST {PATH} HTTP/1.1\r\nhost: x\r\ncontent-type: {CHUNKED.request_type}\r\n"
            writer.write(f"{head}content-length: {len(body)}\r\n\r\n".encode() + body)
            await reader.readuntil(b"\r\n\r\n")
            chunks, inside = sent.open_chunks(), binary_http.Reader(response=True)
            content = b""
            while len(content) < 512:
                content += inside.feed(chunks.feed(await one_chunk(reader)))
            assert content == b"1" * 512
            gate.set()
            while data := await one_chunk(reader):
                content += inside.feed(chunks.feed(data))
            content += inside.feed(chunks.finish())
            assert content == b"1" * 512 + b"2" * 512
            assert inside.finish().status == 200  # type: ignore[union-attr]
            assert s.upstream.heard[0].body == run_request(KID, 40)
            writer.close()

    asyncio.run(scenario())


async def one_chunk(reader: asyncio.StreamReader) -> bytes:
    """One chunk of HTTP's own; nothing at its end."""
    size = int((await reader.readuntil(b"\r\n"))[:-2], 16)
    data = await reader.readexactly(size)
    await reader.readexactly(2)
    return data


def test_a_request_that_is_whole_gets_an_answer_that_is_whole() -> None:
    async def scenario() -> None:
        async with standing() as s:
            s.upstream.script["/ec1/challenge"] = reply(200, b"bundle")
            told = await s.ask(post("/ec1/challenge", KID + b"n" * 32), WHOLE)
            assert (told.status, told.content) == (200, b"bundle")
            assert (await s.ask(get("/v1/events"), WHOLE)).status == 404
            s.upstream.script["/ec1/run"] = stream_of([b"r" * 4096] * 300)
            sent = Sent(CONFIGURATION, WHOLE, entropy=os.urandom)
            answer = await s.raw(sent.whole(post("/ec1/run", run_request(KID))), WHOLE.request_type)
            assert (answer.status, answer.body) == (503, b"")

    asyncio.run(scenario())


@pytest.mark.parametrize("path", ["/v1/events", "/v1/nodes/../x", "/", "http://10.0.0.1/", "/ec1/node", PATH, "*"])
def test_only_what_a_relay_hands_out_can_be_asked_inside(path: str) -> None:
    async def scenario() -> None:
        async with standing() as s:
            told = await s.ask(get(path))
            assert told.status == (200 if path == "/" else 404)
            assert s.upstream.heard == []

    asyncio.run(scenario())


def test_public_files_and_inner_refusals_are_sealed_too() -> None:
    async def scenario() -> None:
        async with standing() as s:
            s.upstream.script["/v1/bulletin"] = reply(200, b"bulletin")
            assert (await s.ask(get("/v1/bulletin"), relayed=True)).content == b"bulletin"
            assert (await s.ask(post("/ec1/hello", b"short"), relayed=True)).status == 400
            s.upstream.script["/ec1/hello"] = reply(410)
            assert (await s.ask(post("/ec1/hello", hello_request(KID)))).status == 410
            assert (await s.ask(post("/ec1/hello", hello_request(KID) + b"x"))).status == 413

    asyncio.run(scenario())


def test_an_answer_that_breaks_off_is_a_cut_and_never_an_end() -> None:
    async def scenario() -> None:
        async with standing() as s:
            s.upstream.script["/ec1/run"] = stream_of([b"a" * 512] * 2, end=False)
            sent = Sent(CONFIGURATION, CHUNKED, entropy=os.urandom)
            for relayed in (False, True):
                sent = Sent(CONFIGURATION, CHUNKED, entropy=os.urandom)
                body = sent.chunks(post("/ec1/run", run_request(KID)))
                answer = await s.raw(body, CHUNKED.request_type, relayed=relayed)
                assert not answer.whole
                with pytest.raises(PrivityError) as cut:
                    opened(sent, CHUNKED, answer.body)
                assert cut.value.reason == "truncated"

    asyncio.run(scenario())


def changed(data: bytes, at: int) -> bytes:
    """One bit of a byte changed."""
    return data[:at] + bytes([data[at] ^ 1]) + data[at + 1 :]


@pytest.mark.parametrize("form", [WHOLE, CHUNKED], ids=["whole", "chunked"])
def test_what_cannot_be_opened_is_refused_and_goes_nowhere(form) -> None:
    async def scenario() -> None:
        async with standing() as s:
            sent = Sent(CONFIGURATION, form, entropy=os.urandom)
            message = post("/ec1/hello", hello_request(KID))
            good = sent.whole(message) if form is WHOLE else sent.chunks(message)
            unknown = b"\x01" + good[1:]
            for body in (b"", b"x", good[: OPENING - 1], changed(good, 20), changed(good, -1), good[:-1], good + b"x"):
                answer = await s.raw(body, form.request_type)
                assert (answer.status, answer.body, answer.headers.get("content-type")) == (400, b"", None)
            for body in (unknown, changed(good, 2), changed(good, 6)):
                answer = await s.raw(body, form.request_type)
                assert (answer.status, answer.headers["content-type"]) == (400, "application/problem+json")
                assert json.loads(answer.body)["type"].endswith("#ohttp-key")
            assert [one.path for one in s.upstream.heard if len(one.body) == len(hello_request(KID))] == []
            other = CHUNKED if form is WHOLE else WHOLE
            # Sealed bytes taken for the length of a chunk may also be too many.
            assert (await s.raw(good, other.request_type)).status in {400, 413}
            assert (await s.raw(good, "application/octet-stream")).status == 415

    asyncio.run(scenario())


def test_a_request_without_its_last_chunk_is_never_carried_out() -> None:
    async def scenario() -> None:
        async with standing() as s:
            s.upstream.script["/v1/bulletin"] = reply(200, b"b")
            sent = Sent(CONFIGURATION, CHUNKED, entropy=os.urandom)
            context = sent._context
            asked = context.seal(get("/v1/bulletin"))
            body = sent.opening + integer.encode(len(asked)) + asked
            assert (await s.raw(body, CHUNKED.request_type)).status == 400
            again = Sent(CONFIGURATION, CHUNKED, entropy=os.urandom)
            run = again._context.seal(post("/ec1/hello", hello_request(KID)))
            body = again.opening + integer.encode(len(run)) + run
            assert (await s.raw(body, CHUNKED.request_type)).status == 400
            assert [one.path for one in s.upstream.heard] == []

    asyncio.run(scenario())


def test_a_question_is_asked_behind_the_gateway_only_when_its_end_was_opened() -> None:
    """Without sockets, so that the two parts come as two."""
    asked: list[str] = []
    sent = Sent(CONFIGURATION, CHUNKED, entropy=os.urandom)
    chunk = sent._context.seal(get("/v1/bulletin"))
    parts = [(sent.opening + integer.encode(len(chunk)) + chunk, True), (integer.encode(0) + bytes(16), False)]
    told: list[dict[str, object]] = []

    async def behind(scope, _receive, send) -> None:
        asked.append(scope["path"])
        await answer(send, 200)

    async def receive() -> dict[str, object]:
        body, more = parts.pop(0)
        return {"type": "http.request", "body": body, "more_body": more}

    async def send(message) -> None:
        told.append(message)

    kind = (b"content-type", CHUNKED.request_type.encode())
    scope = {"type": "http", "method": "POST", "path": PATH, "headers": [kind]}
    asyncio.run(Gateway(RING, behind, Counter())(scope, receive, send))
    assert asked == []
    assert told[0]["status"] == 400


def test_too_much_is_refused() -> None:
    async def scenario() -> None:
        async with standing() as s:
            assert (await s.raw(bytes(MAX_WHOLE + 1), WHOLE.request_type)).status == 413
            sent = Sent(CONFIGURATION, CHUNKED, entropy=os.urandom)
            body = sent.opening + integer.encode(MAX_PLAIN + 17)
            assert (await s.raw(body, CHUNKED.request_type)).status == 413

    asyncio.run(scenario())


def test_a_relay_that_leaves_closes_the_connection_to_the_run_origin() -> None:
    async def scenario() -> None:
        async with standing() as s:
            s.upstream.script["/ec1/run"] = silent
            sent = Sent(CONFIGURATION, CHUNKED, entropy=os.urandom)
            body = sent.chunks(post("/ec1/run", run_request(KID)))
            asking = asyncio.create_task(s.raw(body, CHUNKED.request_type))
            await until(lambda: len(s.upstream.heard) == 1)
            asking.cancel()
            await until(lambda: s.state.streams.open == 0)

    asyncio.run(scenario())


def test_a_run_origin_that_is_silent_is_busy_inside() -> None:
    async def scenario() -> None:
        async with standing(deadlines=Deadlines(answer=0.2)) as s:
            s.upstream.script["/ec1/hello"] = silent
            assert (await s.ask(post("/ec1/hello", hello_request(KID)))).status == 503

    asyncio.run(scenario())


def test_the_keys_are_offered_and_through_the_relay_everybody_gets_the_same() -> None:
    async def scenario() -> None:
        async with standing() as s:
            for relayed in (False, True):
                answer = await s.get(PATH, relayed=relayed)
                assert (answer.status, answer.headers["content-type"]) == (200, keys.MEDIA_TYPE)
                assert keys.decode(answer.body) == (CONFIGURATION,)
            assert (await s.get("/healthz")).body == b'{"status":"ready"}'
            assert (await s.get("/v1/bulletin")).status == 404

    asyncio.run(scenario())


def test_keys_are_made_once_and_replaced_ones_still_open(tmp_path: Path) -> None:
    path = tmp_path / "keys.json"
    first = open_ring(path)
    assert path.stat().st_mode & 0o777 == 0o600
    assert open_ring(path).document == first.document
    assert "private" not in repr(first)
    documents = [sha256(rotate(path).document).digest() for _ in range(3)]
    assert len({*documents, sha256(first.document).digest()}) == 4
    ring = open_ring(path)
    assert list(ring.keys) == [4, 3, 2]
    assert keys.decode(ring.document)[0].number == 4
    for data in (b"", b"{}", b'{"keys":[],"v":1}', b'{"keys":[{"number":1,"private":"AA"}],"v":1}', b"x" * 5000):
        path.write_bytes(data)
        with pytest.raises(KeysUnusable):
            open_ring(path)
    path.chmod(0o644)
    with pytest.raises(KeysUnusable, match="0600"):
        open_ring(path)
    assert RING.keys == {9: KEY}


def test_the_configuration_is_a_relays_and_names_the_keys(tmp_path: Path) -> None:
    origin = "https://run.chat.example"
    listen = {"host": "127.0.0.1", "port": 8087}
    good = {"v": 1, "listen": listen, "public": origin, "service": origin, "run": origin, "logs": [], "keys": "/k"}
    path = tmp_path / "gateway.json"
    path.write_text(json.dumps(good))
    assert read(path).keys == "/k"
    for wrong in ({"keys": "k"}, {"gateway": origin}, {"keys": None}):
        path.write_text(json.dumps(good | wrong))
        with pytest.raises(SettingsRefused):
            read(path)


def test_a_method_that_is_not_asked_for_is_refused() -> None:
    async def scenario() -> None:
        async with standing() as s:
            told = await s.ask(binary_http.encode_request(Request(b"PUT", b"https", b"x", b"/v1/bulletin"), b"x"))
            assert told.status == 405

    asyncio.run(scenario())
