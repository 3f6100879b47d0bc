"""Tokens inside RUN, by the real node and the real ledger: nothing is computed unpaid, nothing unanswered is paid."""

import asyncio
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from privity_enclave.engine.interface import EngineError
from privity_protocol import token
from privity_protocol.lines import Done, Text
from privity_protocol.response import End
from redeeming_stand import (
    CHALLENGE,
    ORIGIN,
    Ear,
    Rig,
    Stand,
    answer_of,
    ask,
    away,
    chat_body,
    drawn,
    ear,
    issuer,
    refusal,
    settle,
    with_node,
    words,
)


@pytest.fixture
def stand(tmp_path: Path) -> Stand:
    """A ledger and its keys."""
    return Stand(tmp_path)


def test_a_message_costs_a_token_which_is_spent_once_its_end_has_left(stand: Stand) -> None:
    async def body(stand: Stand, node: Rig) -> None:
        mine = drawn()
        reply = await ask(node, mine)
        assert (answer_of(reply), refusal(reply)) == ("0 1 ", None)
        await settle()
        assert stand.state(mine) == ("spent", 1)
        assert ear(node).ops == ["reserve", "commit"]

    with_node(stand, body)


def test_the_token_is_held_before_the_model_hears_of_the_request(stand: Stand) -> None:
    async def body(stand: Stand, node: Rig) -> None:
        heard: list[int] = []
        ear(node).after = lambda what: heard.append(len(node.engine.requests)) if what == "reserve" else None
        await ask(node, drawn())
        assert (heard, len(node.engine.requests)) == ([0], 1)

    with_node(stand, body)


def other_key_same_name() -> bytes:
    """A token that names today's key of the free plan and is signed by another plan's."""
    made = token.decode(drawn("plus"))
    return token.Token(made.nonce, made.challenge, issuer("today").public.key_id, made.authenticator).encode()


def changed(data: bytes) -> bytes:
    """A token with one bit of its authenticator the other way."""
    return data[:-1] + bytes([data[-1] ^ 1])


NONCE = os.urandom(32)
INVALID: dict[str, Callable[[], tuple[bytes, ...]]] = {
    "no token": lambda: (),
    "one too many": lambda: (drawn(), drawn()),
    "for another origin": lambda: (drawn(challenge=token.challenge("localhost:8080", "elsewhere:8081")),),
    "for another issuer": lambda: (drawn(challenge=token.challenge("elsewhere", ORIGIN)),),
    "for a challenge with a context": lambda: (drawn(challenge=token.challenge("localhost:8080", ORIGIN, bytes(32))),),
    "of a key that nobody logged": lambda: (drawn("nobody's"),),
    "of another plan under this one's name": lambda: (other_key_same_name(),),
    "changed in its last byte": lambda: (changed(drawn()),),
    "with another nonce": lambda: (b"\x00\x02" + os.urandom(32) + drawn()[34:],),
    "cut": lambda: (drawn()[:-1],),
    "of another type": lambda: (b"\x00\x01" + drawn()[2:],),
    "of one byte": lambda: (b"\0",),
}
INVALID_PAIRS: dict[str, Callable[[], tuple[bytes, ...]]] = {
    "one too few": lambda: (drawn(),),
    "one twice": lambda: (drawn(),) * 2,
    "one token in two spellings": lambda: (drawn(nonce=NONCE), drawn(nonce=NONCE)),
    "of two keys": lambda: (drawn(), drawn("plus")),
    "one good and one that nobody signed": lambda: (drawn(), changed(drawn())),
}


@pytest.mark.parametrize("name", [*INVALID, *INVALID_PAIRS])
def test_tokens_that_are_not_exactly_the_price_buy_nothing(stand: Stand, name: str) -> None:
    price = 1 if name in INVALID else 2

    async def body(stand: Stand, node: Rig) -> None:
        reply = await ask(node, *(INVALID | INVALID_PAIRS)[name]())
        await settle()
        assert refusal(reply) == "token_invalid"
        assert (node.engine.requests, ear(node).said, stand.rows()) == ([], [], {})

    with_node(stand, body, prices={"chat": price, "embed": 1})


