"""Tokens for whoever has no account: a few a day for each network, counted in memory. Source: specs/issuance.md."""

from typing import Annotated, Final

import msgspec

from privity_service.accounts.call import Answer, Call
from privity_service.accounts.house import House
from privity_service.accounts.issuance import Day, TokenRequest, drawable, signed, wait
from privity_service.accounts.limits import Rate
from privity_service.accounts.plans import DEFAULT_PLAN
from privity_service.accounts.problem import Problem
from privity_service.accounts.wire import Closed
from privity_service.issuer.keys import DAY_S, MARGIN_S

MAX_GUEST_BATCH: Final = 5
_WINDOW_S: Final = DAY_S + MARGIN_S
"""For which tokens of one day can be drawn, so a window of the counter never ends before that is over."""


class GuestTokensDrawn(Closed, frozen=True):
    """Requests for tokens of the default plan and a day."""

    day: Day
    requests: Annotated[list[TokenRequest], msgspec.Meta(min_length=1, max_length=MAX_GUEST_BATCH)]


def draw(house: House, call: Call) -> Answer:
    """`POST /v1/tokens/guest`. What is counted is a number under a key that dies with the process."""
    sent = call.sent(GuestTokensDrawn)
    key, blinded = drawable(house, DEFAULT_PLAN, sent.day, sent.requests)
    assert house.settings.issuance is not None
    most = house.settings.issuance.guest_daily
    if most is None:
        raise Problem("tokens.off", "this service gives guests no tokens")
    rate = Rate("guests", most, _WINDOW_S, "tokens.daily")
    try:
        house.counters.take(rate, call.prefix + key.date.encode(), count=len(blinded))
    except Problem:
        detail = f"at most {most} a day for all guests of a network"
        raise Problem("tokens.daily", detail, retry_after=wait(house, key)) from None
    return signed(key, blinded)
