"""The client chooses by weight, and reacts only from the closed list."""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass

import pytest
from hypothesis import given
from hypothesis import strategies as st
from privity_client.choice import below, choose
from privity_client.errors import ClientError
from privity_client.reaction import NO_RESPONSE, react

Entropy = Callable[[int], bytes]


@dataclass(frozen=True)
class Candidate:
    name: str
    weight: int


def test_choice_follows_the_weights(entropy: Entropy) -> None:
    candidates = [Candidate("a", 1), Candidate("b", 3), Candidate("c", 8)]
    counts = Counter(choose(candidates, entropy=entropy).name for _draw in range(6000))
    assert 350 < counts["a"] < 650
    assert 1300 < counts["b"] < 1700
    assert 3700 < counts["c"] < 4300


def test_the_biased_tail_is_drawn_again() -> None:
    draws = iter([b"\xff" * 8, (7).to_bytes(8, "big")])
    assert below(3, entropy=lambda _count: next(draws)) == 1


@given(st.integers(1, 10**6), st.binary(min_size=8, max_size=8))
def test_below_stays_below(limit: int, drawn: bytes) -> None:
    later = iter([drawn, bytes(8)])
    assert 0 <= below(limit, entropy=lambda _count: next(later)) < limit


@pytest.mark.parametrize("status", [NO_RESPONSE, 400, 404, 410, 429, 500, 503])
def test_three_tries_and_no_more(entropy: Entropy, status: int) -> None:
    for sent in (1, 2):
        again = react(status, sent=sent, entropy=entropy)
        assert 0 < again.wait < 10
    with pytest.raises(ClientError):
        react(status, sent=3, entropy=entropy)


def test_pauses_are_spread_and_grow(entropy: Entropy) -> None:
    first = [react(503, sent=1, entropy=entropy).wait for _try in range(50)]
    second = [react(503, sent=2, entropy=entropy).wait for _try in range(50)]
    assert len(set(first)) > 40
    assert sum(second) > 1.5 * sum(first)


def test_an_unknown_session_stays_and_an_unknown_key_searches(entropy: Entropy) -> None:
    assert not react(404, sent=1, entropy=entropy).elsewhere
    moved = react(410, sent=1, entropy=entropy)
    assert moved.elsewhere
    assert moved.search


def test_too_large_is_final(entropy: Entropy) -> None:
    with pytest.raises(ClientError, match="too_large"):
        react(413, sent=1, entropy=entropy)
