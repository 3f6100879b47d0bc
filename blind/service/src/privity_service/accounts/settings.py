"""The part of the service's configuration that is about accounts. Source: docs/operating/accounts.md."""

from typing import Annotated, Literal

import msgspec

from privity_service.accounts.plans import DEFAULT_PLAN, Plan, Plans, default_plans
from privity_service.issuer.settings import Issuance

Registration = Literal["open", "invitation", "closed"]
Origin = Annotated[
    str, msgspec.Meta(max_length=255, pattern=r"^(https://[a-z0-9.-]+(:[0-9]{1,5})?|http://localhost(:[0-9]{1,5})?)$")
]

SecretFile = Annotated[str, msgspec.Meta(pattern=r"^/", max_length=1024)]
PublicKeyText = Annotated[str, msgspec.Meta(pattern=r"^[A-Za-z0-9_-]{42}[AEIMQUYcgkosw048]$", max_length=43)]


class StripeSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How Stripe Checkout is reached. Both files are for nobody else to read (mode 0600)."""

    key_file: SecretFile
    """Holds the secret key of the API."""
    webhook_secret_file: SecretFile
    """Holds the secret that events are signed with."""
    base: Annotated[
        str, msgspec.Meta(pattern=r"^(https://[a-z0-9.-]+(:[0-9]{1,5})?|http://(127\.0\.0\.1|localhost):[0-9]{1,5})$")
    ] = "https://api.stripe.com"


class PaymentSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Who takes payments."""

    stripe: StripeSettings


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
    plans: Plans | None = msgspec.field(default_factory=default_plans)
    """Null turns plans off. New accounts have the plan "free"."""
    grace_days: Annotated[int, msgspec.Meta(ge=0, le=90)] = 7
    """Days for which a plan goes on after its paid time."""
    issuance: Issuance | None = None
    """Null issues no tokens."""
    voucher_keys: Annotated[list[PublicKeyText], msgspec.Meta(max_length=8)] = []
    """Public keys whose vouchers are taken; none takes no vouchers."""
    payments: PaymentSettings | None = None
    """Null takes no payments."""

    def __post_init__(self) -> None:
        if self.plans is not None and DEFAULT_PLAN not in self.plans:
            raise ValueError(f"plans has no {DEFAULT_PLAN}, which is what new accounts have")


def default_plan(settings: AccountSettings) -> Plan:
    """The limits of a new account."""
    return Plan() if settings.plans is None else settings.plans[DEFAULT_PLAN]
