"""Erasing what is over: ceremonies, tokens, pairings, shares, replies, and bodies that no page came to name."""

from typing import Final

from sqlalchemy import Connection, delete, func, select, update

from privity_service.accounts.house import House
from privity_service.accounts.payment_events import KEPT_DAYS
from privity_service.accounts.subscriptions import BEGUN, ENDED
from privity_service.accounts.tables import (
    AccessToken,
    Account,
    BodyRow,
    Challenge,
    Invitation,
    Pairing,
    Payment,
    PaymentEvent,
    Reply,
    Share,
    Subscription,
    TokenDraw,
)

_BEGUN_DAYS: Final = 7
_EVENT_DAYS: Final = 30
"""For longer than a provider tries to tell something."""


def sweep(house: House) -> None:
    """Erase everything whose time is over, in one transaction per kind."""
    now = house.clock()
    for table in (Challenge, AccessToken, Pairing, Share, Reply):
        with house.database.writing() as connection:
            connection.execute(delete(table).where(table.expiry <= now))
    with house.database.writing() as connection:
        connection.execute(delete(Invitation).where((Invitation.last_day < house.day) | (Invitation.uses < 1)))
    with house.database.writing() as connection:
        connection.execute(delete(TokenDraw).where(TokenDraw.day < house.day - 1))
    _forget_payments(house)
    with house.database.reading() as connection:
        waiting = select(BodyRow.account).where(BodyRow.staged_until <= now).distinct()
        accounts = [one for (one,) in connection.execute(waiting)]
    for account in accounts:
        with house.database.writing() as connection:
            _drop_staged(connection, account, now)


def _forget_payments(house: House) -> None:
    """What can no longer be redeemed, paid back or told of, and what somebody began to pay for and did not."""
    old, undone = Subscription.day < house.day - KEPT_DAYS, Subscription.day < house.day - _BEGUN_DAYS
    over = Subscription.state.in_((BEGUN, ENDED)), old | ((Subscription.state == BEGUN) & undone)
    for query in (
        delete(Payment).where(Payment.last_day < house.day),
        delete(PaymentEvent).where(PaymentEvent.day < house.day - _EVENT_DAYS),
        delete(Subscription).where(*over),
    ):
        with house.database.writing() as connection:
            connection.execute(query)


def _drop_staged(connection: Connection, account: bytes, now: int) -> None:
    locked = select(Account.stored).where(Account.id == account).with_for_update()
    if connection.execute(locked).first() is None:
        return
    over = BodyRow.account == account, BodyRow.staged_until <= now
    freed = connection.execute(select(func.coalesce(func.sum(BodyRow.size), 0)).where(*over)).scalar_one()
    connection.execute(delete(BodyRow).where(*over))
    connection.execute(update(Account).where(Account.id == account).values(stored=Account.stored - int(freed)))
