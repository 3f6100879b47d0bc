"""The relay on real sockets: what travels, what does not, and what a client sees when something breaks."""

import asyncio
from pathlib import Path

import pytest
from privity_protocol.limits import MAX_BUNDLE
from privity_service.forwarding import Deadlines
from service_stand import (
    FakeNode,
    dead,
    hello_request,
    post_request,
    read_answer,
    reply,
    run_request,
    silent,
    stand,
    stream_of,
    until,
)

# Each test shortens the one deadline that it is about: on a busy machine another one would end first.
HASTY_ANSWER, HASTY_STREAM, HASTY_UPLOAD = Deadlines(answer=0.2), Deadlines(stream=0.2), Deadlines(upload=0.2)


def test_a_hello_reaches_the_node_byte_for_byte_and_its_answer_comes_back(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with stand(tmp_path) as s:
            s.node.script["/ec1/hello"] = reply(200, b"H" * 1432)
            request = hello_request(s.node.kid())
            answer = await s.post("/ec1/hello", request)
            assert (answer.status, answer.body, answer.whole) == (200, b"H" * 1432, True)
            assert s.node.heard[-1].body == request

    asyncio.run(scenario())


def test_nothing_of_the_clients_headers_travels_on(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with stand(tmp_path) as s:
            s.node.script["/ec1/hello"] = reply(200, b"H" * 1432)
            secrets = ["cookie: canary=1", "user-agent: canary", "x-forwarded-for: canary", "content-type: canary"]
            more = ["authorization: canary", "origin: http://canary", "referer: http://canary", "accept: canary"]
            await s.post("/ec1/hello?canary", hello_request(s.node.kid()), *secrets, *more)
            head = s.node.heard[-1].head.lower()
            assert b"canary" not in head
            names = {line.split(b":")[0] for line in head.split(b"\r\n")[1:] if line}
            assert names == {b"host", b"content-type", b"content-length", b"connection"}

    asyncio.run(scenario())


def test_of_the_nodes_answer_only_status_and_bytes_come_back(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with stand(tmp_path) as s:
            odd = (b"set-cookie: id=1", b"server: node", b"content-type: text/html", b"location: /", b"x-node: 7")
            s.node.script["/ec1/hello"] = reply(200, b"H" * 1432, *odd)
            answer = await s.post("/ec1/hello", hello_request(s.node.kid()))
            assert set(answer.headers) == {
                "date",
                "cache-control",
                "x-content-type-options",
                "access-control-allow-origin",
                "cross-origin-resource-policy",
                "content-type",
                "content-length",
            }
            assert answer.headers["content-type"] == "application/vnd.privity.ec1"
            assert answer.headers["cache-control"] == "no-store, no-transform"

    asyncio.run(scenario())


def test_records_arrive_one_by_one_while_the_node_still_writes(tmp_path: Path) -> None:
    async def scenario() -> None:
        gate = asyncio.Event()

        async def script(heard: object, writer: asyncio.StreamWriter) -> None:
            writer.write(b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n200\r\n" + b"1" * 512 + b"\r\n")
            await gate.wait()
            writer.write(b"200\r\n" + b"2" * 512 + b"\r\n0\r\n\r\n")

        async with stand(tmp_path) as s:
            s.node.script["/ec1/run"] = script
            reader, writer = await s.open()
            writer.write(post_request("/ec1/run", run_request(s.node.kid())))
            await reader.readuntil(b"\r\n\r\n")
            assert await reader.readexactly(5 + 512 + 2) == b"200\r\n" + b"1" * 512 + b"\r\n"
            gate.set()
            assert await reader.readexactly(5 + 512 + 2 + 5) == b"200\r\n" + b"2" * 512 + b"\r\n0\r\n\r\n"
            writer.close()

    asyncio.run(scenario())


def test_the_key_id_chooses_among_many_nodes(tmp_path: Path) -> None:
    async def scenario() -> None:
        nodes = [FakeNode(f"document {number}".encode()) for number in range(3)]
        async with stand(tmp_path, *nodes) as s:
            for number, node in enumerate(nodes):
                node.script["/ec1/hello"] = reply(200, b"%d" % number * 1432)
            for number in (2, 0, 1):
                answer = await s.post("/ec1/hello", hello_request(nodes[number].kid()))
                assert answer.body == b"%d" % number * 1432

    asyncio.run(scenario())


def test_a_node_behind_a_unix_socket_is_reached_like_any_other(tmp_path: Path) -> None:
    async def scenario() -> None:
        node = FakeNode()
        node.path = str(tmp_path / "node.sock")
        async with stand(tmp_path, node) as s:
            node.script["/ec1/run"] = stream_of([b"u" * 512] * 3)
            answer = await s.post("/ec1/run", run_request(node.kid()))
            assert (answer.status, answer.body, answer.whole) == (200, b"u" * 1536, True)
            assert b"host: node\r\n" in node.heard[-1].head.lower()

    asyncio.run(scenario())


def test_a_challenge_travels_with_its_key_id_and_brings_a_bundle(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with stand(tmp_path) as s:
            s.node.script["/ec1/challenge"] = reply(200, b"[bundle]")
            answer = await s.post("/ec1/challenge", s.node.kid() + b"n" * 32)
            assert (answer.status, answer.body) == (200, b"[bundle]")
            assert answer.headers["content-type"] == "application/cmw+json"
            s.node.script["/ec1/challenge"] = reply(200, b"x" * (MAX_BUNDLE + 1))
            assert (await s.post("/ec1/challenge", s.node.kid() + b"n" * 32)).status == 503

    asyncio.run(scenario())


@pytest.mark.parametrize("status", [400, 404, 410, 413, 429, 503])
def test_the_nodes_outer_errors_come_through_empty(tmp_path: Path, status: int) -> None:
    async def scenario() -> None:
        async with stand(tmp_path) as s:
            s.node.script["/ec1/run"] = reply(status, b"why", b"x-why: because")
            answer = await s.post("/ec1/run", run_request(s.node.kid()))
            assert (answer.status, answer.body, answer.whole) == (status, b"", True)
            assert "x-why" not in answer.headers

    asyncio.run(scenario())


@pytest.mark.parametrize("status", [201, 301, 401, 418, 500, 502])
def test_any_other_status_of_a_node_is_busy(tmp_path: Path, status: int) -> None:
    async def scenario() -> None:
        async with stand(tmp_path) as s:
            s.node.script["/ec1/run"] = reply(status, b"", b"location: http://127.0.0.1/")
            assert (await s.post("/ec1/run", run_request(s.node.kid()))).status == 503

    asyncio.run(scenario())


def test_a_redirect_of_a_node_is_not_followed(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with stand(tmp_path) as s:
            s.node.script["/ec1/run"] = reply(303, b"", b"location: /elsewhere")
            s.node.script["/elsewhere"] = stream_of([b"a" * 512])
            assert (await s.post("/ec1/run", run_request(s.node.kid()))).status == 503
            assert s.node.heard[-1].path == "/ec1/run"

    asyncio.run(scenario())


def test_an_unknown_key_id_is_gone(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with stand(tmp_path) as s:
            assert (await s.post("/ec1/hello", hello_request(b"otherkid"))).status == 410
            assert (await s.post("/ec1/run", run_request(b"otherkid"))).status == 410
            assert [heard.path for heard in s.node.heard if heard.path.startswith("/ec1/h")] == []

    asyncio.run(scenario())


@pytest.mark.parametrize(
    "body", [b"", b"EC1", b"EC2" + b"x" * 2429, b"EC1\x02" + b"x" * 2428, hello_request(b"k" * 8)[:-1]]
)
def test_a_malformed_hello_is_refused_before_any_node_hears_of_it(tmp_path: Path, body: bytes) -> None:
    async def scenario() -> None:
        async with stand(tmp_path) as s:
            assert (await s.post("/ec1/hello", body)).status == 400
            assert all(not heard.path.endswith("hello") for heard in s.node.heard)

    asyncio.run(scenario())


@pytest.mark.parametrize(("path", "length"), [("/ec1/hello", 2433), ("/ec1/run", 2**25 + 65), ("/ec1/challenge", 41)])
def test_a_declared_length_beyond_the_limit_is_refused_before_the_body_is_read(
    tmp_path: Path, path: str, length: int
) -> None:
    async def scenario() -> None:
        async with stand(tmp_path) as s:
            answer = await s.ask(f"POST {path} HTTP/1.1\r\nhost: x\r\ncontent-length: {length}\r\n\r\n".encode())
            assert (answer.status, answer.whole, answer.headers["connection"]) == (413, True, "close")

    asyncio.run(scenario())


def test_a_chunked_body_is_stopped_at_the_limit_and_the_node_never_answers_it(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with stand(tmp_path) as s:
            body = hello_request(s.node.kid()) + b"x"
            head = b"POST /ec1/hello HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\n"
            answer = await s.ask(head + b"%x\r\n%s\r\n" % (len(body), body))
            assert answer.status == 413
            run = run_request(s.node.kid())
            s.node.script["/ec1/run"] = stream_of([b"z" * 512])
            head = b"POST /ec1/run HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\n"
            answer = await s.ask(head + b"%x\r\n%s\r\n0\r\n\r\n" % (len(run), run))
            assert (answer.status, answer.body, s.node.heard[-1].body) == (200, b"z" * 512, run)

    asyncio.run(scenario())


def test_a_stream_whose_node_dies_is_cut_and_never_ended(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with stand(tmp_path) as s:
            s.node.script["/ec1/run"] = stream_of([b"a" * 512] * 3, end=False)
            answer = await s.post("/ec1/run", run_request(s.node.kid()))
            assert (answer.status, answer.body, answer.whole) == (200, b"a" * 1536, False)
            assert s.state.counts["cut"] == 1

    asyncio.run(scenario())


def test_a_stream_that_could_end_without_being_noticed_is_not_begun(tmp_path: Path) -> None:
    async def script(heard: object, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\n\r\n" + b"a" * 512)

    async def scenario() -> None:
        async with stand(tmp_path) as s:
            s.node.script["/ec1/run"] = script
            assert (await s.post("/ec1/run", run_request(s.node.kid()))).status == 503

    asyncio.run(scenario())


@pytest.mark.parametrize("body", [b"", b"H" * 1431, b"H" * 1433])
def test_a_hello_answer_of_another_size_is_not_passed_on(tmp_path: Path, body: bytes) -> None:
    async def scenario() -> None:
        async with stand(tmp_path) as s:
            s.node.script["/ec1/hello"] = reply(200, body)
            assert (await s.post("/ec1/hello", hello_request(s.node.kid()))).status == 503

    asyncio.run(scenario())


@pytest.mark.parametrize("script", [dead, silent])
def test_a_node_that_dies_or_hangs_before_answering_is_busy(tmp_path: Path, script) -> None:
    async def scenario() -> None:
        async with stand(tmp_path, deadlines=HASTY_ANSWER) as s:
            s.node.script["/ec1/hello"] = s.node.script["/ec1/run"] = script
            async with asyncio.timeout(30):
                assert (await s.post("/ec1/hello", hello_request(s.node.kid()))).status == 503
                assert (await s.post("/ec1/run", run_request(s.node.kid()))).status == 503
            assert s.state.counts["unreachable"] == 2
            assert s.state.streams.open == 0

    asyncio.run(scenario())


def test_a_node_that_falls_silent_in_mid_stream_is_cut(tmp_path: Path) -> None:
    async def script(heard: object, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n200\r\n" + b"1" * 512 + b"\r\n")
        await asyncio.Event().wait()

    async def scenario() -> None:
        async with stand(tmp_path, deadlines=HASTY_STREAM) as s:
            s.node.script["/ec1/run"] = script
            answer = await s.post("/ec1/run", run_request(s.node.kid()))
            assert (answer.status, answer.whole) == (200, False)

    asyncio.run(scenario())


def test_an_upload_that_stalls_is_given_up_and_its_place_is_free_again(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with stand(tmp_path, deadlines=HASTY_UPLOAD, streams=1) as s:
            request = post_request("/ec1/run", run_request(s.node.kid()))
            assert (await s.ask(request[:-100])).status == 400
            assert s.state.streams.open == 0

    asyncio.run(scenario())


def test_an_upload_that_drips_is_given_up_after_its_whole_time(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with stand(tmp_path, deadlines=Deadlines(upload_whole=0.5)) as s:
            request = post_request("/ec1/run", run_request(s.node.kid()))
            reader, writer = await s.open()
            answer = asyncio.create_task(read_answer(reader))
            writer.write(request[:1000])
            for number in range(1000, len(request), 10):
                if answer.done():
                    break
                writer.write(request[number : number + 10])
                await asyncio.sleep(0.02)
            assert (await answer).status == 400
            writer.close()

    asyncio.run(scenario())


def test_beyond_the_limit_of_streams_a_request_is_busy_and_afterwards_welcome(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with stand(tmp_path, streams=1) as s:
            s.node.script["/ec1/run"] = silent
            _, writer = await s.open()
            writer.write(post_request("/ec1/run", run_request(s.node.kid())))
            await until(lambda: s.state.streams.open == 1)
            async with asyncio.timeout(30):
                assert (await s.post("/ec1/run", run_request(s.node.kid()))).status == 503
            writer.close()
            await until(lambda: s.state.streams.open == 0)
            s.node.script["/ec1/run"] = stream_of([b"a" * 512])
            assert (await s.post("/ec1/run", run_request(s.node.kid()))).status == 200

    asyncio.run(scenario())


@pytest.mark.parametrize("phase", ["waiting", "streaming", "uploading"])
def test_a_client_that_leaves_closes_the_connection_to_the_node(tmp_path: Path, phase: str) -> None:
    async def scenario() -> None:
        async with stand(tmp_path) as s:
            endless = stream_of([b"a" * 512] * 10_000, pause=0.01)
            s.node.script["/ec1/run"] = silent if phase == "waiting" else endless
            s.node.closed.clear()
            reader, writer = await s.open()
            request = post_request("/ec1/run", run_request(s.node.kid()))
            writer.write(request[:-50] if phase == "uploading" else request)
            if phase == "streaming":
                await reader.readuntil(b"aaaa")
            else:
                await until(lambda: s.state.streams.open == 1)
                await asyncio.sleep(0.05)
            writer.transport.abort()
            await until(lambda: s.state.streams.open == 0)
            await asyncio.wait_for(s.node.closed.wait(), 30) if phase != "waiting" else None
            assert s.state.counts["gone"] == 1

    asyncio.run(scenario())


def test_a_slow_reader_holds_little_memory_because_the_node_is_made_to_wait(tmp_path: Path) -> None:
    written = 0

    async def flood(heard: object, writer: asyncio.StreamWriter) -> None:
        nonlocal written
        writer.write(b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n")
        while written < 200_000_000:
            writer.write(b"1000\r\n" + b"f" * 4096 + b"\r\n")
            await writer.drain()
            written += 4096

    async def scenario() -> None:
        async with stand(tmp_path, deadlines=Deadlines(stream=1.0)) as s:
            s.node.script["/ec1/run"] = flood
            _, writer = await s.open()
            writer.transport.pause_reading()
            writer.write(post_request("/ec1/run", run_request(s.node.kid())))
            before = -1
            while before != written or written == 0:
                before = written
                await asyncio.sleep(0.1)
            assert written < 16_000_000  # two kernels' socket buffers and three small ones of ours
            await until(lambda: s.state.counts["cut"] == 1)
            writer.transport.abort()

    asyncio.run(scenario())


@pytest.mark.parametrize("path", ["/ec1/hello", "/ec1/run", "/ec1/challenge"])
def test_cross_origin_rules_any_origin_no_credentials_one_method(tmp_path: Path, path: str) -> None:
    async def scenario() -> None:
        async with stand(tmp_path) as s:
            asked = ("origin: https://elsewhere.example", "access-control-request-method: POST")
            answer = await s.get(path, *asked, relay=True, method="OPTIONS")
            assert answer.status == 204
            assert answer.headers["access-control-allow-origin"] == "*"
            assert answer.headers["access-control-allow-methods"] == "POST"
            assert answer.headers["access-control-allow-headers"] == "content-type"
            assert "access-control-allow-credentials" not in answer.headers
            for method in ("GET", "PUT", "DELETE", "HEAD"):
                assert (await s.get(path, relay=True, method=method)).status == 405

    asyncio.run(scenario())
