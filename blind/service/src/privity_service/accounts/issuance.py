"""Drawing tokens: an account's count of the day, and signatures under what nobody here can read.

Source: specs/issuance.md.

What is kept is how many, and for 24 hours the hash of the request: no blinded message, no signature.
"""

from typing import Annotated, Final

import msgspec
from privity_protocol.errors import PrivityError
from privity_protocol.token import MODULUS, REQUEST, decode_request
from sqlalchemy import Connection, insert, select, update

from privity_service.accounts import replies
from privity_service.accounts.call import Answer, Call
from privity_service.accounts.house import House, row_of
from privity_service.accounts.limits import DRAWS
from privity_service.accounts.problem import Problem
from privity_service.accounts.tables import TokenDraw
from privity_service.accounts.wire import Closed, Count, characters, octets, spelled
from privity_service.issuer.keys import DAY_S, MARGIN_S, DayKey, IssuerKeys
from privity_service.issuer.settings import PlanName

MAX_BATCH: Final = 32
_ROUTE: Final = "tokens"
Day = Annotated[str, msgspec.Meta(pattern=r"^[0-9]{4}-[0-9]{2}-[0-9]{2}$")]
TokenRequest = Annotated[
    str,
    msgspec.Meta(pattern="^[A-Za-z0-9_-]+$", min_length=characters(REQUEST), max_length=characters(REQUEST)),
]
Signature = Annotated[
    str,
    msgspec.Meta(pattern="^[A-Za-z0-9_-]+$", min_length=characters(MODULUS), max_length=characters(MODULUS)),
]


class TokenDrawn(Closed, frozen=True):
    """Requests for tokens of one plan and day."""

    plan: PlanName
    day: Day
    requests: Annotated[list[TokenRequest], msgspec.Meta(min_length=1, max_length=MAX_BATCH)]


class TokenSignatures(Closed, frozen=True):
    """Blinded signatures, in the order of the requests."""

    signatures: list[Signature]


class IssuerEntry(Closed, frozen=True):
    """A public key of the issuer, as the `issuers` leaf lists it."""

    plan: PlanName
    day: Day
    nbf: Count
    exp: Count
    spki: str


class IssuerList(Closed, frozen=True):
    """What the operator puts into the log, before any client draws."""

    keys: list[IssuerEntry]


def _issuer(house: House) -> IssuerKeys:
    if house.issuer is None:
        raise Problem("tokens.off", "this service issues no tokens")
    return house.issuer


def listed(house: House, _call: Call) -> Answer:
    """`GET /v1/issuers`."""
    return Answer(200, offered(_issuer(house), house.clock()))


def offered(keys: IssuerKeys, now: int) -> IssuerList:
    """The keys that are not over, as the operator's keeper reads them."""
    return IssuerList(
        [
            IssuerEntry(one.plan, one.date, one.nbf, one.exp, spelled(one.signing.public.spki))
            for one in keys.listed(now)
        ]
    )


def draw(house: House, call: Call) -> Answer:
    """`POST /v1/tokens`. The count is durable before a signature leaves; a repeat counts nothing."""
    call.idempotency_key()
    sent, account = call.sent(TokenDrawn), call.caller.account
    key, blinded = drawable(house, sent.plan, sent.day, sent.requests)
    house.counters.take(DRAWS, account)
    with house.database.writing() as connection:
        row = row_of(connection, account, lock=True)
        if replies.earlier(connection, house, call, _ROUTE) is None:
            # Tokens of tomorrow are for whoever has the plan tomorrow.
            standing = house.standing(row, at=max(house.clock(), key.day * DAY_S))
            if standing.name != sent.plan:
                raise Problem("plan.tokens", f"the account has {standing.name} on this day")
            _count(connection, house, account, key, len(blinded), most=standing.plan.daily)
            replies.remember(connection, house, call, _ROUTE, account, b"")
    return signed(key, blinded)


def drawable(house: House, plan: str, day: str, requests: list[str]) -> tuple[DayKey, list[bytes]]:
    """The key of a plan and day, and the blinded messages for it: all that is refused before anything is counted.

    Raises Problem `tokens.off`, `tokens.day`, `tokens.malformed`.
    """
    key = _issuer(house).find(plan, day, house.clock())
    if key is None:
        raise Problem("tokens.day", "from six hours before the day until its end")
    return key, [_blinded(octets(one), key) for one in requests]


def signed(key: DayKey, blinded: list[bytes]) -> Answer:
    """What a draw is answered."""
    return Answer(200, TokenSignatures([spelled(key.signing.sign(one)) for one in blinded]))


def wait(house: House, key: DayKey) -> int:
    """Seconds until tokens of the next day can be drawn."""
    return max((key.day + 1) * DAY_S - MARGIN_S - house.clock(), 1)


def _blinded(request: bytes, key: DayKey) -> bytes:
    try:
        found = decode_request(request, key.signing.public)
    except PrivityError as error:
        raise Problem("tokens.malformed", error.reason) from error
    if int.from_bytes(found) >= key.signing.public.n:
        # Refused before it counts: what cannot be signed is not paid for.
        raise Problem("tokens.malformed", "member_value")
    return found


def _count(connection: Connection, house: House, account: bytes, key: DayKey, more: int, *, most: int | None) -> None:
    own = TokenDraw.account == account, TokenDraw.plan == key.plan, TokenDraw.day == key.day
    drawn = connection.execute(select(TokenDraw.count).where(*own)).scalar()
    if most is not None and (drawn or 0) + more > most:
        left = max(most - (drawn or 0), 0)
        raise Problem("tokens.daily", f"{left} of {most} are left", retry_after=wait(house, key))
    if drawn is None:
        values = {"account": account, "plan": key.plan, "day": key.day, "count": more}
        connection.execute(insert(TokenDraw).values(values))
    else:
        connection.execute(update(TokenDraw).where(*own).values(count=drawn + more))
