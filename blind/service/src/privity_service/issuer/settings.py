"""The part of the configuration that is about tokens. Source: specs/issuance.md."""

from typing import Annotated

import msgspec

PlanName = Annotated[str, msgspec.Meta(pattern=r"^[a-z][a-z0-9-]{0,31}$")]
GuestDaily = Annotated[int, msgspec.Meta(ge=1, le=1000)]


class Issuance(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """That tokens are issued; how many of a day each account may draw is its plan's `daily`."""

    guest_daily: GuestDaily | None = 5
    """Tokens of a UTC day for all who have no account in one network (/24, /56), counted in memory; null is none."""
