"""What a node makes of a ledger that is away, slow to be heard, hostile, or has news."""

import asyncio
import os
from pathlib import Path
from typing import Any

import pytest
from privity_protocol.lines import Text
from redeeming_stand import Rig, Stand, ask, away, drawn, ear, listed, refusal, settle, with_node


@pytest.fixture
def stand(tmp_path: Path) -> Stand:
    """A ledger and its keys."""
    return Stand(tmp_path)


@pytest.mark.parametrize("what", ["issuers", "reserve"])
def test_without_its_ledger_a_node_answers_nothing_that_costs(stand: Stand, what: str, capfdbinary: Any) -> None:
    async def body(stand: Stand, node: Rig) -> None:
        mine, rid = drawn(), os.urandom(16)
        ear(node).fault = lambda said: away(said) if said == what else None
        assert refusal(await ask(node, mine, rid=rid)) == "overloaded"
        assert node.engine.requests == []
        await settle(60)
        ear(node).fault = lambda _said: None
        assert refusal(await ask(node, mine, rid=rid)) is None
        await settle()
        assert stand.state(mine) == ("spent", 1)

    with_node(stand, body)
    if what == "reserve":
        assert b'{"event":"ledger_failed","why":"unavailable"}' in capfdbinary.readouterr().err


@pytest.mark.parametrize("lost", [1, 3])
def test_a_word_about_the_end_is_said_until_it_is_heard(stand: Stand, lost: int) -> None:
    async def body(stand: Stand, node: Rig) -> None:
        mine, left = drawn(), [lost]

        def fault(said: str) -> Any:
            if said == "commit" and left[0]:
                left[0] -= 1
                away(said)

        ear(node).fault = fault
        assert refusal(await ask(node, mine)) is None
        await settle(60)
        assert stand.state(mine) == ("spent", 1)

    with_node(stand, body)


def test_a_reservation_whose_answer_is_lost_is_taken_back(stand: Stand) -> None:
    async def body(stand: Stand, node: Rig) -> None:
        mine, rid, lost = drawn(), os.urandom(16), [True]

        def after(said: str) -> None:
            if said == "reserve" and lost.pop(0) if lost else False:
                away(said)

        ear(node).after = after
        assert refusal(await ask(node, mine, rid=rid)) == "overloaded"
        await settle()
        assert (stand.state(mine), node.engine.requests) == (("released", 1), [])
        assert refusal(await ask(node, mine, rid=rid)) is None

    with_node(stand, body)


