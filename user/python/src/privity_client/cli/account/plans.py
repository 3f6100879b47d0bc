"""`privity usage` and `privity plan`: what is left today, what the plan allows, what there is, and codes that pay."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import sha256

from privity_vault.contents.wallet import BLOCK
from rich.console import Console
from rich.table import Table
from rich.text import Text

from privity_client import fetch
from privity_client.cli.account import stage
from privity_client.history import usage as usages
from privity_client.history import wallets
from privity_client.history.calls import Call, Flow, expect
from privity_client.history.drawing import date_of
from privity_client.history.http import Service
from privity_client.history.opened import DAY_S
from privity_client.history.replica import Replica
from privity_client.history.session import Session
from privity_client.history.usage import Limits, Plan, Usage

WHOLE = frozenset({"clp", "isk", "jpy", "krw", "pyg", "ugx", "vnd", "xaf", "xof"})
"""Currencies without a smaller unit."""


@dataclass(frozen=True, slots=True)
class Left:
    """Messages of today: what this device may still send, and what other devices took for themselves at most."""

    here: int | None
    elsewhere: int
    reset: int
    """Unix seconds: the next midnight of UTC."""


def left(replica: Replica, found: Usage) -> Left:
    """Return what is left today: claimed here and not spent, claimed by nobody, and not drawn. None is no limit."""
    reset, day = (replica.day + 1) * DAY_S, replica.day
    if found.limits.daily is None:
        return Left(None, 0, reset)
    free = others = 0
    for one in wallets.of_day(wallets.held(replica), day).values():
        claimed = dict(one.claims)
        for block in range(-(-len(one.tokens) // BLOCK)):
            size = len(one.tokens[block * BLOCK : (block + 1) * BLOCK])
            free += 0 if block in claimed else size
            others += size if claimed.get(block, replica.opened.device) != replica.opened.device else 0
    drawn = found.drawn.get(date_of(day), 0)
    return Left(wallets.left(replica, day) + free + max(found.limits.daily - drawn, 0), others, reset)


def usage(as_json: bool) -> int:
    """Show what the account uses of its plan. Returns the exit code. Raises PrivityError."""
    return asyncio.run(_usage(as_json))


async def _usage(as_json: bool) -> int:
    async with stage.opened_account() as found:
        if found.problem is not None:
            raise found.problem
        told = await found.run(usages.read(found.way))
        rest = left(found.replica, told)
        if as_json:
            stage.as_json({**_members(told, rest), **stage.facts(found)})
            return 0
        out = stage.console()
        stage.standing(found, out)
        _show(out, told, rest)
        return 0


def _members(told: Usage, rest: Left) -> dict[str, object]:
    counted = rest.here is not None
    return {
        "plan": told.plan,
        "until": told.until,
        "grace_until": told.grace_until,
        "daily": told.limits.daily,
        "left_today": rest.here,
        "other_devices": rest.elsewhere if counted else None,
        "reset": rest.reset if counted else None,
        "active_chats": {"used": told.active_chats, "limit": told.limits.active_chats},
        "archived_chats": told.archived_chats,
        "bytes": {"used": told.bytes, "limit": told.limits.bytes},
    }


def _show(out: Console, told: Usage, rest: Left) -> None:
    table = Table.grid(padding=(0, 2))
    messages = "not counted"
    if rest.here is not None:
        messages = f"{rest.here} of {told.limits.daily} left; the next ones from {moment(rest.reset)}"
    rows = [("Plan", _time(told)), ("Messages today", messages)]
    if rest.elsewhere:
        rows.append(("", f"other devices took up to {rest.elsewhere} for themselves"))
    chats = f"{told.active_chats}{_of(told.limits.active_chats)}"
    rows.append(("Active chats", f"{chats}, and {told.archived_chats} archived"))
    rows.append(
        ("Storage", f"{size(told.bytes)}{'' if told.limits.bytes is None else f' of {size(told.limits.bytes)}'}")
    )
    for name, value in rows:
        table.add_row(Text(name, style="dim"), stage.plain(value))
    out.print(table)


def _time(told: Usage) -> str:
    if told.until is None:
        return told.plan
    grace = "" if told.grace_until in (None, told.until) else f", then free from {moment(told.grace_until or 0)}"
    return f"{told.plan}, paid until {moment(told.until)}{grace}"


def _of(limit: int | None) -> str:
    return "" if limit is None else f" of {limit}"


def plan(url: str, voucher: str, as_json: bool) -> int:
    """Show what plans there are, or redeem a voucher. Returns the exit code. Raises PrivityError."""
    return asyncio.run(_redeem(voucher, as_json) if voucher else _plan(url, as_json))


async def _redeem(code: str, as_json: bool) -> int:
    async with stage.opened_account() as found:
        if found.problem is not None:
            raise found.problem
        # The same code again is the same request: whose answer was lost is answered once more.
        key = sha256(b"privity voucher key\0" + found.replica.opened.account + code.encode()).digest()[:16]
        name, until = await found.run(usages.redeem(found.way, code, key))
        _forget_that_none_is_left(found)
        if as_json:
            stage.as_json({"plan": name, "until": until, **stage.facts(found)})
            return 0
        end = "" if until is None else f", until {moment(until)}"
        stage.console().print(Text("✓ ", style="green") + stage.plain(f"The account has the plan {name}{end}."))
        return 0


def _forget_that_none_is_left(found: Session) -> None:
    with found.replica.store.transaction():
        found.replica.store.set_number("tokens_gone", None)


async def _plan(url: str, as_json: bool) -> int:
    own: str | None = None
    origin = stage.origin_of(url)
    if stage.folder().exists():
        async with stage.opened_account() as found:
            origin = found.replica.opened.origin
            own = (await found.run(usages.read(found.way))).plan if found.problem is None else None
    async with fetch.new_client(origin) as client:
        service = Service(client, origin)
        rows, guests = await service.run(_asked())
    if as_json:
        listed = [_row(one) for one in rows]
        stage.as_json({"origin": origin, "plan": own, "plans": listed, "guest_daily": guests})
        return 0
    out = stage.console()
    table = Table(box=None, pad_edge=False, header_style="dim")
    for name in ("", "Plan", "Messages a day", "Active chats", "Storage", "Price"):
        table.add_column(name)
    for one in rows:
        mark = Text("●" if one.name == own else "○", style="green" if one.name == own else "dim")
        table.add_row(mark, stage.plain(f"{one.title} ({one.name})"), *_cells(one.limits), stage.plain(price(one)))
    out.print(table)
    if guests is not None:
        out.print(Text(f"Without an account: {guests} messages a day for all of one network.", style="dim"))
    out.print(Text("A voucher: `privity plan --voucher CODE`. What is left today: `privity usage`.", style="dim"))
    return 0


def _asked() -> Flow[tuple[tuple[Plan, ...], int | None]]:
    return usages.plans(expect((yield Call("GET", "/v1/plans")), 200))


def _row(one: Plan) -> Mapping[str, object]:
    limits = {"active_chats": one.limits.active_chats, "bytes": one.limits.bytes, "daily": one.limits.daily}
    paid = None if one.price is None else {"amount": one.price, "currency": one.currency, "period": one.period}
    return {"name": one.name, "title": one.title, **limits, "price": paid}


def _cells(limits: Limits) -> tuple[str, str, str]:
    def said(value: int | None) -> str:
        return "any number" if value is None else f"{value:,}"

    return said(limits.daily), said(limits.active_chats), "any" if limits.bytes is None else size(limits.bytes)


def price(one: Plan) -> str:
    """What a plan costs, in words."""
    if one.price is None:
        return "not for sale" if one.name != "free" else "nothing"
    amount = str(one.price) if one.currency in WHOLE else f"{one.price / 100:.2f}"
    return f"{amount} {one.currency.upper()} a {one.period}"


def size(number: int) -> str:
    """A number of bytes in the largest unit of a thousand that keeps it above one."""
    for unit, factor in (("GB", 10**9), ("MB", 10**6), ("kB", 10**3)):
        if number >= factor:
            return f"{number / factor:.1f} {unit}"
    return f"{number} bytes"


def moment(seconds: int) -> str:
    """A moment in UTC; far beyond any plan's end it is only called so."""
    try:
        return f"{datetime.fromtimestamp(seconds, UTC):%Y-%m-%d %H:%M} UTC"
    except (OverflowError, OSError, ValueError):
        return "the end of time"
