"""When and how many tokens are drawn, and what is claimed with them. Source: specs/wallet.md, section "Drawing"."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from privity_vault import wallet
from privity_vault.contents.wallet import BLOCK

DAY = 20_718
DEVICE = bytes(range(16))


@pytest.mark.parametrize(
    ("daily", "drawn", "stock", "expected"),
    [
        (20, 0, 0, 20),
        (20, 20, 0, 0),
        (20, 12, 8, 8),
        (32, 0, 0, 32),
        (3, 0, 0, 3),
        (20, 25, 0, 0),
        (33, 0, 0, 32),
        (33, 32, 0, 1),
        (3000, 64, 8, 0),
        (3000, 64, 7, 32),
        (None, 10_000, 0, 32),
        (None, 10_000, 8, 0),
    ],
)
def test_how_many_are_drawn(daily: int | None, drawn: int, stock: int, expected: int) -> None:
    assert wallet.to_draw(daily, drawn, stock) == expected


@given(st.none() | st.integers(1, 5000), st.integers(0, 6000), st.integers(0, 200))
def test_no_drawing_is_beyond_the_plan_or_a_batch(daily: int | None, drawn: int, stock: int) -> None:
    count = wallet.to_draw(daily, drawn, stock)
    assert 0 <= count <= wallet.BATCH
    assert daily is None or count == 0 or drawn + count <= daily
    assert wallet.is_shared(daily) or count == 0 or stock + count <= wallet.STOCK


@given(st.integers(1, 32), st.binary(min_size=8, max_size=8))
def test_who_draws_claims_one_block_of_what_is_shared_and_all_of_its_own(count: int, entropy: bytes) -> None:
    tokens = tuple(bytes([number]) for number in range(count))
    shared = wallet.drawn(bytes(32), DAY, tokens, DEVICE, entropy, shared=True)
    own = wallet.drawn(bytes(32), DAY, tokens, DEVICE, entropy, shared=False)
    assert [device for _, device in shared.claims] == [DEVICE]
    assert 1 <= len(wallet.spendable(shared, DEVICE, ())) <= BLOCK
    assert wallet.spendable(own, DEVICE, ()) == tokens


@given(st.integers(0, wallet.DAY_S - 1), st.binary(min_size=8, max_size=8))
def test_the_next_day_is_drawn_within_the_six_hours_before_it(second: int, entropy: bytes) -> None:
    now = DAY * wallet.DAY_S + second
    moment = wallet.draw_moment(DAY, now, entropy)
    if second < wallet.DAY_S - wallet.AHEAD_S:
        assert moment is None
    else:
        assert moment is not None
        assert now <= moment < (DAY + 1) * wallet.DAY_S
