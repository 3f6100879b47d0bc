"""The issuers leaf: which token keys the service offers, and what of that may be logged. Source: specs/keeper.md.

Pure: what was offered, what is logged and the time are arguments.
"""

import json
from collections.abc import Mapping
from datetime import date
from typing import Final

from privity_protocol import canonical, token
from privity_protocol.errors import Malformed
from privity_tlog.leaves import issuers
from privity_tlog.leaves.issuers import IssuerKey, Issuers

from privity_image.errors import Failed
from privity_image.keeper.upkeep import next_time

PATH: Final = "/v1/issuers"
MAX_OFFER: Final = 65_536  # bytes; 64 keys take about 37 KB
_DAY_S: Final = 86_400
_MARGIN_S: Final = 21_600
_EPOCH: Final = date(1970, 1, 1)
_KEY: Final = frozenset({"plan", "day", "nbf", "exp", "spki"})


def due(known: Issuers | None, offer: bytes, *, deploy: str, now: int) -> bytes | None:
    """Return the leaf that is due: the logged keys that are not over, and those that are new. None without new ones.

    Raises Failed `malformed`: what is offered is unfit, or differs from what is logged for the same plan and day.
    """
    try:
        offered = [_key(one) for one in _listed(offer)]
        logged = {} if known is None else {(one.day, one.plan): one for one in known.keys}
        fresh = [one for one in offered if _is_new(one, logged)]
        if not fresh:
            return None
        keys = [*(one for one in logged.values() if now < one.exp), *(one for one in fresh if now < one.exp)]
        time = next_time(None if known is None else known.time, now)
        return issuers.encode(Issuers(deploy, time, tuple(keys))) if any(now < one.exp for one in fresh) else None
    except (Malformed, ValueError, RecursionError) as error:
        raise Failed("malformed", f"the issuer's keys: {error}") from error


def _listed(offer: bytes) -> list[object]:
    value = canonical.members(json.loads(offer), frozenset({"keys"}), "offer")
    return canonical.entries(value["keys"], "keys", most=issuers.MAX_KEYS)


def _key(value: object) -> IssuerKey:
    """One key, which must be what a client will take: of the one form, and valid around its own day."""
    one = canonical.members(value, _KEY, "key")
    plan = canonical.text(one["plan"], "plan", longest=32, pattern="[a-z][a-z0-9-]*")
    day = canonical.text(one["day"], "day", longest=10, pattern="[0-9]{4}-[0-9]{2}-[0-9]{2}")
    spki = canonical.base64url_decode(canonical.text(one["spki"], "spki", longest=512)) or b""
    token.PublicKey.decode(spki)
    begins = (date.fromisoformat(day) - _EPOCH).days * _DAY_S
    nbf, exp = canonical.integer(one["nbf"], "nbf"), canonical.integer(one["exp"], "exp")
    if (nbf, exp) != (begins - _MARGIN_S, begins + _DAY_S + _MARGIN_S):
        raise Malformed("member_value", f"{plan} {day}: another window than its day's")
    return IssuerKey(plan, day, nbf, exp, spki)


def _is_new(one: IssuerKey, logged: Mapping[tuple[str, str], IssuerKey]) -> bool:
    known = logged.get((one.day, one.plan))
    if known is not None and known.spki != one.spki:
        raise Malformed("member_value", f"{one.plan} {one.day}: another key is logged")
    return known is None