def test_a_price_of_several_tokens_is_all_or_nothing(stand: Stand) -> None:
    async def body(stand: Stand, node: Rig) -> None:
        first, second, third = drawn(), drawn(), drawn()
        assert refusal(await ask(node, first, second)) is None
        assert refusal(await ask(node, third, second)) == "token_spent"
        await settle()
        assert [stand.state(one) for one in (first, second, third)] == [("spent", 1), ("spent", 1), ("released", 1)]
        assert len(node.engine.requests) == 1

    with_node(stand, body, prices={"chat": 2, "embed": 0})


@pytest.mark.parametrize("op", ["models", "resume", "stop"])
def test_what_costs_nothing_takes_no_token(stand: Stand, op: str) -> None:
    async def body(stand: Stand, node: Rig) -> None:
        more = {"from_": 0} if op == "resume" else {}
        free = await node.ask(await node.hello(), op=op, **more).read()
        paid = await node.ask(await node.hello(), op=op, tok=(drawn(),), **more).read()
        assert refusal(free) == ("resume_gone" if op == "resume" else None)
        assert (refusal(paid), stand.rows()) == ("token_invalid", {})

    with_node(stand, body)


def test_the_models_document_tells_the_prices(stand: Stand) -> None:
    async def body(_stand: Stand, node: Rig) -> None:
        reply = await node.ask(await node.hello(), op="models").read()
        assert '"prices":{"chat":3,"embed":2}' in answer_of(reply)

    with_node(stand, body, prices={"chat": 3, "embed": 2})


def test_a_free_operation_asks_no_ledger(stand: Stand) -> None:
    async def body(_stand: Stand, node: Rig) -> None:
        ear(node).fault = away
        assert refusal(await ask(node)) is None
        assert ear(node).said == []

    with_node(stand, body, prices={"chat": 0, "embed": 1})


@pytest.mark.parametrize("name", ["yesterday", "tomorrow"])
def test_a_token_of_another_day_is_expired(stand: Stand, name: str) -> None:
    async def body(stand: Stand, node: Rig) -> None:
        assert refusal(await ask(node, drawn(name))) == "token_expired"
        assert (node.engine.requests, stand.rows()) == ([], {})
        stand.pass_time(-18 * 3600 if name == "yesterday" else 6 * 3600)
        stand.post_nodes()

    with_node(stand, body)


def test_every_token_is_good_for_one_message_and_the_twenty_first_is_refused(stand: Stand) -> None:
    async def body(stand: Stand, node: Rig) -> None:
        mine = [drawn() for _ in range(20)]
        assert [refusal(await ask(node, one)) for one in mine] == [None] * 20
        await settle()
        assert [refusal(await ask(node, one)) for one in mine] == ["token_spent"] * 20
        assert len(node.engine.requests) == 20
        assert {state for state, _ in stand.rows().values()} == {"spent"}

    with_node(stand, body)


def test_the_same_request_after_its_end_is_a_second_spending(stand: Stand) -> None:
    async def body(_stand: Stand, node: Rig) -> None:
        mine, rid = drawn(), os.urandom(16)
        assert refusal(await ask(node, mine, rid=rid)) is None
        assert refusal(await ask(node, mine, rid=rid)) == "token_spent"

    with_node(stand, body)


def test_what_the_model_failed_to_answer_costs_nothing_the_second_time(stand: Stand) -> None:
    async def body(stand: Stand, node: Rig) -> None:
        mine, rid = drawn(), os.urandom(16)
        node.engine.script = [Text("a"), EngineError("crashed")]
        assert refusal(await ask(node, mine, rid=rid)) == "model_unavailable"
        await settle()
        assert stand.state(mine) == ("released", 1)
        assert refusal(await ask(node, mine)) == "token_spent"  # for another request it is none
        node.engine.script = words(2)
        assert refusal(await ask(node, mine, rid=rid)) is None
        await settle()
        assert stand.state(mine) == ("spent", 2)

    with_node(stand, body)


def test_three_tries_bound_what_a_broken_node_gives_away(stand: Stand) -> None:
    async def body(_stand: Stand, node: Rig) -> None:
        mine, rid = drawn(), os.urandom(16)
        node.engine.script = [Text("a"), EngineError("crashed")]
        found = []
        for _ in range(4):
            found.append(refusal(await ask(node, mine, rid=rid)))
            await settle()
        assert found == ["model_unavailable"] * 3 + ["token_spent"]

    with_node(stand, body)


