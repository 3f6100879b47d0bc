"""What is on offer, and what an account uses of its plan. Source: specs/plans.md."""

from sqlalchemy import func, select

from privity_service.accounts import shares
from privity_service.accounts.call import Answer, Call
from privity_service.accounts.house import House, row_of
from privity_service.accounts.limits import MAX_SHARES
from privity_service.accounts.plans import DAY_S
from privity_service.accounts.tables import Share, TokenDraw
from privity_service.accounts.wire import DrawnOfDay, PlanEntry, PlanList, PlanPrice, Usage, UsageLimits
from privity_service.issuer.keys import MARGIN_S, date_of


def offered(house: House, _call: Call) -> Answer:
    """`GET /v1/plans`."""
    issuance = house.settings.issuance
    entries = [
        PlanEntry(
            name=name,
            title=plan.title or name,
            active_chats=plan.active_chats,
            bytes=plan.bytes,
            daily=None if issuance is None else plan.daily,
            price=None if plan.price is None else PlanPrice(plan.price.amount, plan.price.currency, plan.price.period),
            buy=plan.price is not None and house.payments is not None,
        )
        for name, plan in (house.settings.plans or {}).items()
    ]
    return Answer(
        200,
        PlanList(
            entries, None if issuance is None else issuance.guest_daily, vouchers=bool(house.settings.voucher_keys)
        ),
    )


def usage(house: House, call: Call) -> Answer:
    """`GET /v1/usage`."""
    account = call.caller.account
    with house.database.reading() as connection:
        row = row_of(connection, account)
        count = select(func.count()).select_from(Share).where(*shares.live(house, account))
        shared = connection.execute(count).scalar_one()
        standing, plan = house.standing(row), house.plan(row)
        own = TokenDraw.account == account, TokenDraw.plan == standing.name, TokenDraw.day >= house.day
        query = select(TokenDraw.day, TokenDraw.count).where(*own).order_by(TokenDraw.day)
        drawn = [DrawnOfDay(date_of(day), number) for day, number in connection.execute(query)]
    daily = None if house.settings.issuance is None else plan.daily
    return Answer(
        200,
        Usage(
            plan=standing.name,
            until=standing.until,
            grace_until=standing.grace_until,
            active_chats=row["active"],
            archived_chats=row["archived"],
            bytes=row["stored"],
            shares=shared,
            limits=UsageLimits(plan.active_chats, plan.bytes, daily, MAX_SHARES),
            drawn=drawn,
            reset=next_draw(house.clock()),
            day=row["day"],
        ),
    )


def next_draw(now: int) -> int:
    """Unix seconds at which tokens of another day can be drawn: six hours before the next midnight but those."""
    return ((now + MARGIN_S) // DAY_S + 1) * DAY_S - MARGIN_S