HOSTILE: dict[str, tuple[int, Any]] = {
    "another state": (200, {"state": "spent", "lease": None, "tries": 1}),
    "no object": (200, ["reserved"]),
    "nothing": (200, None),
    "no state": (200, {"lease": 1}),
    "a state that is no text": (200, {"state": ["reserved"]}),
    "a moved ledger": (301, {"state": "reserved"}),
    "a fault": (500, {"state": "reserved"}),
    "busy": (503, {"reason": "service.busy"}),
    "refused": (401, {"reason": "ledger.refused"}),
    "spent by another status": (200, {"reason": "ledger.spent"}),
    "a reason that nobody wrote down": (409, {"reason": "ledger.no"}),
    "a reason that is no text": (409, {"reason": {}}),
    "a number": (409, 7),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_an_answer_that_no_ledger_gives_pays_for_nothing(stand: Stand, name: str) -> None:
    async def body(_stand: Stand, node: Rig) -> None:
        ear(node).fault = lambda said: HOSTILE[name] if said == "reserve" else None
        assert refusal(await ask(node, drawn())) == "overloaded"
        assert node.engine.requests == []

    with_node(stand, body)


def bad_lists() -> dict[str, tuple[int, Any]]:
    good: dict[str, Any] = {"v": 1, "t": "issuers", "deploy": "local", "time": 1, "keys": [listed("today")]}
    keys: list[Any] = [7, {}, {"spki": 1, "day": "x"}, {"spki": "zz", "day": "x"}, {"spki": "00", "day": "2026-11-26"}]
    return {
        "none": (404, None),
        "no object": (200, []),
        "of another deployment": (200, good | {"deploy": "other"}),
        "of another kind": (200, good | {"t": "directory"}),
        "keys that are no list": (200, good | {"keys": {}}),
        "too many keys": (200, good | {"keys": good["keys"] * 65}),
        "with another status": (500, good),
        **{f"a key that is {key}": (200, good | {"keys": [*good["keys"], key]}) for key in keys},
    }


@pytest.mark.parametrize("name", bad_lists())
def test_a_list_of_keys_that_is_none_is_as_good_as_no_ledger(stand: Stand, name: str) -> None:
    async def body(stand: Stand, node: Rig) -> None:
        ear(node).fault = lambda said: bad_lists()[name] if said == "issuers" else None
        assert refusal(await ask(node, drawn())) == "overloaded"
        assert (node.engine.requests, ear(node).said, stand.rows()) == ([], [], {})

    with_node(stand, body)


def test_keys_are_looked_for_when_one_is_unknown_and_not_at_every_strangers_word(stand: Stand) -> None:
    async def body(stand: Stand, node: Rig) -> None:
        assert [refusal(await ask(node, drawn())) for _ in range(3)] == [None] * 3
        assert ear(node).looks == 1
        node.skip(11)
        stand.clock.now += 11
        assert refusal(await ask(node, drawn("new"))) == "token_invalid"
        assert [refusal(await ask(node, drawn(name))) for name in ("new", "newer")] == ["overloaded"] * 2
        assert (ear(node).looks, refusal(await ask(node, drawn()))) == (2, None)
        stand.post_issuers(listed("today"), listed("new", plan="new"))
        node.skip(11)
        stand.clock.now += 11
        assert refusal(await ask(node, drawn("new"))) is None

    with_node(stand, body)


def test_many_that_come_at_once_look_once(stand: Stand) -> None:
    async def body(_stand: Stand, node: Rig) -> None:
        replies = [await node.chat(await node.hello(), tok=(drawn(),)) for _ in range(5)]
        await asyncio.gather(*(reply.read() for reply in replies))
        assert ([refusal(reply) for reply in replies], ear(node).looks) == ([None] * 5, 1)

    with_node(stand, body)


def test_calls_are_signed_by_the_oldest_key_that_is_listed(stand: Stand) -> None:
    async def body(stand: Stand, node: Rig) -> None:
        old = node.document
        node.skip(3700)
        stand.clock.now += 3700
        await node.turn()
        new = node.document
        assert new != old
        assert refusal(await ask(node, drawn())) is None  # the directory names the old one only
        assert {one.node for one in ear(node).said} == {old}
        ear(node).said.clear()
        stand.post_nodes()
        assert refusal(await ask(node, drawn())) is None
        await settle()
        assert [one.node for one in ear(node).said] == [old, new] * 2
        ear(node).said.clear()
        node.skip(3600)
        stand.clock.now += 3600
        await node.turn()
        stand.post_nodes()
        assert refusal(await ask(node, drawn())) is None
        assert old not in {one.node for one in ear(node).said}

    with_node(stand, body)


def test_a_node_that_ends_tells_the_ledger_first(stand: Stand) -> None:
    async def body(stand: Stand, node: Rig) -> None:
        mine = drawn()
        node.engine.script = [Text("a"), 600.0]
        await node.chat(await node.hello(), tok=(mine,))
        await settle(1)
        await node.node.drain()
        assert stand.state(mine) == ("released", 1)

    with_node(stand, body)


def test_a_node_ends_although_its_ledger_does_not_answer(stand: Stand) -> None:
    async def body(_stand: Stand, node: Rig) -> None:
        node.engine.script = [Text("a"), 600.0]
        await node.chat(await node.hello(), tok=(drawn(),))
        await settle(1)
        ear(node).fault = away
        began = asyncio.get_running_loop().time()
        await node.node.drain()
        assert asyncio.get_running_loop().time() - began < 60

    with_node(stand, body)
