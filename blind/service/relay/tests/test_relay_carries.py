"""What the third-party relay carries, and what it does not: real sockets, hostile clients, a hostile upstream."""

import asyncio
import json

import pytest
from privity_service.forwarding import Deadlines
from relay_stand import KID, PUBLIC, stand
from scripted_node import dead, hello_request, post_request, reply, run_request, silent, stream_of, until

DISCOVERY = {
    "account": "https://chat.example",
    "deploy": "chat.example",
    "logs": [{"origin": "log.example/other", "url": "http://169.254.0.1"}],
    "plans": False,
    "relays": [{"kind": "forward", "name": "Other", "url": "https://other.example"}],
    "run": "http://10.0.0.1:9",
    "v": 1,
}
CANARIES = (
    *("cookie: canary=1", "user-agent: canary", "x-forwarded-for: 192.0.2.77", "forwarded: for=canary"),
    *("authorization: canary", "origin: http://canary", "referer: http://canary", "accept-language: canary"),
    *("if-none-match: canary", "x-real-ip: canary", "via: canary", "traceparent: canary", "accept: canary"),
)


@pytest.mark.parametrize(
    ("path", "body", "answer"),
    [
        ("/ec1/hello", hello_request(KID), b"H" * 1432),
        ("/ec1/run", run_request(KID), b"r" * 512),
        ("/ec1/challenge", KID + b"n" * 32, b"bundle"),
    ],
)
def test_a_request_reaches_the_upstream_byte_for_byte_and_nothing_else_of_the_client_does(path, body, answer) -> None:
    async def scenario() -> None:
        async with stand() as s:
            s.upstream.script[path] = reply(200, answer, b"set-cookie: id=1", b"etag: id", b"x-who: id")
            got = await s.post(f"{path}?canary", body, *CANARIES)
            assert (got.status, got.body, got.whole) == (200, answer, True)
            heard = s.upstream.heard[-1]
            assert (heard.path, heard.body) == (path, body)
            assert b"canary" not in heard.head.lower()
            assert b"192.0.2.77" not in heard.head
            names = {line.split(b":")[0] for line in heard.head.lower().split(b"\r\n")[1:] if line}
            assert names == {b"host", b"content-type", b"content-length", b"connection"}
            assert not {"set-cookie", "etag", "x-who"} & set(got.headers)

    asyncio.run(scenario())


def test_records_arrive_one_by_one_while_the_upstream_still_writes() -> None:
    async def scenario() -> None:
        gate = asyncio.Event()

        async def script(_heard: object, writer: asyncio.StreamWriter) -> None:
            writer.write(b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n200\r\n" + b"1" * 512 + b"\r\n")
            await gate.wait()
            writer.write(b"200\r\n" + b"2" * 512 + b"\r\n0\r\n\r\n")

        async with stand() as s:
            s.upstream.script["/ec1/run"] = script
            reader, writer = await s.open()
            writer.write(post_request("/ec1/run", run_request(KID)))
            await reader.readuntil(b"\r\n\r\n")
            assert await reader.readexactly(5 + 512 + 2) == b"200\r\n" + b"1" * 512 + b"\r\n"
            gate.set()
            assert await reader.readexactly(5 + 512 + 2 + 5) == b"200\r\n" + b"2" * 512 + b"\r\n0\r\n\r\n"
            writer.close()

    asyncio.run(scenario())


def test_an_upstream_lost_in_mid_stream_is_a_cut_and_never_an_end() -> None:
    async def scenario() -> None:
        async with stand() as s:
            s.upstream.script["/ec1/run"] = stream_of([b"a" * 512] * 2, end=False)
            answer = await s.post("/ec1/run", run_request(KID))
            assert (answer.status, answer.whole) == (200, False)

    asyncio.run(scenario())


@pytest.mark.parametrize(
    "path",
    [
        *("/", "/healthz", "/ec1/hello/", "/ec1//hello", "/ec1/node", "/ec1/bundle/" + "0" * 64, "/v1/events"),
        *("/v1/nodes/" + "0" * 63, "/v1/nodes/" + "A" * 64, "/v1/nodes/../events", "/v1/nodes/%2e%2e/events"),
        *("/logs/2/checkpoint", "/logs/0/../../v1/events", "/logs/0/tile/entries/../x", "/logs/0/tile/7/000"),
        *("/logs/0/tile/0/000?x", "/logs/00/checkpoint", "/logs/0/checkpoint/", "/v1/bulletin/", "//v1/bulletin"),
        *("http://127.0.0.1/v1/events", "/v1/nodes/" + "0" * 64 + "%0d%0aX:y"),
    ],
)  # fmt: skip
def test_a_path_that_is_not_listed_never_reaches_the_upstream(path: str) -> None:
    async def scenario() -> None:
        async with stand() as s:
            answer = await s.get(path)
            known = path in {"/", "/healthz"} or path.endswith("?x")
            assert answer.status == ((404 if path.endswith("?x") else 200) if known else 404)
            assert [one.path for one in s.upstream.heard] == (["/release/tile/0/000"] if path.endswith("?x") else [])

    asyncio.run(scenario())


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "HEAD", "CONNECT", "TRACE"])
def test_a_public_file_is_for_reading(method: str) -> None:
    async def scenario() -> None:
        async with stand() as s:
            answer = await s.get("/v1/bulletin", method=method)
            assert answer.status in {400, 405}
            assert s.upstream.heard == []

    asyncio.run(scenario())


