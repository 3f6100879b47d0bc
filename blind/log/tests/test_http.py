"""The read side and the append endpoint over HTTP: exact files, types and headers, and nothing else."""

import asyncio
from contextlib import asynccontextmanager

import httpx
import pytest
from privity_log import append_endpoint, published_files, sequencer, witness_server
from privity_log.live import LiveLog, Pace
from privity_log.store import locked
from privity_log.witness import Witness
from privity_log.witness_state import WitnessState
from privity_tlog import proof
from stand import LOG, NOW, ORIGIN, W1, entries, entry, policy

TOKEN = "a-token-of-this-test"
AUTHORIZED = {"authorization": f"Bearer {TOKEN}"}


@pytest.fixture
def folder(tmp_path):
    with locked(tmp_path / "release") as store:
        sequencer.create(store, ORIGIN, LOG, now=NOW)
        log = sequencer.open_log(store, ORIGIN, LOG, now=NOW)
        log.append(entries(0, 300), now=NOW)
        log.publish(log.committed, [])
    return tmp_path / "release"


def get(folder, *paths: str, method: str = "GET") -> list[httpx.Response]:
    async def run() -> list[httpx.Response]:
        transport = httpx.ASGITransport(published_files.application({"release": folder / "public"}))
        async with httpx.AsyncClient(transport=transport, base_url="http://log.example") as client:
            return [await client.request(method, path) for path in paths]

    return asyncio.run(run())


def test_checkpoint_and_tiles_are_served_as_the_specification_tells(folder) -> None:
    checkpoint, tile, partial, bundle = get(
        folder, "/release/checkpoint", "/release/tile/0/000", "/release/tile/0/001.p/44", "/release/tile/entries/000"
    )
    assert checkpoint.headers["content-type"] == "text/plain; charset=utf-8"
    assert checkpoint.headers["cache-control"] == "public, max-age=1"
    assert checkpoint.content == (folder / "public/checkpoint").read_bytes()
    for answer, size in ((tile, 8192), (partial, 44 * 32), (bundle, None)):
        assert answer.status_code == 200
        assert answer.headers["content-type"] == "application/octet-stream"
        assert "immutable" in answer.headers["cache-control"]
        assert answer.headers["access-control-allow-origin"] == "*"
        assert size in (None, len(answer.content))


NOTHING = [
    "/", "/release", "/keys/checkpoint", "/release/state/committed", "/release/tile/0/0", "/release/tile/0/000.p/0",
    "/release/tile/0/000.p/256", "/release/tile/0/001.p/043", "/release/tile/64/000", "/release/tile/00/000",
    "/release/tile/0/../../../state/committed", "/release/%2e%2e/state/committed", "/release/tile/0/001",
    "/release//checkpoint", "/release/checkpoint/x", "/release/tile/entries", "/release/tile/0/000.p",
]  # fmt: skip


def test_nothing_else_is_served(folder) -> None:
    for path, answer in zip(NOTHING, get(folder, *NOTHING), strict=True):
        assert answer.status_code == 404, path
        assert answer.headers.get("cache-control") in (None, "no-store")


def test_a_page_of_any_origin_can_read_and_can_tell_what_is_missing(folder) -> None:
    paths = ("/release/checkpoint", "/release/tile/0/000", "/release/tile/0/001.p/43", "/keys/checkpoint")
    answers = get(folder, *paths)
    assert [answer.status_code for answer in answers] == [200, 200, 404, 404]
    assert [answer.headers["access-control-allow-origin"] for answer in answers] == ["*"] * 4
    assert [name for answer in answers for name in answer.headers if "credentials" in name] == []


def test_nothing_is_written_to_the_read_side(folder) -> None:
    assert [answer.status_code for answer in get(folder, "/release/checkpoint", method="POST")] == [405]


@asynccontextmanager
async def endpoint(folder):
    """The append endpoint of a running log without witnesses."""
    with locked(folder) as store:
        async with httpx.AsyncClient() as outside:
            pace = Pace(batch=0.0, refresh=3600.0, append=30.0, retry=0.0)
            log = LiveLog(store, ORIGIN, LOG, policy(), outside, lambda: NOW, lambda *_: None, pace)
            task = asyncio.create_task(log.run())
            transport = httpx.ASGITransport(append_endpoint.application({"release": log}, TOKEN))
            async with httpx.AsyncClient(transport=transport, base_url="http://log") as client:
                yield client
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)


def test_an_appended_entry_comes_back_as_a_proof(folder) -> None:
    async def run() -> None:
        async with endpoint(folder) as client:
            answer = await client.post("/release/append", content=entry(1000), headers=AUTHORIZED)
            assert answer.status_code == 200
            assert proof.decode(answer.content).index == 300
            proof.verify(answer.content, entry(1000), policy(), origin=ORIGIN)
            again = await client.post("/release/append", content=entry(5), headers=AUTHORIZED)
            assert proof.decode(again.content).index == 5

    asyncio.run(run())


REFUSED = {
    "no token": ("/release/append", {}, b"x", 401),
    "another token": ("/release/append", {"authorization": "Bearer x"}, b"x", 401),
    "a token of other letters": ("/release/append", {"authorization": "Bearer \xff"}, b"x", 401),
    "another log": ("/keys/append", AUTHORIZED, b"x", 404),
    "nothing": ("/release/append", AUTHORIZED, b"", 413),
    "too much": ("/release/append", AUTHORIZED, bytes(65_536), 413),
}


@pytest.mark.parametrize(("path", "headers", "body", "status"), REFUSED.values(), ids=REFUSED)
def test_what_the_endpoint_refuses(folder, path, headers, body, status) -> None:
    async def run() -> None:
        async with endpoint(folder) as client:
            before = (folder / "state/committed").read_bytes()
            encoded = [(name.encode(), value.encode("latin-1")) for name, value in headers.items()]
            answer = await client.post(path, content=body, headers=encoded)
            assert answer.status_code == status
            assert (folder / "state/committed").read_bytes() == before

    asyncio.run(run())


def test_a_body_without_end_is_not_read_to_its_end(folder) -> None:
    async def run() -> None:
        parts = 0

        async def body():
            nonlocal parts
            for _ in range(50):
                parts += 1
                yield bytes(40_000)

        async with endpoint(folder) as client:
            assert (await client.post("/release/append", content=body(), headers=AUTHORIZED)).status_code == 413
        assert parts < 5

    asyncio.run(run())


def test_the_witness_over_http(tmp_path) -> None:
    state = WitnessState(tmp_path / "w.sqlite")
    application = witness_server.application(Witness({}, W1, state, lambda: NOW))

    async def run() -> None:
        async with httpx.AsyncClient(transport=httpx.ASGITransport(application), base_url="http://w") as client:
            assert (await client.get("/add-checkpoint")).status_code == 405
            assert (await client.post("/add-checkpoint", content=b"old 0\n")).status_code == 400
            assert (await client.post("/add-checkpoint", content=bytes(10**6))).status_code == 400
            assert (await client.post("/other", content=b"")).status_code == 404
            state.close()
            assert (await client.post("/add-checkpoint", content=b"old 0\n")).status_code == 400

    asyncio.run(run())
