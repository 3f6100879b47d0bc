"""Plans: what an account of each may do, and which one an account has at a moment. Source: specs/plans.md.

Nothing here asks a clock or a database.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Final, Literal

import msgspec

from privity_service.issuer.settings import PlanName

DAY_S: Final = 86_400
DEFAULT_PLAN: Final = "free"
MAX_PLANS: Final = 12
"""Keys of five days of each fit into a leaf of the log, which holds 64."""
_RENAMED: Final = {"plus": "paid", "paid": "plus"}
"""The plan that was called `paid` is `plus`. A configuration and a database may each have either name."""

Amount = Annotated[int, msgspec.Meta(ge=0, le=2**53 - 1)]
Daily = Annotated[int, msgspec.Meta(ge=1, le=100_000)]


class Price(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What a plan costs."""

    amount: Annotated[int, msgspec.Meta(ge=1, le=99_999_999)]
    """In the currency's smallest unit."""
    currency: Annotated[str, msgspec.Meta(pattern=r"^[a-z]{3}$")]
    period: Literal["month"] = "month"


class Plan(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What a plan allows; null is no limit, and no price is a plan that nobody buys."""

    active_chats: Amount | None = None
    bytes: Amount | None = None
    daily: Daily | None = None
    """Tokens of a UTC day; of an unlimited plan the fair use that it names."""
    title: Annotated[str, msgspec.Meta(min_length=1, max_length=64)] | None = None
    """What people read; null is the name."""
    price: Price | None = None


Plans = Annotated[dict[PlanName, Plan], msgspec.Meta(min_length=1, max_length=MAX_PLANS)]


def default_plans() -> Plans:
    """The plans of a configuration that names none."""
    return {
        "free": Plan(5, 500_000_000, 20, "Free"),
        "plus": Plan(None, 20_000_000_000, 3000, "Plus", Price(3500, "usd")),
    }


@dataclass(frozen=True, slots=True)
class Standing:
    """Which plan an account has at a moment; without an end both times are None."""

    name: str
    plan: Plan
    until: int | None = None
    """Unix seconds at which the paid time is over."""
    grace_until: int | None = None
    """Unix seconds from which the account has the default plan."""


def find(plans: Mapping[str, Plan], name: str) -> str | None:
    """The name under which the configuration has a plan, also by its other name; None when it has it no longer."""
    return next((one for one in (name, _RENAMED.get(name)) if one in plans), None)


def names(plans: Plans | None) -> tuple[str, ...]:
    """The plans whose tokens can be drawn; without plans everybody has the default one."""
    return (DEFAULT_PLAN,) if plans is None else tuple(plans)


def standing(plans: Plans | None, name: str, *, paid_until: int | None, grace_days: int, now: int) -> Standing:
    """What an account has now whose row names `name`, paid until the beginning of the day `paid_until` or without end.

    After that day and the grace, and when the configuration no longer has the plan, it has the default one.
    """
    if plans is None:
        return Standing(DEFAULT_PLAN, Plan())
    default = Standing(DEFAULT_PLAN, plans.get(DEFAULT_PLAN, Plan()))
    found = find(plans, name)
    if found is None or found == DEFAULT_PLAN:
        return default
    if paid_until is None:
        return Standing(found, plans[found])
    until, grace_until = paid_until * DAY_S, (paid_until + grace_days) * DAY_S
    return Standing(found, plans[found], until, grace_until) if now < grace_until else default
