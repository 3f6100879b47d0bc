"""Redeeming a voucher: once, by one account, and what is kept is a hash. Source: specs/voucher.md."""

from typing import Annotated, Final

import msgspec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from sqlalchemy import Connection, insert, select
from sqlalchemy.exc import IntegrityError

from privity_service.accounts import replies
from privity_service.accounts.call import Answer, Call
from privity_service.accounts.house import House, row_of
from privity_service.accounts.limits import VOUCHERS
from privity_service.accounts.paid_time import demand_room, grant
from privity_service.accounts.plans import DEFAULT_PLAN, find
from privity_service.accounts.problem import Problem
from privity_service.accounts.tables import Payment
from privity_service.accounts.wire import Closed, Count, octets
from privity_service.vouchers.letters import MAX_TYPED, Mistyped, read
from privity_service.vouchers.voucher import NotSigned, NoVoucher, Voucher, verify

_ROUTE: Final = "vouchers"
KIND: Final = "voucher"


class VoucherTyped(Closed, frozen=True):
    """A code as it was typed."""

    code: Annotated[str, msgspec.Meta(min_length=1, max_length=MAX_TYPED)]


class PaidTime(Closed, frozen=True):
    """The plan that an account has, and until when it is paid."""

    plan: str
    until: Count


def redeem(house: House, call: Call) -> Answer:
    """`POST /v1/vouchers`."""
    call.idempotency_key()
    account = call.caller.account
    house.counters.take(VOUCHERS, account)
    voucher = _verified(house, call.sent(VoucherTyped).code)
    try:
        with house.database.writing() as connection:
            return Answer(200, _redeemed(connection, house, call, account, voucher))
    except IntegrityError as error:
        # Another account was faster by less than a transaction.
        raise Problem("voucher.used") from error


def _verified(house: House, code: str) -> Voucher:
    keys = [Ed25519PublicKey.from_public_bytes(octets(one)) for one in house.settings.voucher_keys]
    try:
        found = verify(read(code), keys)
    except Mistyped as wrong:
        raise Problem("voucher.malformed", str(wrong)) from None
    except NoVoucher:
        raise Problem("voucher.malformed", "no voucher of this version") from None
    except NotSigned:
        raise Problem("voucher.unknown", "not of this service") from None
    if found.last_day < house.day:
        raise Problem("voucher.unknown", "no longer taken")
    return found


def _redeemed(connection: Connection, house: House, call: Call, account: bytes, voucher: Voucher) -> PaidTime:
    row = row_of(connection, account, lock=True)
    before = replies.earlier(connection, house, call, _ROUTE)
    if before is not None:
        return msgspec.json.decode(before, type=PaidTime)
    if connection.execute(select(Payment.mark).where(Payment.mark == voucher.mark)).first() is not None:
        raise Problem("voucher.used")
    plan = find(house.settings.plans or {}, voucher.plan)
    if plan is None or plan == DEFAULT_PLAN:
        raise Problem("voucher.unknown", "of a plan that this service does not have")
    demand_room(house, row, plan)
    values = {"mark": voucher.mark, "account": account, "kind": KIND, "plan": plan, "days": voucher.days}
    connection.execute(insert(Payment).values(**values, day=house.day, last_day=voucher.last_day, returned=False))
    until = grant(connection, house, row, plan, voucher.days)
    assert until is not None
    made = PaidTime(plan, until)
    replies.remember(connection, house, call, _ROUTE, account, msgspec.json.encode(made))
    return made