def test_the_discovery_document_leads_to_the_relay_and_where_that_leads_is_its_own_configuration() -> None:
    async def scenario() -> None:
        async with stand() as s:
            text = json.dumps(DISCOVERY, sort_keys=True, separators=(",", ":")).encode()
            s.upstream.script["/.well-known/privity"] = reply(200, text)
            answer = await s.get("/.well-known/privity")
            logs = [("log.example/release", f"{PUBLIC}/logs/0"), ("log.example/keys", f"{PUBLIC}/logs/1")]
            assert json.loads(answer.body) == DISCOVERY | {
                "run": PUBLIC,
                "relays": [],
                "logs": [{"origin": origin, "url": url} for origin, url in logs],
            }
            s.upstream.script["/k/checkpoint"] = reply(200, b"a note")
            s.upstream.script["/release/tile/0/x001/234.p/7"] = reply(200, b"h" * 224)
            assert (await s.get("/logs/1/checkpoint")).body == b"a note"
            assert (await s.get("/logs/0/tile/0/x001/234.p/7")).body == b"h" * 224

    asyncio.run(scenario())


@pytest.mark.parametrize("body", [b"", b"[]", b"{", b'{"a":1,"a":1}', b"x" * 20_000])
def test_a_discovery_document_that_is_none_is_not_handed_on(body: bytes) -> None:
    async def scenario() -> None:
        async with stand() as s:
            s.upstream.script["/.well-known/privity"] = reply(200, body)
            assert (await s.get("/.well-known/privity")).status == 503

    asyncio.run(scenario())


def test_one_question_to_the_upstream_serves_all_who_ask_until_its_time_is_over() -> None:
    async def scenario() -> None:
        gate = asyncio.Event()

        async def slowly(heard: object, writer: asyncio.StreamWriter) -> None:
            await gate.wait()
            await reply(200, b"bulletin", b"etag: who")(heard, writer)  # type: ignore[arg-type]

        async with stand() as s:
            s.upstream.script["/v1/bulletin"] = slowly
            asking = [asyncio.create_task(s.get("/v1/bulletin", *CANARIES)) for _ in range(20)]
            await until(lambda: s.state.counts["public"] == 20)
            asking[0].cancel()
            gate.set()
            answers = await asyncio.gather(*asking[1:])
            assert {(one.status, one.body) for one in answers} == {(200, b"bulletin")}
            assert s.heard("/v1/bulletin") == 1
            assert b"canary" not in s.upstream.heard[0].head
            assert "etag" not in answers[0].headers
            s.clock[0] = 11.0
            assert (await s.get("/v1/bulletin")).body == b"bulletin"
            assert s.heard("/v1/bulletin") == 2

    asyncio.run(scenario())


def test_a_failure_is_not_kept() -> None:
    async def scenario() -> None:
        async with stand() as s:
            for script, status in ((dead, 503), (reply(500), 503), (reply(404), 404), (reply(302), 503)):
                s.upstream.script["/v1/nodes/directory"] = script
                assert (await s.get("/v1/nodes/directory")).status == status
            s.upstream.script["/v1/nodes/directory"] = reply(200, b"d")
            assert (await s.get("/v1/nodes/directory")).body == b"d"

    asyncio.run(scenario())


