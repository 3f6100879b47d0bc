"""Which key tokens are drawn under: one of the newest logged list, held against the list that was believed before."""

from dataclasses import replace
from pathlib import Path

import pytest
from privity_client.errors import ClientError
from privity_client.trust import issuers as held
from privity_protocol import token
from privity_protocol.token import PublicKey
from privity_tlog.leaves.issuers import IssuerKey, Issuers

DAY_S = 86_400
BEGINS = 20_718 * DAY_S
NBF, EXP = BEGINS - 21_600, BEGINS + DAY_S + 21_600


def key(number: int, plan: str = "free", days: int = 0) -> IssuerKey:
    """A key of the day, or of days later; no private half is needed to list one."""
    public = PublicKey.of((1 << 8 * token.MODULUS - 1) + 2 * number + 1)
    return IssuerKey(plan, f"2026-09-{22 + days}", NBF + days * DAY_S, EXP + days * DAY_S, public.spki)


def listed(*keys: IssuerKey, time: int = BEGINS) -> Issuers:
    return Issuers("local", time, tuple(sorted(keys, key=lambda one: (one.day, one.plan))))


def found(list_: Issuers | None, *, deploy: str = "local", plan: str = "free", now: int = BEGINS) -> PublicKey:
    return held.key(list_, deploy=deploy, plan=plan, day="2026-09-22", now=now)


def test_the_key_of_a_plan_and_day_is_the_logged_one() -> None:
    assert found(listed(key(1), key(2, "plus"), key(3, days=1))).spki == key(1).spki


@pytest.mark.parametrize(
    "asked", [{"deploy": "another"}, {"plan": "paid"}, {"now": NBF - 1}, {"now": EXP}, {"plan": "plus", "now": EXP}]
)
def test_a_key_of_another_moment_plan_or_deployment_is_none(asked: dict) -> None:
    with pytest.raises(ClientError, match="issuer_refused"):
        found(listed(key(1), key(2, "plus")), **asked)


def test_without_a_list_there_is_no_key() -> None:
    with pytest.raises(ClientError, match="issuer_refused"):
        found(None)


def test_a_list_that_follows_is_remembered_and_one_that_contradicts_is_not(tmp_path: Path) -> None:
    first, second = listed(key(1)), listed(key(1), key(2, days=1), time=BEGINS + 5)
    assert held.hold(tmp_path, first) == first
    assert held.hold(tmp_path, second) == second
    marked = replace(second, keys=(key(9), key(2, days=1)), time=BEGINS + 6)
    with pytest.raises(ClientError, match="issuer_refused"):
        held.hold(tmp_path, marked)
    with pytest.raises(ClientError, match="issuer_refused"):
        held.hold(tmp_path, listed(key(2, days=1), time=BEGINS + 7))
    assert held.hold(tmp_path, second) == second


def test_a_memory_that_cannot_be_read_stops_drawing(tmp_path: Path) -> None:
    (tmp_path / held.FILE).write_bytes(b"{}")
    with pytest.raises(ClientError, match="memory_unusable"):
        held.hold(tmp_path, listed(key(1)))
