"""What a payment provider tells. Source: specs/payments.md.

Events may come late, twice and in any order: invoices give time and full refunds take it, each once and by as many days
as the invoice was for, so that their order does not matter.
"""

from typing import Final

from sqlalchemy import Connection, insert, select, update
from sqlalchemy.exc import IntegrityError

from privity_service.accounts.call import Answer, Call
from privity_service.accounts.house import House, row_of
from privity_service.accounts.paid_time import grant, mark, take_back
from privity_service.accounts.problem import Problem
from privity_service.accounts.subscriptions import ALIVE, ENDED, is_ours, locked, move, provider_of
from privity_service.accounts.tables import Payment, PaymentEvent
from privity_service.accounts.wire import Nothing
from privity_service.payments.provider import (
    Begun,
    Ended,
    Event,
    EventMalformed,
    Happening,
    NotGenuine,
    Paid,
    Returned,
    Unavailable,
)

KIND: Final = "invoice"
KEPT_DAYS: Final = 400
"""For which an invoice is remembered: longer than any refund takes."""


def hear(house: House, call: Call) -> Answer:
    """`POST /v1/payments/stripe`: one answer for every forgery."""
    provider = provider_of(house)
    try:
        event = provider.heard(call.raw, call.headers.get("stripe-signature", ""))
    except NotGenuine:
        raise Problem("access.refused") from None
    except EventMalformed as error:
        raise Problem("request.malformed", str(error)) from None
    except Unavailable as error:
        raise Problem("service.busy", "the payment provider does not answer", retry_after=30) from error
    try:
        with house.database.writing() as connection:
            _take_in(connection, house, event)
    except IntegrityError as error:
        # Another event of the same at the same time. It is sent again, and is then one that came later.
        raise Problem("service.busy", "another event is being taken in", retry_after=5) from error
    return Answer(200, Nothing())


def _take_in(connection: Connection, house: House, event: Event) -> None:
    name = mark("event", event.id)
    if connection.execute(select(PaymentEvent.day).where(PaymentEvent.mark == name)).first() is not None:
        return
    connection.execute(insert(PaymentEvent).values(mark=name, day=house.day))
    if event.happening is not None:
        _apply(connection, house, event.happening)


def _apply(connection: Connection, house: House, happening: Happening) -> None:
    match happening:
        case Begun(reference, subscription):
            move(connection, house, reference, ALIVE, name=subscription)
        case Ended(reference):
            move(connection, house, reference, ENDED)
        case Paid():
            _paid(connection, house, happening)
        case Returned(invoice):
            _returned(connection, house, invoice)


def _paid(connection: Connection, house: House, event: Paid) -> None:
    if not is_ours(event.reference):
        return
    found, name = locked(connection, event.reference), mark(KIND, event.invoice)
    if connection.execute(select(Payment.mark).where(Payment.mark == name)).first() is not None:
        return
    if found is None:
        # The account was erased meanwhile. It is kept for the operator to see.
        _record(connection, house, name)
        return
    known, row = found
    agreed = event.currency == known["currency"] and event.amount >= known["amount"]
    days = event.days if agreed else 0
    _record(connection, house, name, row["id"], known["plan"], days)
    if days:
        move(connection, house, event.reference, ALIVE, name=event.subscription)
        grant(connection, house, row, known["plan"], days)


def _returned(connection: Connection, house: House, invoice: str) -> None:
    name = mark(KIND, invoice)
    table = Payment.__table__
    known = connection.execute(select(table).where(table.c.mark == name).with_for_update()).mappings().first()
    if known is None:
        # Of an invoice that is not known yet: when its payment is told of, it gives nothing any more.
        _record(connection, house, name, returned=True)
        return
    if known["returned"]:
        return
    connection.execute(update(Payment).where(Payment.mark == name).values(returned=True))
    if known["account"] is not None:
        row = row_of(connection, known["account"], lock=True)
        take_back(connection, house, row, known["plan"], known["days"])


def _record(
    connection: Connection,
    house: House,
    name: bytes,
    account: bytes | None = None,
    plan: str = "",
    days: int = 0,
    returned: bool = False,
) -> None:
    values = {"mark": name, "account": account, "kind": KIND, "plan": plan, "days": days}
    connection.execute(
        insert(Payment).values(**values, returned=returned, day=house.day, last_day=house.day + KEPT_DAYS)
    )
