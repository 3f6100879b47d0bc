"""Challenges, the list of keys, bundles, draining, and every other route."""

import asyncio
import os

import pytest
from enclave_fakes import MODEL, NOW, Rig, hello, node_document, run, sealed, settle
from privity_protocol import binding, canonical, evidence
from privity_protocol.lines import Done, Text

SAID = [Text("Hi"), Done("stop")]


def test_a_challenge_is_answered_with_the_callers_nonce_over_the_same_key() -> None:
    async def body() -> None:
        rig = Rig()
        nonce = os.urandom(32)
        kid = binding.kid(rig.document)
        answer = await rig.post("/ec1/challenge", kid + nonce)
        assert answer.status == 200
        challenged = node_document(answer.body)
        listed = binding.decode(rig.document)
        assert (challenged.nonce, listed.nonce) == (nonce, None)
        assert challenged.pk == listed.pk
        assert evidence.decode(answer.body).items["cpu"].data == rig.hardware.asked[-1]

    run(body())


def test_challenges_are_limited_by_the_minute() -> None:
    async def body() -> None:
        rig = Rig(challenges_per_minute=2)
        message = binding.kid(rig.document) + bytes(32)
        statuses = [(await rig.post("/ec1/challenge", message)).status for _ in range(3)]
        assert statuses == [200, 200, 429]
        rig.skip(31)
        assert (await rig.post("/ec1/challenge", message)).status == 200

    run(body())


@pytest.mark.parametrize(("message", "status"), [(b"", 400), (bytes(39), 400), (bytes(41), 400), (bytes(40), 410)])
def test_a_bad_challenge_gets_its_outer_error(message: bytes, status: int) -> None:
    async def body() -> None:
        rig = Rig()
        assert (await rig.post("/ec1/challenge", message)).status == status
        assert rig.node.gate._allowance == rig.node.configuration.limits.challenges_per_minute

    run(body())


def test_broken_hardware_makes_a_challenge_busy_and_nothing_else() -> None:
    async def body() -> None:
        rig = Rig()
        rig.hardware.broken = True
        assert (await rig.post("/ec1/challenge", binding.kid(rig.document) + bytes(32))).status == 503
        assert (await rig.post("/ec1/hello", hello(rig.document)[1])).status == 200

    run(body())


def test_the_node_lists_its_keys_and_hands_out_their_bundles() -> None:
    async def body() -> None:
        rig = Rig()
        listed = canonical.decode((await rig.get("/ec1/node")).body, max_bytes=65536)
        assert isinstance(listed, dict)
        (window,) = listed["windows"]
        assert (window["cap"], window["nbf"], window["exp"], window["w"]) == ([MODEL], NOW, NOW + 7200, 1)
        bundle = await rig.get(f"/ec1/bundle/{window['nd']}")
        assert (bundle.status, bundle.headers["content-type"]) == (200, "application/cmw+json")
        assert evidence.decode(bundle.body).items["node-document"].data == rig.document
        for other in (window["nd"][:16] + "0" * 48, "zz", "00" * 32, window["nd"][:16]):
            assert (await rig.get(f"/ec1/bundle/{other}")).status == 410

    run(body())


def test_a_draining_node_takes_nothing_new_and_finishes_what_runs() -> None:
    async def body() -> None:
        rig = Rig(drain_seconds=20)
        rig.engine.script = [3, *SAID]
        first, second = await rig.hello(), await rig.hello()
        running = await rig.chat(first)
        await settle(0.5)
        draining = asyncio.create_task(rig.node.drain())
        await settle()
        assert (await rig.post("/ec1/hello", hello(rig.document)[1])).status == 503
        assert (await rig.post("/ec1/run", sealed(second))).status == 503
        assert (await rig.post("/ec1/challenge", bytes(40))).status in (410, 503)
        assert (await rig.get("/healthz")).status == 503
        assert (await running.read()).lines == [Text("Hi"), Done("stop")]
        await draining

    run(body())


def test_draining_ends_at_its_deadline() -> None:
    async def body() -> None:
        rig = Rig(drain_seconds=2)
        rig.engine.script = [1000, *SAID]
        running = await rig.chat(await rig.hello())
        await settle(0.5)
        began = asyncio.get_event_loop().time()
        await rig.node.drain()
        assert asyncio.get_event_loop().time() - began < 2.2
        await running.exchange.done()
        assert not running.exchange.finished
        await settle()
        assert rig.engine.running == 0

    run(body())


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/", 404),
        ("GET", "/ec1/hello", 405),
        ("PUT", "/ec1/run", 405),
        ("POST", "/ec1/node", 405),
        ("GET", "/x", 404),
    ],
)
def test_other_routes_and_methods_get_an_empty_answer(method: str, path: str, status: int) -> None:
    async def body() -> None:
        exchange = Rig().open(method, path)
        exchange.send()
        answer = await exchange.done()
        assert (answer.status, answer.body) == (status, b"")

    run(body())


def test_a_fault_of_ours_looks_like_a_busy_node(capfd: pytest.CaptureFixture[str]) -> None:
    async def body() -> None:
        rig = Rig()
        rig.keys.publish = lambda: b"secret words"[99]  # type: ignore[method-assign,assignment,return-value]
        exchange = rig.open("GET", "/ec1/node")
        exchange.send()
        with pytest.raises(IndexError):
            await exchange.done()
        assert (exchange.status, exchange.body) == (503, b"")

    run(body())
    assert '{"event":"fault","fault":"IndexError' in capfd.readouterr().err
