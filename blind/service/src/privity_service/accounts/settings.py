"""The part of the service's configuration that is about accounts. Source: docs/operating/accounts.md."""

from typing import Annotated, Literal

import msgspec

from privity_service.issuer.settings import Issuance

Registration = Literal["open", "invitation", "closed"]
Amount = Annotated[int, msgspec.Meta(ge=0, le=2**53 - 1)]
Origin = Annotated[
    str, msgspec.Meta(max_length=255, pattern=r"^(https://[a-z0-9.-]+(:[0-9]{1,5})?|http://localhost(:[0-9]{1,5})?)$")
]
DEFAULT_PLAN = "free"


class Plan(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What a plan allows; null is no limit."""

    active_chats: Amount | None = None
    bytes: Amount | None = None


class DatabasePlace(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Where accounts are kept: null is a SQLite file in the state folder, else `postgresql://...`."""

    url: Annotated[str, msgspec.Meta(pattern=r"^(postgresql|sqlite)://", max_length=1024)] | None = None


class AccountSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How accounts are kept."""

    origin: Origin | None = None
    """What users type; null is the service's own address. Passkeys of another origin are refused."""
    related_origins: Annotated[list[Origin], msgspec.Meta(max_length=8)] = []
    rp_id: Annotated[str, msgspec.Meta(pattern=r"^[a-z0-9.-]{1,253}$")] | None = None
    """Permanent: every PRF is lost with it. Null is the origin's host."""
    new_per_prefix_day: Annotated[int, msgspec.Meta(ge=1, le=1_000_000)] = 10
    believe_forwarded_for: bool = False
    """Behind a reverse proxy that sets X-Forwarded-For itself; else anybody could write their own prefix."""
    backup_days: Annotated[int, msgspec.Meta(ge=0, le=3650)] = 30
    plans: dict[str, Plan] | None = msgspec.field(
        default_factory=lambda: {"free": Plan(5, 500_000_000), "paid": Plan(None, 20_000_000_000)}
    )
    """Null turns plans off. New accounts have the plan "free"."""
    issuance: Issuance | None = None
    """Null issues no tokens."""


def plan_of(settings: AccountSettings, name: str) -> Plan:
    """The limits of a plan; a name that the configuration no longer has is the default plan."""
    if settings.plans is None:
        return Plan()
    return settings.plans.get(name, settings.plans.get(DEFAULT_PLAN, Plan()))