@pytest.mark.parametrize(
    ("path", "asked", "most"),
    [
        ("/v1/bulletin", "/v1/bulletin", 2**20),
        ("/v1/nodes/directory", "/v1/nodes/directory", 65_535),
        ("/v1/nodes/" + "ab" * 32, "/v1/nodes/" + "ab" * 32, 2**19),
        ("/logs/0/tile/1/000", "/release/tile/1/000", 8192),
        ("/logs/0/tile/entries/000", "/release/tile/entries/000", 256 * 65_537),
    ],
)
def test_a_file_larger_than_its_kind_may_be_is_not_handed_on(path: str, asked: str, most: int) -> None:
    async def scenario() -> None:
        async with stand() as s:
            s.upstream.script[asked] = reply(200, b"x" * (most + 1))
            assert (await s.get(path)).status == 503
            s.upstream.script[asked] = reply(200, b"x" * min(most, 2**20))
            assert (await s.get(path)).whole

    asyncio.run(scenario())


def test_an_upstream_that_is_silent_is_given_up() -> None:
    async def scenario() -> None:
        async with stand(answer_seconds=0.2, deadlines=Deadlines(answer=0.2)) as s:
            for path in ("/v1/bulletin", "/release/tile/entries/000"):
                s.upstream.script[path] = silent
            assert (await s.get("/v1/bulletin")).status == 503
            assert (await s.get("/logs/0/tile/entries/000")).status == 503

    asyncio.run(scenario())


def test_a_file_that_breaks_off_is_a_cut_and_never_an_end() -> None:
    async def half(_heard: object, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\ncontent-length: 9000\r\n\r\n" + b"x" * 4000)

    async def scenario() -> None:
        async with stand() as s:
            s.upstream.script["/release/tile/entries/000"] = half
            answer = await s.get("/logs/0/tile/entries/000")
            assert (answer.status, answer.whole) == (200, False)
            s.upstream.script["/v1/bulletin"] = half
            assert (await s.get("/v1/bulletin")).status == 503

    asyncio.run(scenario())


def test_a_reader_that_stops_is_cut_and_its_place_is_free_again() -> None:
    async def scenario() -> None:
        async with stand(deadlines=Deadlines(stream=0.2), streams=1) as s:
            s.upstream.script["/v1/bulletin"] = reply(200, b"x" * 2**20)
            _reader, writer = await s.open()
            writer.transport.pause_reading()  # type: ignore[attr-defined]
            for _ in range(64):
                writer.write(b"GET /v1/bulletin HTTP/1.1\r\nhost: x\r\n\r\n")
            await until(lambda: s.state.counts["cut"] > 0)
            await until(lambda: s.state.streams.open == 0)
            writer.transport.abort()
            assert (await s.get("/healthz")).status == 200

    asyncio.run(scenario())


def test_beyond_its_places_a_relay_is_busy_and_afterwards_welcome() -> None:
    async def scenario() -> None:
        async with stand(streams=1) as s:
            s.upstream.script["/ec1/run"] = silent
            _reader, writer = await s.open()
            writer.write(post_request("/ec1/run", run_request(KID)))
            await until(lambda: s.heard("/ec1/run") == 1)
            assert (await s.post("/ec1/hello", hello_request(KID))).status == 503
            assert (await s.get("/v1/bulletin")).status == 503
            writer.transport.abort()
            await until(lambda: s.state.streams.open == 0)
            s.upstream.script["/ec1/hello"] = reply(200, b"H" * 1432)
            assert (await s.post("/ec1/hello", hello_request(KID))).status == 200

    asyncio.run(scenario())


def test_any_page_may_use_a_relay_without_credentials() -> None:
    async def scenario() -> None:
        async with stand() as s:
            for path, method in (("/ec1/hello", "POST"), ("/v1/bulletin", "GET")):
                answer = await s.get(path, method="OPTIONS")
                assert (answer.status, answer.headers["access-control-allow-methods"]) == (204, method)
                assert answer.headers["access-control-allow-origin"] == "*"
                assert "access-control-allow-credentials" not in answer.headers
            assert s.logged == []

    asyncio.run(scenario())
