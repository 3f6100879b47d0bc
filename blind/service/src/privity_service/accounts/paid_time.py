"""Paid time of an account: days that a payment adds, and days that one paid back takes away. Source: specs/plans.md.

The account's row must be locked by the caller.
"""

import hashlib

from sqlalchemy import Connection, RowMapping, update

from privity_service.accounts.house import House
from privity_service.accounts.plans import DAY_S, DEFAULT_PLAN
from privity_service.accounts.problem import Problem
from privity_service.accounts.tables import Account


def demand_room(house: House, row: RowMapping, plan: str) -> None:
    """Raises Problem `plan.running` when time of `plan` could not be added to what the account has now.

    Else a year of a cheap plan and a day of a dear one would be a year of the dear one.
    """
    now = house.standing(row)
    ended = now.name == DEFAULT_PLAN or (now.until is not None and now.until <= house.clock())
    if not ended and (now.until is None or now.name != plan):
        end = "without end" if now.until is None else "until its end"
        raise Problem("plan.running", f"the account has {now.name}, {end}")


def grant(connection: Connection, house: House, row: RowMapping, plan: str, days: int) -> int | None:
    """Add days of a plan, from tomorrow or from the end of what is paid; Unix seconds of the new end.

    What has no end keeps none: None. Days that run of another plan are not turned into days of this one.
    """
    now = house.standing(row)
    if now.name != DEFAULT_PLAN and now.until is None:
        return None
    start = house.day + 1
    if now.name == plan:
        start = max(start, row["paid_until"])
    _write(connection, row, plan=plan, paid_until=start + days)
    return (start + days) * DAY_S


def take_back(connection: Connection, house: House, row: RowMapping, plan: str, days: int) -> None:
    """Take the days of a payment that was paid back; time that is over already stays over."""
    now = house.standing(row)
    if now.name == plan and now.until is not None:
        _write(connection, row, plan=plan, paid_until=min(row["paid_until"], max(row["paid_until"] - days, house.day)))


def _write(connection: Connection, row: RowMapping, *, plan: str, paid_until: int) -> None:
    connection.execute(update(Account).where(Account.id == row["id"]).values(plan=plan, paid_until=paid_until))


def mark(kind: str, name: str) -> bytes:
    """What is kept of a payment's name: enough to know it again."""
    return hashlib.sha256(f"privity payment\0{kind}\0{name}".encode()).digest()
