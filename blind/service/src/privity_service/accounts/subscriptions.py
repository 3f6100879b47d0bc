"""The rows of what accounts began to pay for. Source: specs/payments.md."""

import re
from typing import Final

from sqlalchemy import Connection, RowMapping, select, update

from privity_service.accounts.house import House, row_of
from privity_service.accounts.problem import Problem
from privity_service.accounts.tables import Subscription
from privity_service.payments.provider import Payments, Unavailable

BEGUN: Final = 0
ALIVE: Final = 1
ENDED: Final = 2
_REFERENCE: Final = re.compile(r"[0-9a-f]{32}")


def provider_of(house: House) -> Payments:
    """Who takes payments. Raises Problem `payments.off`."""
    if house.payments is None:
        raise Problem("payments.off", "this service takes no payments")
    return house.payments


def is_ours(reference: str) -> bool:
    """Whether a provider's event names something that was ordered here."""
    return _REFERENCE.fullmatch(reference) is not None


def find(connection: Connection, reference: bytes) -> RowMapping | None:
    """The row of a reference."""
    table = Subscription.__table__
    return connection.execute(select(table).where(table.c.reference == reference)).mappings().first()


def living(connection: Connection, account: bytes) -> list[str]:
    """The provider's names of an account's subscriptions that would be paid for again."""
    own = Subscription.account == account, Subscription.state == ALIVE, Subscription.name.is_not(None)
    return [str(one) for (one,) in connection.execute(select(Subscription.name).where(*own))]


def end_all(house: House, account: bytes) -> None:
    """Cancel what an account pays for, before it is erased. Raises Problem `service.busy`: nothing is erased then."""
    if house.payments is None:
        return
    with house.database.reading() as connection:
        names = living(connection, account)
    for name in names:
        try:
            house.payments.cancel(name)
        except Unavailable as error:
            raise Problem("service.busy", "a payment could not be cancelled: try again", retry_after=30) from error


def locked(connection: Connection, reference: str) -> tuple[RowMapping, RowMapping] | None:
    """A subscription with its account, both locked; None for what is not ours, or of an account that was erased."""
    if not is_ours(reference):
        return None
    known = find(connection, bytes.fromhex(reference))
    if known is None:
        return None
    try:
        row = row_of(connection, known["account"], lock=True)
    except Problem:
        return None
    again = find(connection, bytes.fromhex(reference))
    return None if again is None else (again, row)


def move(connection: Connection, house: House, reference: str, state: int, *, name: str | None = None) -> None:
    """States only rise: what has ended does not begin again by an event that comes late."""
    found = locked(connection, reference)
    if found is None:
        return
    known = found[0]
    own = Subscription.reference == known["reference"]
    change = {"state": max(state, known["state"]), "name": known["name"] if name is None else name, "day": house.day}
    connection.execute(update(Subscription).where(own).values(**change))
