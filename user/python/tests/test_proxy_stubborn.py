"""Programs that do everything wrong: they send too much, read nothing, go away, and mean nothing by it."""

import asyncio
import json
import socket
from collections.abc import AsyncIterator

import httpx
import pytest
from privity_client.proxy import body, reply
from privity_client.proxy.body import MAX_BODY
from privity_client.proxy.listening import HEAD
from privity_client.testing import fake_node
from privity_client.testing.fake_node import FakeNode, Script
from privity_client.testing.proxy_stand import BEARER, Stand, asked, events_of, standing
from privity_protocol.lines import Done, Text

WORDS = [Text("x" * 1000) for _ in range(6000)]
"""An answer of six megabytes: more than any buffer on its way holds."""


def stopped(stand: Stand) -> bool:
    """Whether the node was told to stop, and by the same request's id."""
    runs = stand.node.runs
    ended = [run.header.rid for run in runs if run.header.op == "stop"]
    return bool(ended) and ended[-1] == runs[0].header.rid and stand.asking.running == 0


async def connected(
    stand: Stand, data: bytes, *, small: bool = False
) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    """A raw connection that has sent `data`; a small one has little room for what comes back."""
    raw = socket.socket()
    if small:
        raw.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    raw.setblocking(False)
    await asyncio.get_running_loop().sock_connect(raw, ("127.0.0.1", stand.port))
    reader, writer = await asyncio.open_connection(sock=raw, limit=4096)
    writer.write(data)
    await writer.drain()
    return reader, writer


def message(stand: Stand, path: str = "/v1/chat/completions", body: object = None, **members: object) -> bytes:
    """A whole HTTP request, for a chat completion with these members if it has no body of its own."""
    content = json.dumps(body or asked(**members)).encode()
    lines = [f"POST {path} HTTP/1.1", f"host: localhost:{stand.port}", f"content-length: {len(content)}"]
    lines += [f"{name}: {value}" for name, value in BEARER.items()]
    return "\r\n".join([*lines, "", ""]).encode() + content


