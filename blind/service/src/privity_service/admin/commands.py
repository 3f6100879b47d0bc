"""What each command does to the database. A running service sees it at its next transaction."""

import hashlib
from secrets import token_bytes

from privity_protocol.canonical import base64url_decode, base64url_encode
from sqlalchemy import delete, insert, update

from privity_service.accounts import owner, subscriptions
from privity_service.accounts.house import House, row_of
from privity_service.accounts.plans import DAY_S, DEFAULT_PLAN, Plan, find
from privity_service.accounts.problem import Problem
from privity_service.accounts.tables import Account, Invitation
from privity_service.admin.statistics import statistics
from privity_service.issuer.keys import date_of


class AdminRefused(Exception):
    """A command cannot be carried out; the text says why."""


def account_id(text: str) -> bytes:
    """The account that a person names: as their client shows it, 22 characters, or 32 of hexadecimal.

    Raises AdminRefused.
    """
    try:
        data = bytes.fromhex(text) if len(text) == 32 else base64url_decode(text)
    except ValueError:
        data = None
    if data is None or len(data) != 16:
        raise AdminRefused("an account is 22 characters of base64url, or 32 hexadecimal digits")
    return data


def code(text: str) -> str:
    """An invitation's code as it was printed; 32 hexadecimal digits stand for the same."""
    try:
        return base64url_encode(bytes.fromhex(text)) if len(text) == 32 else text
    except ValueError:
        return text


def set_plan(house: House, account: bytes, plan: str, days: int | None = None) -> list[str]:
    """Give an account a plan, without end or from today for so many days. Raises AdminRefused."""
    plans = house.settings.plans
    if plans is None:
        raise AdminRefused("this deployment has no plans")
    found = find(plans, plan)
    if found is None:
        raise AdminRefused(f"no such plan; there are {', '.join(sorted(plans))}")
    return _change(house, account, plan=found, paid_until=None if days is None else house.day + 1 + days)


def set_quota(house: House, account: bytes, chats: int | None, size: int | None) -> list[str]:
    """Give an account limits of its own; None is what its plan says."""
    return _change(house, account, chats_limit=chats, bytes_limit=size)


def _change(house: House, account: bytes, **values: str | int | None) -> list[str]:
    try:
        with house.database.writing() as connection:
            row_of(connection, account, lock=True)
            connection.execute(update(Account).where(Account.id == account).values(**values))
    except Problem:
        raise AdminRefused("no such account") from None
    return show(house, account)


def show(house: House, account: bytes) -> list[str]:
    """An account's plan and use: all that the service knows of it beside its rows. Raises AdminRefused."""
    try:
        with house.database.reading() as connection:
            row = row_of(connection, account)
    except Problem:
        raise AdminRefused("no such account") from None
    standing, plan = house.standing(row), house.plan(row)
    end = "none" if standing.until is None else date_of(standing.until // DAY_S)
    return [
        f"plan            {standing.name}",
        f"end of time     {end}",
        f"active chats    {row['active']} of {'any' if plan.active_chats is None else plan.active_chats}",
        f"archived chats  {row['archived']}",
        f"bytes           {row['stored']} of {'any' if plan.bytes is None else plan.bytes}",
        f"pages           {row['n']}",
        f"day             {row['day']}",
    ]


def erase(house: House, account: bytes) -> list[str]:
    """Erase every row of an account; what it pays for again and again ends first. Raises AdminRefused."""
    try:
        subscriptions.end_all(house, account)
    except Problem as problem:
        raise AdminRefused(problem.detail) from None
    try:
        with house.database.writing() as connection:
            receipt = owner.erase(connection, house, account)
    except Problem:
        raise AdminRefused("no such account") from None
    return [f"erased; receipt {receipt.receipt}", f"signature {receipt.signature}"]


def invite(house: House, uses: int, days: int) -> list[str]:
    """Make an invitation; its code is shown once and kept as a hash."""
    made = base64url_encode(token_bytes(16))
    while made.startswith("-"):  # A command would take it for an option.
        made = base64url_encode(token_bytes(16))
    hash_ = hashlib.sha256(made.encode()).digest()
    with house.database.writing() as connection:
        connection.execute(insert(Invitation).values(hash=hash_, uses=uses, last_day=house.day + days))
    return [made]


def withdraw(house: House, written: str) -> list[str]:
    """Withdraw an invitation by its code. Raises AdminRefused."""
    hash_ = hashlib.sha256(written.encode()).digest()
    with house.database.writing() as connection:
        if connection.execute(delete(Invitation).where(Invitation.hash == hash_)).rowcount == 0:
            raise AdminRefused("no such invitation")
    return ["withdrawn"]


def plans(house: House) -> list[str]:
    """The plans of the configuration."""
    known = house.settings.plans
    if known is None:
        return ["none: this deployment has no plans"]
    return [_shown(name, one) for name, one in known.items()]


def _shown(name: str, plan: Plan) -> str:
    chats = "any" if plan.active_chats is None else plan.active_chats
    size = "any number of" if plan.bytes is None else plan.bytes
    daily = "any number of" if plan.daily is None else plan.daily
    price = plan.price
    cost = "" if price is None else f", {price.amount} {price.currency} (smallest unit) a {price.period}"
    new = ", of new accounts" if name == DEFAULT_PLAN else ""
    return f"{name:<12}{chats} active chats, {size} bytes, {daily} tokens a day{cost}{new}"


def count(house: House) -> list[str]:
    """Counts over all accounts."""
    with house.database.reading() as connection:
        return statistics(connection, house.day, house.settings.grace_days).lines()
