"""Beginning to pay for a plan. Source: specs/payments.md."""

import hashlib
import itertools

from sqlalchemy import Connection, RowMapping, insert

from privity_service.accounts import subscriptions
from privity_service.accounts.call import Answer, Call
from privity_service.accounts.house import House, row_of
from privity_service.accounts.limits import CHECKOUTS
from privity_service.accounts.paid_time import demand_room
from privity_service.accounts.plans import Price, find
from privity_service.accounts.problem import Problem
from privity_service.accounts.tables import Subscription
from privity_service.accounts.wire import Closed
from privity_service.issuer.settings import PlanName
from privity_service.payments.provider import Order, Unavailable


class PlanChosen(Closed, frozen=True):
    """The plan that somebody wants to pay for."""

    plan: PlanName


class CheckoutStarted(Closed, frozen=True):
    """Where it is paid for."""

    url: str


def checkout(house: House, call: Call) -> Answer:
    """`POST /v1/checkout`. A repeat leads to the same payment; the provider learns nothing of the account."""
    key, account, sent = call.idempotency_key(), call.caller.account, call.sent(PlanChosen)
    provider = subscriptions.provider_of(house)
    plans = house.settings.plans or {}
    name = find(plans, sent.plan)
    price = None if name is None else plans[name].price
    if name is None or price is None:
        raise Problem("payments.off", "this plan is not for sale")
    house.counters.take(CHECKOUTS, account)
    with house.database.writing() as connection:
        row = row_of(connection, account, lock=True)
        reference, known = _place(connection, account + key)
        if known is None or known["state"] != subscriptions.BEGUN:
            _demand_none_running(connection, house, row, name)
            _begin(connection, house, reference, account, name, price)
        elif known["plan"] != name:
            raise Problem("request.key_reused", "another plan was chosen under this Idempotency-Key")
        else:
            price = Price(known["amount"], known["currency"])
    try:
        url = provider.checkout(Order(reference.hex(), plans[name].title or name, price.amount, price.currency))
    except Unavailable as error:
        raise Problem("service.busy", "the payment provider does not answer", retry_after=30) from error
    return Answer(200, CheckoutStarted(url))


def _place(connection: Connection, name: bytes) -> tuple[bytes, RowMapping | None]:
    """The reference of an order, and its row if it was begun before; one that has ended makes room for another."""
    for number in itertools.count():
        reference = hashlib.sha256(b"privity checkout\0" + name + number.to_bytes(4)).digest()[:16]
        known = subscriptions.find(connection, reference)
        if known is None or known["state"] != subscriptions.ENDED:
            break
    return reference, known


def _begin(connection: Connection, house: House, reference: bytes, account: bytes, plan: str, price: Price) -> None:
    values = {"reference": reference, "account": account, "plan": plan, "state": subscriptions.BEGUN, "day": house.day}
    connection.execute(insert(Subscription).values(**values, amount=price.amount, currency=price.currency))


def _demand_none_running(connection: Connection, house: House, row: RowMapping, plan: str) -> None:
    demand_room(house, row, plan)
    if subscriptions.living(connection, row["id"]):
        raise Problem("plan.running", "a subscription of this account goes on")
