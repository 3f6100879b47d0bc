"""Every bad message, through the relay and to the node itself: a documented status, the session gone, both healthy."""

import asyncio
import os
import random
from pathlib import Path

import psutil
import pytest
from installation import MODEL, Client, Installation, installed
from privity_client.nodes import VerifiedNode
from privity_protocol import xwing
from privity_protocol.application import RequestHeader
from privity_protocol.hello import begin_hello
from privity_protocol.request import encode_request
from privity_protocol.run import RunSent, begin_run
from privity_protocol.session import Session

pytestmark = [pytest.mark.system, pytest.mark.slow]
OUTER = {400, 404, 410, 413, 429, 503}
BODY = b'{"messages":[{"content":"Good day.","role":"user"}],"model":"%s","max_tokens":2}' % MODEL.encode()


async def post(port: int, path: str, body: bytes, declared: int | None = None) -> tuple[int, bytes]:
    """Status and body of one answer; 0 when the connection ended without one."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        length = len(body) if declared is None else declared
        head = f"POST {path} HTTP/1.1\r\nhost: x\r\nconnection: close\r\ncontent-length: {length}\r\n\r\n"
        writer.write(head.encode() + body)
        if length > len(body):
            writer.write_eof()
        answer = await asyncio.wait_for(reader.read(), 60)
    except ConnectionError:
        return 0, b""
    finally:
        writer.close()
    head_of_it, _, rest = answer.partition(b"\r\n\r\n")
    return (int(head_of_it.split(b" ")[1]) if head_of_it else 0), rest


async def session(port: int, node: VerifiedNode) -> Session:
    """A fresh session."""
    ephemeral = xwing.generate()
    sent, hello = begin_hello(
        node_key=node.key, node_document=node.document, encapsulate=xwing.encapsulate, ephemeral=ephemeral
    )
    status, body = await post(port, "/ec1/hello", hello)
    assert status == 200
    return sent.finish(body)


def question(opened: Session, records: int = 2) -> tuple[RunSent, bytes]:
    """A valid RUN."""
    header = RequestHeader(rid=os.urandom(16), op="chat", tok=(), prof="p0", seen=(), resume=False, from_=None)
    padding = b" " * max(0, records * 4077 - 4200)
    return begin_run(opened, encode_request(header, BODY[:-1] + padding + b"}"), entropy=os.urandom)


async def verified(client: Client) -> VerifiedNode:
    """The node that this client verified."""
    return await client.channel.greet(MODEL)


def damages(run: bytes, other: bytes) -> dict[str, bytes]:
    """Ways to spoil a RUN, by name."""
    record = 64
    flipped = {
        name: run[:place] + bytes([run[place] ^ 1]) + run[place + 1 :]
        for name, place in (
            ("salt", 40),
            ("first record", record),
            ("a tag", record + 4095),
            ("last byte", len(run) - 1),
        )
    }
    swapped = run[:record] + run[record + 4096 : record + 8192] + run[record : record + 4096] + run[record + 8192 :]
    return flipped | {
        "last record missing": run[:-4096],
        "half a record missing": run[:-2048],
        "records exchanged": swapped,
        "first record twice": run[: record + 4096] + run[record:],
        "another session's records": run[:64] + other[64:],
        "a record too many": run + bytes(4096),
        "one byte too many": run + b"\0",
    }


@pytest.mark.parametrize("direct", [False, True], ids=["through the relay", "to the node"])
def test_a_spoiled_request_ends_its_session_and_nothing_else(tmp_path: Path, small_model: Path, direct: bool) -> None:
    async def scenario() -> None:
        async with installed(tmp_path, small_model) as i, i.client() as client:
            port = i.node_ports[0] if direct else i.relay_port
            node = await verified(client)
            for name in damages(bytes(64 + 4 * 4096), bytes(64 + 4 * 4096)):
                _, run = question(await session(port, node), records=4)
                _, other = question(await session(port, node), records=4)
                spoiled = damages(run, other)[name]
                assert (await post(port, "/ec1/run", spoiled), name) == ((400, b""), name)
                assert (await post(port, "/ec1/run", run), name) == ((404, b""), name)
                status, _ = await post(port, "/ec1/run", other)
                assert (status, name) == (200, name)
            await healthy(i, client)

    asyncio.run(scenario())


@pytest.mark.parametrize("direct", [False, True], ids=["through the relay", "to the node"])
def test_replayed_late_oversized_and_foreign_requests_get_their_status(
    tmp_path: Path, small_model: Path, direct: bool
) -> None:
    async def scenario() -> None:
        async with installed(tmp_path, small_model) as i, i.client() as client:
            port = i.node_ports[0] if direct else i.relay_port
            node = await verified(client)
            _, run = question(await session(port, node))
            both = await asyncio.gather(post(port, "/ec1/run", run), post(port, "/ec1/run", run))
            assert sorted(status for status, _ in both) == [200, 404]
            assert (await post(port, "/ec1/run", run))[0] == 404
            assert (await post(port, "/ec1/run", run[:6] + bytes(8) + run[14:]))[0] == 410
            assert (await post(port, "/ec1/run", b"EC1\x01" + run[4:]))[0] == 400
            assert (await post(port, "/ec1/run", run[:32], declared=2**25 + 65))[0] in {413, 404}
            assert (await post(port, "/ec1/hello", bytes(2432)))[0] == 400
            assert (await post(port, "/ec1/hello", bytes(2433)))[0] in {400, 413}
            assert (await post(port, "/ec1/hello", run[:3] + b"\x01" + run[4:16] + bytes(2416)))[0] == 400
            await healthy(i, client)

    asyncio.run(scenario())


def test_a_flood_of_noise_leaves_memory_and_service_as_they_were(tmp_path: Path, small_model: Path) -> None:
    rng = random.Random(7)

    def noise(kid: bytes) -> tuple[str, bytes]:
        path = rng.choice(["/ec1/hello", "/ec1/run", "/ec1/challenge", "/v1/nodes/x", "/"])
        opening = rng.choice([b"", b"EC1\x01\x00\x01" + kid + b"\0\0", b"EC1\x02\x00\x01" + kid + b"\0\0"])
        return path, opening + rng.randbytes(rng.choice([0, 24, 2416, 8240, 40_000]))

    async def scenario() -> None:
        async with installed(tmp_path, small_model) as i, i.client() as client:
            kid = bytes.fromhex((await verified(client)).digest)[:8]
            processes = [psutil.Process(i.node.pid), psutil.Process(i.service.pid)]
            statuses: set[int] = set()
            before: list[int] = []
            for turn in range(24):
                if turn == 4:
                    before = [process.memory_info().rss for process in processes]
                port = i.node_ports[0] if turn % 2 else i.relay_port
                answers = await asyncio.gather(*(post(port, *noise(kid)) for _ in range(60)))
                statuses |= {status for status, _ in answers}
            assert statuses <= OUTER | {0, 200, 405}
            grown = [now.memory_info().rss - then for now, then in zip(processes, before, strict=True)]
            assert max(grown) < 24 * 2**20
            assert all(len(process.net_connections()) < 30 for process in processes)
            await healthy(i, client)

    asyncio.run(scenario())


async def healthy(i: Installation, client: Client) -> None:
    """Both processes run, and answer somebody who asks properly."""
    assert i.node.alive()
    assert i.service.alive()
    assert (await client.ask("Still well?", tokens=2)).answer.state == "complete"
    written = i.node.err.read_text() + i.service.err.read_text()
    assert [line for line in written.splitlines() if "fault" in line or "internal_error" in line] == []
