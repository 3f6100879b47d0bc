"""Every bound of the account service in one place. Source: specs/service-api.md, section "Limits"."""

from dataclasses import dataclass
from typing import Final

MAX_JSON: Final = 1_572_864
MAX_INLINE: Final = 1_048_576
MAX_RECORD: Final = 4096
MAX_STEP: Final = 4096
MAX_PAGES: Final = 500
MAX_ANSWER: Final = 4_194_304
"""Bytes of pages or keyrings in one answer."""
MAX_FETCH_HASHES: Final = 200
MAX_FETCH: Final = 8_388_608
MAX_STAGED: Final = 268_435_456
MAX_STREAMS: Final = 64
MAX_SHARES: Final = 100
MAX_PASSKEYS: Final = 16
MAX_TOKENS: Final = 256
MAX_PENDING: Final = 100_000
"""Unfinished ceremonies and pairings in all: they are rows that strangers cause."""

TOKEN_S: Final = 3600
FRESH_S: Final = 300
CHALLENGE_S: Final = 300
PAIRING_S: Final = 600
STAGED_S: Final = 86_400
REPLY_S: Final = 86_400
SHARE_S: Final = 2_592_000
SHARE_CLOCK_S: Final = 60
MAX_EVENT: Final = 262_144
"""Bytes of an event of a payment provider."""
SWEEP_S: Final = 300
NEWS_S: Final = 25


@dataclass(frozen=True, slots=True)
class Rate:
    """At most `most` in `seconds`; beyond it the request is refused with `reason`."""

    name: str
    most: int
    seconds: int
    reason: str = "request.too_many"


BEGIN: Final = Rate("begin", 30, 60)
FINISH: Final = Rate("finish", 60, 60)
RECOVERY: Final = Rate("recovery", 10, 3600)
PAIRING: Final = Rate("pairing", 300, 60)
SHARE_READ: Final = Rate("share", 300, 60)
PAGES: Final = Rate("pages", 120, 60)
BODIES: Final = Rate("bodies", 600, 60)
KEYRINGS: Final = Rate("keyrings", 60, 3600)
DRAWS: Final = Rate("draws", 60, 3600)
VOUCHERS: Final = Rate("vouchers", 10, 3600)
CHECKOUTS: Final = Rate("checkouts", 10, 3600)
ANSWERS: Final = Rate("answers", 5, 3600)


def new_accounts(most: int) -> Rate:
    """New accounts of one network prefix in a day."""
    return Rate("accounts", most, 86_400, "account.too_many")
