"""What travels between client, relay and node, recorded on both ways: sealed, of fixed sizes, on a clock."""

import asyncio
import secrets
import statistics
from contextlib import AsyncExitStack
from itertools import pairwise
from pathlib import Path

import pytest
from installation import Installation, Said
from loopback import capturing, may_capture
from ports import free_row
from privity_client.commands import Line, Resuming
from privity_client.errors import ClientError
from privity_protocol.limits import HELLO_REQUEST, HELLO_RESPONSE, REQUEST_RECORD
from privity_protocol.padding import request_records
from recording import Passed, Recorder, recording

pytestmark = [pytest.mark.system, pytest.mark.slow]
LADDER = {20, 30, 45, 68, 102, 153, 230, 345, 518, 777}
OPENING = 72


class Watched:
    """An installation with a recorder before the relay and one before the node."""

    def __init__(self, folder: Path, model: Path) -> None:
        self.installation = Installation(folder, model)
        self._stack = AsyncExitStack()

    async def __aenter__(self) -> tuple[Installation, Recorder, Recorder]:
        i = self.installation
        before_relay, before_node = free_row(), free_row()
        i.run_port, i.relayed_node_ports = before_relay, [before_node]
        outer = await self._stack.enter_async_context(recording(i.relay_port, before_relay))
        inner = await self._stack.enter_async_context(recording(i.node_ports[0], before_node))
        self._stack.push_async_callback(i.stop)
        await i.start()
        return i, outer, inner

    async def __aexit__(self, *details: object) -> None:
        await self._stack.aclose()


def body_of(flow: bytes) -> bytes:
    """The body of the one HTTP message in `flow`, chunks put together."""
    head, _, rest = flow.partition(b"\r\n\r\n")
    if b"transfer-encoding: chunked" not in head.lower():
        return rest
    body = b""
    while rest:
        size, _, rest = rest.partition(b"\r\n")
        body += rest[: int(size, 16)]
        rest = rest[int(size, 16) + 2 :]
    return body


def posts(recorder: Recorder, path: bytes) -> list[tuple[bytes, bytes, list[Passed]]]:
    """Request body, response body and the response's pieces of every POST to `path`, one per connection at least."""
    found = []
    for pieces in recorder.streams(path):
        connection = pieces[0].connection
        found.append((body_of(recorder.flow(connection, "up")), body_of(recorder.flow(connection, "down")), pieces))
    return found


def gaps(pieces: list[Passed]) -> list[float]:
    """Times between the pieces that carry records."""
    times = [one.at for one in pieces if len(one.data) >= 512 and not one.data.startswith(b"HTTP")]
    return [later - earlier for earlier, later in pairwise(times)]


def test_the_path_carries_sealed_records_of_one_size_on_a_clock(tmp_path: Path, small_model: Path) -> None:
    word = f"canary{secrets.token_hex(8)}"

    async def scenario() -> tuple[str, Recorder, Recorder]:
        async with Watched(tmp_path, small_model) as (i, outer, inner), i.client() as client:
            said = await client.ask(f"Remember {word}.", tokens=150)
            assert said.answer.state == "complete"
            return said.text, outer, inner

    text, outer, inner = asyncio.run(scenario())
    pieces = [text[start : start + 24].encode() for start in range(0, len(text) - 24, 24)]
    for recorder in (outer, inner):
        seen = recorder.everything()
        assert word.encode() not in seen
        assert [piece for piece in pieces if piece in seen] == []
    (hello,) = posts(inner, b"/ec1/hello")
    assert (len(hello[0]), len(hello[1])) == (HELLO_REQUEST, HELLO_RESPONSE)
    (run,) = posts(inner, b"/ec1/run")
    request, response, stream = run
    assert len(request) == 64 + REQUEST_RECORD * request_records(2)
    records = (len(response) - OPENING) / 512
    assert records in LADDER
    assert 0.08 <= statistics.median(gaps(stream)) <= 0.12
    sealed = [response[start : start + 512] for start in range(OPENING, len(response), 512)]
    on_the_way = outer.everything()
    assert [record for record in sealed if record not in on_the_way] == []
    assert len(set(sealed)) == records


def test_the_answers_text_does_not_move_the_clock(tmp_path: Path, small_model: Path) -> None:
    """A short answer and a longer one of the same rung differ in nothing that can be counted."""

    async def scenario() -> list[tuple[bytes, bytes, list[Passed]]]:
        async with Watched(tmp_path, small_model) as (i, _, inner), i.client() as client:
            for tokens in (2, 60):
                await client.ask("How long?", tokens=tokens)
            return posts(inner, b"/ec1/run")

    short, longer = asyncio.run(scenario())
    assert len(short[0]) == len(longer[0])
    assert len(short[1]) == len(longer[1]) == OPENING + 20 * 512


@pytest.mark.skipif(not may_capture(), reason="packet capture on loopback needs root")
def test_no_packet_on_loopback_holds_a_word_of_question_or_answer(tmp_path: Path, small_model: Path) -> None:
    word = f"canary{secrets.token_hex(8)}".encode()

    async def scenario() -> str:
        installation = Installation(tmp_path, small_model)
        try:
            await installation.start()
            async with installation.client() as client:
                said = [await client.ask(f"Say {word.decode()}.", tokens=100, profile=one) for one in ("p0", "p1")]
                return said[0].text + said[1].text
        finally:
            await installation.stop()

    with capturing() as capture:
        text = asyncio.run(scenario())
    assert len(capture.packets) > 100
    assert capture.holding([b"EC1\x02"]) == [b"EC1\x02"]
    answer = [text[start : start + 32].encode() for start in range(0, len(text) - 32, 32)]
    assert capture.holding([word, *answer]) == []


def test_an_answer_goes_on_after_the_connection_was_cut(tmp_path: Path, small_model: Path) -> None:
    async def scenario() -> None:
        async with Watched(tmp_path, small_model) as (i, outer, _):
            async with i.client() as client:
                whole = await client.ask("Tell it twice.", tokens=600)
            async with i.client() as client:
                cut = False

                def seen(event: object) -> None:
                    nonlocal cut
                    if isinstance(event, Line) and not cut:
                        cut = True
                        outer.cut()

                said = await client.follow(client.request("Tell it twice.", tokens=600), seen)
            assert cut
            assert any(isinstance(event, Resuming) for event in said.events)
            assert (said.answer.state, said.text) == ("complete", whole.text)

    asyncio.run(scenario())


def test_without_resume_a_cut_connection_leaves_a_partial_answer(tmp_path: Path, small_model: Path) -> None:
    async def scenario() -> None:
        async with Watched(tmp_path, small_model) as (i, outer, _), i.client() as client:
            said = Said()

            def seen(event: object) -> None:
                if isinstance(event, Line):
                    outer.cut()

            with pytest.raises(ClientError, match="answer_cut"):
                await client.follow(client.request("Once.", tokens=600, resume=False), seen, said)
            assert (said.answer.state, bool(said.text)) == ("partial", True)
            assert (await client.ask("Again.")).answer.state == "complete"

    asyncio.run(scenario())
