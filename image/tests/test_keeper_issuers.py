"""Token keys that the service offers: logged before anybody draws, never two for one plan and day."""

import json
from dataclasses import replace
from hashlib import shake_128
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from keeper_world import ADDRESS, World
from privity_attest.testing.bundle import NOW
from privity_image.errors import Failed
from privity_image.keeper import issuers as issuing
from privity_image.keeper.settings import Settings, decode
from privity_image.keeper.wire import Answer, Question
from privity_protocol import canonical
from privity_protocol.canonical import base64url_encode
from privity_protocol.token import PublicKey
from privity_tlog.leaves import issuers

ISSUER = "http://service"
DAY_S = 86_400
TODAY = NOW // DAY_S
Key = dict[str, Any]


def offered(plan: str = "free", ahead: int = 0, secret: str = "", **changes: Any) -> Key:
    """A key as the service lists it; its modulus has the right form, which is all that is looked at."""
    modulus = int.from_bytes(shake_128(f"{plan} {ahead} {secret}".encode()).digest(256)) | 1 << 2047 | 1
    begins = (TODAY + ahead) * DAY_S
    day = issuing._EPOCH.fromordinal(issuing._EPOCH.toordinal() + TODAY + ahead).isoformat()
    spki = base64url_encode(PublicKey.of(modulus).spki)
    key = {"plan": plan, "day": day, "nbf": begins - 21_600, "exp": begins + DAY_S + 21_600, "spki": spki}
    return key | changes


def offer(*keys: Key) -> bytes:
    return json.dumps({"keys": keys}).encode()


class IssuingWorld(World):
    """Beside logs and nodes, a service that lists keys."""

    answer: Answer | Failed = (200, offer(offered(), offered("paid"), offered(ahead=1)))

    def settings(self) -> Settings:
        return replace(super().settings(), issuer=ISSUER)

    def _answer(self, asked: Question) -> Any:
        if asked.base == ISSUER:
            assert asked.path == "/v1/issuers"
            return self.answer
        return super()._answer(asked)

    def logged(self) -> list[issuers.Issuers]:
        return [issuers.decode(leaf) for leaf in self.logs["keys"].leaves if b'"t":"issuers"' in leaf]

    def places(self) -> list[tuple[str, int]]:
        return [(one.plan, one.nbf // DAY_S + 1 - TODAY) for one in self.logged()[-1].keys]


@pytest.fixture
def world(tmp_path) -> IssuingWorld:
    return IssuingWorld(tmp_path)


def test_keys_are_logged_once_and_new_ones_beside_those_that_are_not_over(world) -> None:
    keeper = world.keeper()
    keeper.one_pass()
    assert world.places() == [("free", 0), ("paid", 0), ("free", 1)]
    assert world.logged()[0].deploy == "local"
    world.pass_time(61)
    keeper.one_pass()
    assert len(world.logged()) == 1
    world.answer = (200, offer(offered(ahead=1), offered(ahead=2)))
    world.pass_time(61)
    keeper.one_pass()
    assert world.places() == [("free", 0), ("paid", 0), ("free", 1), ("free", 2)]
    world.answer = (200, offer(offered(ahead=3)))
    world.pass_time(DAY_S + 21_600)
    keeper.one_pass()
    assert world.places() == [("free", 1), ("free", 2), ("free", 3)]
    assert world.said("issuers_refused") == []


def test_what_is_logged_is_posted_for_clients(world) -> None:
    keeper = world.keeper()
    keeper.one_pass()
    world.start_node()
    keeper.one_pass()
    assert world.posted().issuers == world.logged()[0]


def test_a_second_key_for_a_plan_and_day_is_refused_also_after_a_restart(world) -> None:
    world.keeper().one_pass()
    world.answer = (200, offer(offered(secret="of one person"), offered(ahead=2)))
    world.pass_time(61)
    world.keeper().one_pass()
    assert len(world.logged()) == 1
    assert "another key is logged" in world.said("issuers_refused")[0]


UNFIT: dict[str, bytes] = {
    "no JSON": b"keys",
    "a list": b"[]",
    "a member more": b'{"keys":[],"v":1}',
    "deep nesting": b"[" * 60_000,
    "a key that is none": offer(offered(spki="AAAA")),
    "a plan in capitals": offer(offered("Free")),
    "a day that is none": offer(offered(day="2026-02-30")),
    "a window that begins earlier": offer(offered(nbf=0)),
    "a window that ends later": offer(offered(exp=NOW * 2)),
    "a window as text": offer(offered(exp="0")),
    "one plan and day twice": offer(offered(), offered(secret="other")),
    "a member missing": offer({name: value for name, value in offered().items() if name != "exp"}),
    "65 keys": offer(*(offered(f"p{number}") for number in range(65))),
}


@pytest.mark.parametrize("what", UNFIT, ids=lambda text: text.replace(" ", "_"))
def test_an_unfit_offer_is_refused_whole(world, what: str) -> None:
    world.answer = (200, UNFIT[what])
    world.keeper().one_pass()
    assert world.logged() == []
    assert len(world.said("issuers_refused")) == 1


@pytest.mark.parametrize("answer", [(404, b""), (503, b""), Failed("unreachable", ISSUER)])
def test_a_service_that_does_not_answer_holds_nothing_else_up(world, answer) -> None:
    world.answer = answer
    keeper = world.keeper()
    world.away.add(ADDRESS)
    keeper.one_pass()
    world.away.clear()
    world.start_node()
    keeper.one_pass()
    assert world.listed()
    assert len(world.said("issuers_refused")) == 1


@settings(max_examples=60, deadline=None)
@given(data=st.binary(max_size=200) | st.text(max_size=80).map(lambda text: f'{{"keys":[{text}]}}'.encode()))
def test_arbitrary_offers_are_refused_or_say_nothing_new(data: bytes) -> None:
    try:
        found = issuing.due(None, data, deploy="local", now=NOW)
    except Failed as refused:
        found = refused.reason.encode()
    assert found in {None, b"malformed"}


def test_the_issuers_address_is_optional_and_checked(tmp_path) -> None:
    base = {
        "v": 1, "deploy": "local", "state": "/s", "published": "/p", "anchor": None, "policy": "/w", "token": "/t",
        "logs": {one: {"origin": one, "read": "http://l", "append": "http://l"} for one in ("release", "keys")},
        "nodes": [], "fleet_keys": ["/f"], "bootstrap": False, "release": None, "simulated_root": None,
    }  # fmt: skip
    assert decode(canonical.encode(base)).issuer is None
    assert decode(canonical.encode(base | {"issuer": None})).issuer is None
    assert decode(canonical.encode(base | {"issuer": "unix:/run/s"})).issuer == "unix:/run/s"
    with pytest.raises(Failed, match="configuration"):
        decode(canonical.encode(base | {"issuer": "service"}))
