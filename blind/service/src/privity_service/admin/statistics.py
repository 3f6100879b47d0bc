"""Counts over all accounts: how many, of which plan, how much. No account appears by itself."""

from dataclasses import asdict, dataclass

from sqlalchemy import ColumnElement, Connection, case, func, literal, select

from privity_service.accounts.payment_events import KIND as INVOICE
from privity_service.accounts.plans import DEFAULT_PLAN
from privity_service.accounts.subscriptions import ALIVE
from privity_service.accounts.tables import (
    AccessToken,
    Account,
    BodyRow,
    Invitation,
    PageRow,
    Passkey,
    Payment,
    Share,
    Subscription,
    TokenDraw,
)
from privity_service.accounts.vouchers import KIND as VOUCHER


@dataclass(frozen=True, slots=True)
class Statistics:
    """What `privity-admin statistics` prints."""

    accounts: int
    by_plan: dict[str, int]
    active_chats: int
    archived_chats: int
    pages: int
    bytes: int
    staged_bodies: int
    passkeys: int
    tokens: int
    shares: int
    invitations: int
    drawn_today: dict[str, int]
    vouchers: int
    invoices: int
    returned: int
    unfit: int
    """Paid invoices that gave nobody time: of another amount, or of an account that was erased."""
    subscriptions: int

    def lines(self) -> list[str]:
        """One line per count."""
        return [f"{name:<16}{value}" for name, value in asdict(self).items()]


def statistics(connection: Connection, day: int, grace_days: int) -> Statistics:
    """Count; `day` is today. An account whose paid time and grace are over has the default plan."""

    def count(table: type) -> int:
        return connection.execute(select(func.count()).select_from(table)).scalar_one()

    sums = func.sum(Account.active), func.sum(Account.archived), func.sum(Account.stored)
    active, archived, stored = connection.execute(select(*sums)).one()
    named = case((Account.paid_until + grace_days <= day, literal(DEFAULT_PLAN)), else_=Account.plan).label("now")
    accounts = select(named).subquery()
    plans = connection.execute(select(accounts.c.now, func.count()).group_by(accounts.c.now).order_by(accounts.c.now))
    drawn = select(TokenDraw.plan, func.sum(TokenDraw.count)).where(TokenDraw.day == day).group_by(TokenDraw.plan)

    def payments(*which: ColumnElement[bool]) -> int:
        return connection.execute(select(func.count()).select_from(Payment).where(*which)).scalar_one()

    invoice = Payment.kind == INVOICE
    alive = select(func.count()).select_from(Subscription).where(Subscription.state == ALIVE)
    staged = select(func.count()).select_from(BodyRow).where(BodyRow.staged_until.is_not(None))
    return Statistics(
        accounts=count(Account),
        by_plan={str(plan): int(number) for plan, number in plans},
        active_chats=int(active or 0),
        archived_chats=int(archived or 0),
        pages=count(PageRow),
        bytes=int(stored or 0),
        staged_bodies=connection.execute(staged).scalar_one(),
        passkeys=count(Passkey),
        tokens=count(AccessToken),
        shares=count(Share),
        invitations=count(Invitation),
        drawn_today={plan: int(number) for plan, number in connection.execute(drawn.order_by(TokenDraw.plan))},
        vouchers=payments(Payment.kind == VOUCHER),
        invoices=payments(invoice, Payment.days > 0),
        returned=payments(invoice, Payment.returned.is_(True)),
        unfit=payments(invoice, Payment.days == 0, Payment.returned.is_(False)),
        subscriptions=connection.execute(alive).scalar_one(),
    )
