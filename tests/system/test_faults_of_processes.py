"""kill -9 of each process at each phase: the client reads a documented error, keeps its text, and can go on."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from installation import Client, Said, installed
from privity_client.commands import Accepted, Line, Resuming
from privity_client.errors import ClientError

pytestmark = [pytest.mark.system, pytest.mark.slow]
LONG = 600  # tokens: about two seconds of p1
NO_ANSWER = {"unreachable", "busy", "no_node", "session_refused", "unknown_key"}


async def at_first_text(client: Client, act, *, tokens: int = LONG, resume: bool = True) -> tuple[Said, str]:
    """Ask; do `act` once when text has come; return what was said and the reason of the failure, empty when whole."""
    said, done = Said(), False

    def seen(event: object) -> None:
        nonlocal done
        if isinstance(event, Line) and said.text and not done:
            done = True
            act()

    try:
        await client.follow(client.request("Count the lighthouses.", tokens=tokens, resume=resume), seen, said)
    except ClientError as error:
        assert done
        return said, error.reason
    assert done
    return said, ""


async def fails(client: Client) -> str:
    """The reason with which a question fails."""
    with pytest.raises(ClientError) as caught:
        await client.ask("Anyone there?")
    return caught.value.reason


async def until_answered(client: Client) -> AsyncIterator[str]:
    """Ask until a whole answer comes; the reasons of the failures until then."""
    for _ in range(200):
        try:
            said = await client.ask("Are you back?")
        except ClientError as error:
            yield error.reason
            await asyncio.sleep(0.25)
        else:
            assert said.answer.state == "complete"
            return
    raise AssertionError("never answered again")


def test_a_killed_node_before_hello_is_an_error_and_its_successor_answers(tmp_path: Path, small_model: Path) -> None:
    async def scenario() -> None:
        async with installed(tmp_path, small_model) as i, i.client() as client:
            i.node.kill()
            assert await fails(client) in NO_ANSWER
            await i.restart_node()
            async with i.client() as fresh:
                assert (await fresh.ask("And now?")).answer.state == "complete"
            assert (await client.ask("And now?")).answer.state == "complete"

    asyncio.run(scenario())


def test_a_node_killed_after_hello_is_an_error_and_the_same_client_goes_on(tmp_path: Path, small_model: Path) -> None:
    async def scenario() -> None:
        async with installed(tmp_path, small_model) as i, i.client() as client:
            first = await client.ask("First.")
            assert client.chain.node is not None
            i.node.kill()
            assert await fails(client) in NO_ANSWER
            await i.restart_node()
            second = await client.ask("Second.")
            assert second.answer.state == "complete"
            assert second.node != first.node

    asyncio.run(scenario())


def test_a_node_killed_in_mid_stream_leaves_a_partial_answer_that_is_marked_so(
    tmp_path: Path, small_model: Path
) -> None:
    async def scenario() -> None:
        async with installed(tmp_path, small_model) as i, i.client() as client:
            said, reason = await at_first_text(client, i.node.kill)
            assert reason == "answer_cut"
            assert said.text
            assert said.answer.state == "partial"
            assert i.service.alive()
            await i.restart_node()
            assert (await client.ask("Again.")).answer.state == "complete"

    asyncio.run(scenario())


def test_a_node_killed_during_an_upload_is_an_outer_error_or_a_cut(tmp_path: Path, small_model: Path) -> None:
    async def scenario() -> None:
        async with installed(tmp_path, small_model) as i, i.client() as client:
            said = await client.ask("First.")
            header = b"EC1\x02\x00\x01" + bytes.fromhex(said.node)[:8] + bytes(2 + 16)
            reader, writer = await asyncio.open_connection("127.0.0.1", i.relay_port)
            head = b"POST /ec1/run HTTP/1.1\r\nhost: x\r\ncontent-length: 8256\r\n\r\n"
            writer.write(head + header + bytes(2000))
            await asyncio.sleep(0.3)
            i.node.kill()
            writer.write(bytes(8256 - 2000 - len(header)))
            answer = await asyncio.wait_for(reader.read(), 60)
            assert answer.startswith((b"HTTP/1.1 503", b"HTTP/1.1 404", b"HTTP/1.1 400"))
            writer.close()
            assert i.service.alive()

    asyncio.run(scenario())


@pytest.mark.parametrize("when", ["before", "during"])
def test_a_killed_engine_is_started_again_and_the_node_lives(tmp_path: Path, small_model: Path, when: str) -> None:
    async def scenario() -> None:
        async with installed(tmp_path, small_model) as i, i.client() as client:
            engine = i.engine()
            if when == "before":
                engine.kill()
            else:
                # So long that a machine which pauses between two ticks has not said all of it.
                said, reason = await at_first_text(client, engine.kill, tokens=3600)
                assert reason in {"model_unavailable", "internal", "busy"}
                assert said.answer.state == "partial"
            reasons = [reason async for reason in until_answered(client)]
            assert set(reasons) <= {"model_unavailable", "internal", "busy"}
            assert i.node.alive()
            assert i.engine().pid != engine.pid

    asyncio.run(scenario())


def test_a_killed_relay_in_mid_stream_is_an_error_and_the_node_does_not_notice(
    tmp_path: Path, small_model: Path
) -> None:
    async def scenario() -> None:
        async with installed(tmp_path, small_model) as i, i.client() as client:
            said, reason = await at_first_text(client, i.service.kill)
            assert (reason, said.answer.state) == ("answer_cut", "partial")
            assert any(isinstance(event, Resuming) for event in said.events)
            assert i.node.alive()
            assert await fails(client) in NO_ANSWER
            await i.service.start()
            await i.listed(1)
            again = await client.ask("Still there?")
            assert again.answer.state == "complete"
            assert again.node == said.node

    asyncio.run(scenario())


def test_of_two_nodes_one_dies_and_the_other_answers(tmp_path: Path, small_model: Path) -> None:
    async def scenario() -> None:
        async with installed(tmp_path, small_model, nodes=2) as i:
            reached = set()
            for _ in range(12):
                async with i.client() as client:
                    reached.add((await client.ask("Who is it?", tokens=3)).node)
            assert len(reached) == 2
            async with i.client() as client:
                first = await client.ask("Before.", tokens=3)
                for node in i.nodes:
                    if first.node in node.out.read_text():
                        node.kill()
                second = await client.ask("After.", tokens=3)
                assert (second.answer.state, second.node != first.node) == ("complete", True)
            await i.listed(1)

    asyncio.run(scenario())


def test_a_node_asked_to_stop_finishes_its_answer_and_takes_no_new_ones(tmp_path: Path, small_model: Path) -> None:
    async def scenario() -> None:
        async with installed(tmp_path, small_model, limits={"drain_seconds": 30}) as i, i.client() as client:
            said, reason = await at_first_text(client, i.node.terminate)
            assert (reason, said.answer.state) == ("", "complete")
            assert isinstance(said.events[0], Accepted)
            assert await fails(client) in NO_ANSWER
            assert await i.node.ended() == 0

    asyncio.run(scenario())