def test_a_lost_connection_releases_and_the_same_request_goes_on_at_once(stand: Stand) -> None:
    async def body(stand: Stand, node: Rig) -> None:
        mine, rid = drawn(), os.urandom(16)
        node.engine.script = [Text("a"), 30.0, Done("stop")]
        lost = await node.chat(await node.hello(), tok=(mine,), rid=rid)
        await settle(5)
        assert stand.state(mine) == ("reserved", 1)
        lost.exchange.disconnect()
        again = await node.chat(await node.hello(), tok=(mine,), rid=rid)
        assert refusal(await again.read()) is None
        await settle()
        assert stand.state(mine) == ("spent", 2)
        assert ear(node).ops == ["reserve", "release", "reserve", "commit"]

    with_node(stand, body)


def test_a_second_try_waits_for_what_the_first_has_still_to_say(stand: Stand) -> None:
    """The same request comes again while the first one's reserve is on its way: one of them, then the other."""

    async def body(stand: Stand, node: Rig) -> None:
        mine, rid = drawn(), os.urandom(16)
        replies = [await node.chat(await node.hello(), tok=(mine,), rid=rid) for _ in range(3)]
        await settle(60)
        assert refusal(await replies[-1].read()) is None
        assert stand.state(mine) == ("spent", 3)
        assert ear(node).ops == ["reserve", "release", "reserve", "release", "reserve", "commit"]
        assert len({one.holder for one in ear(node).said}) == 3

    with_node(stand, body)


def test_an_answer_that_is_resumed_to_its_end_is_paid_then(stand: Stand) -> None:
    async def body(stand: Stand, node: Rig) -> None:
        mine, rid = drawn(), os.urandom(16)
        node.engine.script = [Text("a"), 10.0, Text("b"), Done("stop")]
        lost = await node.chat(await node.hello(), tok=(mine,), rid=rid, resume=True)
        await settle(3)
        lost.exchange.disconnect()
        await settle(20)
        assert stand.state(mine) == ("reserved", 1)
        resumed = await node.ask(await node.hello(), op="resume", rid=rid, from_=0).read()
        assert answer_of(resumed) == "ab"
        await settle()
        assert stand.state(mine) == ("spent", 1)

    with_node(stand, body)


def test_an_answer_that_nobody_fetches_is_not_paid(stand: Stand) -> None:
    async def body(stand: Stand, node: Rig) -> None:
        mine = drawn()
        lost = await node.chat(await node.hello(), tok=(mine,), resume=True)
        await settle(0.05)
        lost.exchange.disconnect()
        await settle(5)
        assert stand.state(mine) == ("reserved", 1)
        node.skip(121)
        await node.turn()
        await settle()
        assert stand.state(mine) == ("released", 1)

    with_node(stand, body)


def test_an_end_that_left_is_paid_although_the_close_did_not(stand: Stand) -> None:
    async def body(stand: Stand, node: Rig) -> None:
        mine = drawn()
        reply = await node.chat(await node.hello(), tok=(mine,))
        await settle(0.5)
        reply.exchange.disconnect()
        await reply.read(whole=False)
        await settle()
        assert any(isinstance(event, End) for event in reply.events)
        assert stand.state(mine) == ("spent", 1)

    with_node(stand, body)


def test_wherever_the_connection_breaks_an_answer_is_paid_exactly_when_its_end_was_sent(stand: Stand) -> None:
    async def body(stand: Stand, node: Rig) -> None:
        node.engine.script = [Text("a"), 0.55, Text("b"), 0.5, Done("stop")]
        seen = set()
        for tick in range(24):
            mine = drawn()
            reply = await node.chat(await node.hello(), tok=(mine,))
            await settle(0.1 * tick + 0.05)
            reply.exchange.disconnect()
            await reply.read(whole=False)
            await settle()
            ended = any(isinstance(event, End) for event in reply.events)
            assert stand.state(mine) == ("spent" if ended else "released", 1)
            seen.add(ended)
        assert seen == {False, True}

    with_node(stand, body)


@pytest.mark.parametrize(("pieces", "state"), [(10, "released"), (63, "released"), (64, "spent"), (200, "spent")])
def test_a_stopped_answer_is_paid_from_its_64th_piece_on(stand: Stand, pieces: int, state: str) -> None:
    async def body(stand: Stand, node: Rig) -> None:
        mine, rid = drawn(), os.urandom(16)
        node.engine.script = [*[Text("a")] * pieces, 600.0]
        reply = await node.chat(await node.hello(), tok=(mine,), rid=rid)
        await settle(5)
        await node.ask(await node.hello(), op="stop", rid=rid).read()
        assert refusal(await reply.read()) is None
        await settle()
        assert stand.state(mine) == (state, 1)

    with_node(stand, body)