class Pieces:
    """Counts what the proxy has taken of answers; each stands still after so many bytes until the gate opens."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, before_gate: int) -> None:
        self.taken = 0
        self.held = 0
        self.gate = asyncio.Event()
        pieces = self

        class Counted(httpx.AsyncByteStream):
            def __init__(self, data: bytes, size: int) -> None:
                self._data, self._size = data, size

            async def __aiter__(self) -> AsyncIterator[bytes]:
                for at in range(0, len(self._data), self._size):
                    if at >= before_gate and not pieces.gate.is_set():
                        pieces.held += 1
                        await pieces.gate.wait()
                    pieces.taken += self._size
                    yield self._data[at : at + self._size]

        monkeypatch.setattr(fake_node, "_Pieces", Counted)


@pytest.mark.parametrize("stream", [False, True])
def test_a_program_that_goes_away_stops_the_model(monkeypatch: pytest.MonkeyPatch, stream: bool) -> None:
    async def scenario() -> None:
        pieces = Pieces(monkeypatch, 9000)
        async with standing(FakeNode(script=Script(lines=[*WORDS[:100], Done("stop")]))) as stand:
            _, writer = await connected(stand, message(stand, stream=stream))
            await stand.until(lambda: pieces.held == 1)
            writer.transport.abort()
            await stand.until(lambda: stopped(stand))
            pieces.gate.set()
            assert (await stand.chat()).status_code == 200

    asyncio.run(scenario())


def test_every_choice_is_stopped(monkeypatch: pytest.MonkeyPatch) -> None:
    async def scenario() -> None:
        pieces = Pieces(monkeypatch, 9000)
        async with standing(FakeNode(script=Script(lines=[*WORDS[:100], Done("stop")]))) as stand:
            _, writer = await connected(stand, message(stand, n=3, stream=True))
            await stand.until(lambda: pieces.held == 3)
            writer.transport.abort()
            await stand.until(lambda: sum(run.header.op == "stop" for run in stand.node.runs) == 3)

    asyncio.run(scenario())


def test_one_that_never_reads_makes_the_node_wait_and_then_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reply, "READER_SECONDS", 0.2)

    async def scenario() -> None:
        pieces = Pieces(monkeypatch, 2**30)
        async with standing(FakeNode(script=Script(lines=[*WORDS, Done("stop")], chunk=4096))) as stand:
            _, writer = await connected(stand, message(stand, stream=True), small=True)
            await stand.until(lambda: stopped(stand))
            assert 0 < pieces.taken < 3_000_000
            writer.transport.abort()

    asyncio.run(scenario())


def test_a_stream_that_fails_ends_with_an_error_and_without_an_end() -> None:
    async def scenario() -> None:
        script = Script(lines=[*WORDS[:9], Done("stop")], cuts=[8], inner=[None, (10, "gone")])
        async with standing(FakeNode(script=script)) as stand:
            reader, writer = await connected(stand, message(stand, stream=True))
            data = await reader.read()
            assert events_of(data)[-1]["error"]["code"] == "answer_gone"
            assert b"[DONE]" not in data
            assert not data.endswith(b"0\r\n\r\n")
            writer.close()

    asyncio.run(scenario())


def test_a_streamed_response_that_fails_says_so_in_its_own_event() -> None:
    async def scenario() -> None:
        script = Script(lines=[*WORDS[:9], Done("stop")], cuts=[8], inner=[None, (10, "gone")])
        async with standing(FakeNode(script=script)) as stand:
            body = {"model": "demonstration", "input": "One", "stream": True}
            reader, writer = await connected(stand, message(stand, "/v1/responses", body))
            data = await reader.read()
            writer.close()
            last = events_of(data)[-1]
            assert (last["type"], last["response"]["status"]) == ("response.failed", "failed")
            assert (await stand.http.get(f"/v1/responses/{last['response']['id']}")).status_code == 404

    asyncio.run(scenario())


def test_a_lost_answer_that_is_told_whole_begins_anew() -> None:
    async def scenario() -> None:
        script = Script(lines=[*WORDS[:9], Done("stop")], cuts=[8], inner=[None, (10, "gone")])
        async with standing(FakeNode(script=script)) as stand:
            (choice,) = (await stand.chat()).json()["choices"]
            assert choice["message"]["content"] == "x" * 9000

    asyncio.run(scenario())


def test_bodies_that_are_too_large_are_refused_and_read_to_say_so() -> None:
    async def scenario() -> None:
        async with standing() as stand:
            for content in (b"x" * (MAX_BODY + 1), _endless()):
                refused = await stand.http.post("/v1/chat/completions", content=content)
                assert (refused.status_code, refused.json()["error"]["code"]) == (413, "too_large")
            assert stand.network.requests == []

    asyncio.run(scenario())


async def _endless() -> AsyncIterator[bytes]:
    for _ in range(40):
        yield b"x" * 2**20


def test_a_large_body_is_judged_while_others_are_answered() -> None:
    async def scenario() -> None:
        async with standing() as stand:
            large = b'{"messages":[' + b"[" * 2**22
            refused, answer = await asyncio.gather(
                stand.http.post("/v1/chat/completions", content=large), stand.chat("Hello")
            )
            assert (refused.status_code, refused.json()["error"]["code"]) == (400, "too_deep")
            assert answer.status_code == 200

    asyncio.run(scenario())


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b"\xff", b'{"a":1,"a":1}', b'"x"', b"null", b"{}"])
def test_what_is_no_request_is_refused_in_the_apis_shape(content: bytes) -> None:
    async def scenario() -> None:
        async with standing() as stand:
            for path in ("/v1/chat/completions", "/v1/responses"):
                refused = await stand.http.post(path, content=content)
                assert refused.status_code == 400
                assert refused.json()["error"]["type"] == "invalid_request_error"
            assert stand.network.requests == []

    asyncio.run(scenario())


def test_other_routes_methods_and_encodings_are_refused_in_the_apis_shape() -> None:
    async def scenario() -> None:
        async with standing() as stand:
            told = {}
            for method, path in [
                ("POST", "/v1/completions"),
                ("GET", "/v1/chat/completions"),
                ("OPTIONS", "/v1/models"),
                ("GET", "/v1/responses/a/b"),
                ("GET", "/v1/../key"),
            ]:
                answer = await stand.http.request(method, path)
                told[method, path] = (answer.status_code, answer.json()["error"]["code"])
            assert set(told.values()) == {(404, "unknown_url"), (405, "method_not_allowed")}
            packed = await stand.http.post("/v1/responses", content=b"x", headers={"content-encoding": "gzip"})
            assert packed.status_code == 415

    asyncio.run(scenario())


def test_a_head_without_end_is_refused() -> None:
    async def scenario() -> None:
        async with standing() as stand:
            reader, writer = await connected(stand, b"GET /".ljust(HEAD + 1, b"x"))
            answer = await reader.read(4096)
            assert answer.startswith(b"HTTP/1.1 400")
            writer.close()

    asyncio.run(scenario())


def test_a_body_that_does_not_come_is_not_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(body, "BODY_SECONDS", 0.05)

    async def scenario() -> None:
        async with standing() as stand:
            reader, writer = await connected(stand, message(stand)[:-3])
            assert (await reader.read(4096)).startswith(b"HTTP/1.1 408")
            writer.close()

    asyncio.run(scenario())


def test_without_the_key_the_body_is_not_looked_at() -> None:
    async def scenario() -> None:
        async with standing() as stand:
            for headers in (
                {"host": "evil.example"},
                {"origin": "https://evil.example"},
                {"authorization": "Bearer x"},
            ):
                refused = await stand.http.post("/v1/chat/completions", content=b"{", headers=headers)
                assert refused.status_code in (401, 403)
                assert refused.json()["error"]["code"] != "not_json"
            assert stand.network.requests == []

    asyncio.run(scenario())
