"""What every handler shares: database, clock, configuration, counters, the key that signs receipts, and the news."""

import hashlib
import hmac
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from secrets import token_bytes
from typing import Final

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from msgspec.structs import replace
from sqlalchemy import Connection, RowMapping

from privity_service.accounts.allowance import Allowance
from privity_service.accounts.database import Database
from privity_service.accounts.news import News
from privity_service.accounts.page_statements import ACCOUNT_BY_ID, ACCOUNT_LOCKED
from privity_service.accounts.plans import Plan, Standing, standing
from privity_service.accounts.problem import Problem
from privity_service.accounts.settings import AccountSettings, Registration
from privity_service.issuer.keys import IssuerKeys
from privity_service.payments.provider import Payments

DAY_S: Final = 86_400


@dataclass
class House:
    """One service's accounts."""

    database: Database
    settings: AccountSettings
    registration: Registration
    rp_id: str
    origins: tuple[str, ...]
    erasure: Ed25519PrivateKey
    clock: Callable[[], int] = field(default=lambda: int(time.time()))
    news: News = field(default_factory=News)
    issuer: IssuerKeys | None = None
    """None issues no tokens."""
    payments: Payments | None = None
    """None takes no payments."""
    counters: Allowance = field(init=False)
    _prefix_key: bytes = field(default_factory=lambda: token_bytes(32), repr=False)

    def __post_init__(self) -> None:
        self.counters = Allowance(self.clock)

    @property
    def day(self) -> int:
        """Days since 1970-01-01."""
        return self.clock() // DAY_S

    def blinded(self, prefix: bytes) -> bytes:
        """A network prefix under a key that dies with the process: enough to count, and no address."""
        return hmac.digest(self._prefix_key, prefix, "sha256")[:16]

    def standing(self, row: RowMapping, *, at: int | None = None) -> Standing:
        """Which plan an account has now, or at a moment."""
        return standing(
            self.settings.plans,
            row["plan"],
            paid_until=row["paid_until"],
            grace_days=self.settings.grace_days,
            now=self.clock() if at is None else at,
        )

    def plan(self, row: RowMapping) -> Plan:
        """The limits of an account now: its plan's, unless the operator set its own."""
        plan = self.standing(row).plan
        own = {"active_chats": row["chats_limit"], "bytes": row["bytes_limit"]}
        return replace(plan, **{name: value for name, value in own.items() if value is not None})


def row_of(connection: Connection, account: bytes, *, lock: bool = False) -> RowMapping:
    """The account's row, locked when the transaction will write. Raises Problem `access.required` when it is gone."""
    query = ACCOUNT_LOCKED if lock else ACCOUNT_BY_ID
    found = connection.execute(query, {"of": account}).mappings().first()
    if found is None:
        raise Problem("access.required")
    return found


def owner_hash(account: bytes) -> bytes:
    """How shares name their owner."""
    return hashlib.sha256(account).digest()