def test_who_stops_at_the_last_moment_pays(stand: Stand) -> None:
    """All is said and its end not yet sent: a stop then must not make it free."""

    async def body(stand: Stand, node: Rig) -> None:
        mine, rid = drawn(), os.urandom(16)
        node.engine.script = [*[Text("word " * 40)] * 100, Done("stop")]
        reply = await node.chat(await node.hello(), tok=(mine,), rid=rid)
        await settle(1)
        assert not reply.exchange.finished
        await node.ask(await node.hello(), op="stop", rid=rid).read()
        await reply.read()
        await settle()
        assert stand.state(mine) == ("spent", 1)

    with_node(stand, body)


def test_a_lease_is_renewed_each_minute_for_as_long_as_it_takes(stand: Stand) -> None:
    async def body(stand: Stand, node: Rig) -> None:
        mine, rid = drawn(), os.urandom(16)
        node.engine.script = [Text("a"), 250.0, Done("stop")]
        reply = await node.chat(await node.hello(), tok=(mine,), rid=rid)
        other = stand.node()
        for _ in range(4):
            await settle(60)
            stand.pass_time(60)
        assert refusal(await ask(other, mine, rid=rid)) == "overloaded"
        await reply.read()
        await settle()
        assert (ear(node).ops.count("renew"), ear(node).ops[-1]) == (4, "commit")
        assert stand.state(mine) == ("spent", 1)

    with_node(stand, body)


def test_a_node_that_died_is_followed_by_another_once_the_lease_is_over(stand: Stand) -> None:
    async def body(stand: Stand, node: Rig) -> None:
        mine, rid = drawn(), os.urandom(16)
        node.engine.script = [600.0]
        await node.chat(await node.hello(), tok=(mine,), rid=rid)
        await settle(1)
        ear(node).fault = away  # all that it would still say is lost, as by a power failure
        other = stand.node()
        other.engine.script = words(1)
        stand.pass_time(179)
        assert refusal(await ask(other, mine, rid=rid)) == "overloaded"
        await settle()
        stand.pass_time(1)
        assert refusal(await ask(other, mine, rid=rid)) is None
        await settle()
        assert stand.state(mine) == ("spent", 2)

    with_node(stand, body)


def test_of_two_requests_with_one_token_one_is_answered(stand: Stand) -> None:
    async def body(stand: Stand, node: Rig) -> None:
        other = stand.node()
        other.engine.script = words(2)
        mine = drawn()
        replies = [await one.chat(await one.hello(), tok=(mine,)) for one in (node, other, node, other)]
        await asyncio.gather(*(reply.read() for reply in replies))
        found = sorted(str(refusal(reply)) for reply in replies)
        assert found == ["None", *["token_spent"] * 3]
        assert len(node.engine.requests) + len(other.engine.requests) == 1
        await settle()
        assert stand.state(mine) == ("spent", 1)

    with_node(stand, body)


def test_vectors_cost_what_they_cost(stand: Stand) -> None:
    async def body(stand: Stand, node: Rig) -> None:
        embed = chat_body()
        mine = [drawn(), drawn()]
        reply = await node.ask(await node.hello(), op="embed", tok=tuple(mine), body=embed).read()
        assert refusal(reply) == "bad_request"  # the body is a chat's: refused before anything is set aside
        assert stand.rows() == {}

    with_node(stand, body, prices={"chat": 1, "embed": 2})


def test_nothing_of_a_request_is_said_to_the_ledger(stand: Stand) -> None:
    async def body(_stand: Stand, node: Rig) -> None:
        heard: list[bytes] = []
        asked = Ear.ask

        async def listen(self: Ear, path: str, body: bytes | None = None) -> Any:
            heard.append(path.encode() + (body or b""))
            return await asked(self, path, body)

        ear(node).ask = listen.__get__(ear(node))  # type: ignore[method-assign]
        rid, mine = os.urandom(16), drawn()
        await ask(node, mine, rid=rid)
        await settle()
        said = b"".join(heard)
        for secret in (rid, mine, token.decode(mine).nonce, b"Hello", CHALLENGE):
            assert secret not in said
            assert secret.hex().encode() not in said

    with_node(stand, body)
