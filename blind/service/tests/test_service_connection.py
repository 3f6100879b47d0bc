"""One connection: heads are small and punctual, addresses stay outside, and nonsense gets an empty 400."""

import asyncio
import socket
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from privity_service.configuration import Listener, parse_address
from privity_service.connection import MAX_HEAD, WRITE_BUFFER, Connection
from privity_service.listening import bind
from privity_service.upstream import KERNEL_BUFFER, open_session
from service_stand import hello_request, post_request, reply, stand, until


def test_a_head_that_never_ends_is_cut(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Connection, "head_seconds", 0.2)

    async def scenario() -> None:
        async with stand(tmp_path) as s:
            for opening in (b"", b"POST /ec1/hello HTTP/1.1\r\nhost"):
                reader, writer = await s.open()
                writer.write(opening)
                with pytest.raises((ConnectionError, EOFError)):
                    await asyncio.wait_for(reader.readexactly(1), 30)
                writer.close()

    asyncio.run(scenario())


@pytest.mark.parametrize("kind", ["one header", "many headers", "path", "trailers", "chunk framing"])
def test_what_is_not_body_is_bounded(tmp_path: Path, kind: str) -> None:
    head = b"POST /ec1/run HTTP/1.1\r\nhost: x\r\n"
    chunked = head + b"transfer-encoding: chunked\r\n\r\n1\r\nE\r\n"
    flood = {
        "one header": head + b"x: " + b"y" * 10_000_000,
        "many headers": head + b"x: y\r\n" * 1_000_000,
        "path": b"GET /" + b"y" * 10_000_000,
        "trailers": chunked + b"0\r\n" + b"x: y\r\n" * 1_000_000,
        "chunk framing": chunked + b"1;" + b"y" * 10_000_000,
    }[kind]

    async def scenario() -> None:
        async with stand(tmp_path) as s:
            reader, writer = await s.open()
            sent = 0
            try:
                for start in range(0, len(flood), 65536):
                    writer.write(flood[start : start + 65536])
                    await writer.drain()
                    sent += 65536
                await reader.read()
            except ConnectionError:
                pass
            await until(lambda: not s.connections)
            assert sent < len(flood)
            writer.close()

    asyncio.run(scenario())
    assert MAX_HEAD == 16384


def test_beyond_the_limit_a_connection_is_closed_at_once(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with stand(tmp_path, connections=2) as s:
            held = [await s.open() for _ in range(2)]
            await until(lambda: len(s.connections) == 2)
            reader, writer = await s.open()
            with pytest.raises((ConnectionError, EOFError)):
                await asyncio.wait_for(reader.readexactly(1), 30)
            for each in (writer, *(writer for _, writer in held)):
                each.close()

    asyncio.run(scenario())


def test_the_application_is_never_told_the_peers_address(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with stand(tmp_path) as s:
            reader, writer = await s.open()
            await until(lambda: len(s.connections) == 1)
            assert [connection.client for connection in s.connections] == [None]
            writer.close()
            reader.feed_eof()

    asyncio.run(scenario())


def test_a_peer_that_confirms_nothing_is_given_up_by_the_kernel(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with stand(tmp_path) as s:
            _, writer = await s.open()
            await until(lambda: len(s.connections) == 1)
            (connection,) = s.connections
            served = connection.transport.get_extra_info("socket")
            assert served.getsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT) == 30_000
            writer.close()

    asyncio.run(scenario())


def test_the_kernel_takes_little_for_a_client_that_stopped_reading() -> None:
    with bind(Listener("127.0.0.1", 0)) as bound, socket.create_connection(bound.getsockname()):
        accepted, _ = bound.accept()
        unsent = accepted.getsockopt(socket.IPPROTO_TCP, socket.TCP_NOTSENT_LOWAT)
        accepted.close()
    assert unsent == WRITE_BUFFER


def test_the_kernel_keeps_little_of_what_a_node_sends_too_fast() -> None:
    async def scenario() -> int:
        over = asyncio.Event()

        async def begin(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            await reader.readuntil(b"\r\n\r\n")
            writer.write(b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n")
            await reader.read()
            writer.close()
            over.set()

        server = await asyncio.start_server(begin, "127.0.0.1", 0)
        address = parse_address(f"tcp:127.0.0.1:{server.sockets[0].getsockname()[1]}")
        async with server, open_session(address) as session, session.get(address.base) as response:
            assert response.connection is not None
            assert response.connection.transport is not None
            connected = response.connection.transport.get_extra_info("socket")
            room: int = connected.getsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF)
            response.close()
            await over.wait()
        return room

    assert asyncio.run(scenario()) == 2 * KERNEL_BUFFER


def test_two_requests_on_one_connection_are_both_served(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with stand(tmp_path) as s:
            s.node.script["/ec1/hello"] = reply(200, b"H" * 1432)
            request = post_request("/ec1/hello", hello_request(s.node.kid()))
            reader, writer = await s.open()
            for _ in range(20):
                writer.write(request)
                await reader.readuntil(b"\r\n\r\n")
                assert await reader.readexactly(1432) == b"H" * 1432
            writer.close()

    asyncio.run(scenario())


NOISE = st.one_of(
    st.binary(max_size=300),
    st.builds(
        lambda method, path, headers, body: (
            method + b" " + path + b" HTTP/1.1\r\n" + b"\r\n".join(headers) + b"\r\n\r\n" + body
        ),
        st.sampled_from([b"POST", b"GET", b"OPTIONS", b"PUT", b"\xff"]),
        st.sampled_from(
            [b"/ec1/hello", b"/ec1/run", b"/ec1/challenge", b"/v1/nodes/x", b"*", b"//", b"/\xff", b"/%ff"]
        ),
        st.lists(
            st.sampled_from(
                [
                    b"content-length: 2432",
                    b"content-length: -1",
                    b"content-length: 99999999999999999999",
                    b"content-length: 5, 5",
                    b"transfer-encoding: chunked",
                    b"transfer-encoding: gzip",
                    b"expect: 100-continue",
                    b"upgrade: websocket",
                    b"connection: upgrade",
                    b"host: x",
                    b"x: \xff",
                ]
            ),
            max_size=4,
        ),
        st.binary(max_size=100),
    ),
)
ALLOWED = {100, 200, 204, 304, 400, 404, 405, 410, 413, 503}


@settings(max_examples=10, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(st.lists(NOISE, min_size=30, max_size=30))
def test_any_bytes_get_a_documented_status_or_a_closed_connection(tmp_path: Path, noises: list[bytes]) -> None:
    async def one(s, noise: bytes) -> int | None:
        reader, writer = await s.open()
        try:
            writer.write(noise)
            writer.write_eof()
            line = await asyncio.wait_for(reader.readline(), 60)
            return int(line.split(b" ")[1]) if line else None
        except (ConnectionError, OSError):
            return None
        finally:
            writer.close()

    async def scenario() -> None:
        async with stand(tmp_path) as s:
            statuses = await asyncio.gather(*(one(s, noise) for noise in noises))
            assert {status for status in statuses if status is not None} <= ALLOWED
            await until(lambda: s.state.streams.open == 0)
            assert (await s.get("/healthz", relay=True)).status == 200
            assert [line for line in s.logged if "internal_error" in line] == []

    asyncio.run(scenario())
