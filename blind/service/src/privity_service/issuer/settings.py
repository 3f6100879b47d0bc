"""The part of the configuration that is about tokens. Source: specs/issuance.md."""

from typing import Annotated

import msgspec

PlanName = Annotated[str, msgspec.Meta(pattern=r"^[a-z][a-z0-9-]{0,31}$")]
Daily = Annotated[int, msgspec.Meta(ge=1, le=100_000)]


class Issuance(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How many tokens of a day an account of each plan may draw."""

    daily: Annotated[dict[PlanName, Daily], msgspec.Meta(min_length=1, max_length=16)]
