"""What an account uses of its plan, what plans there are, and codes that pay for one. Source: specs/plans.md."""

from collections.abc import Mapping
from dataclasses import dataclass

from privity_protocol import canonical
from privity_protocol.errors import Malformed
from privity_protocol.stored.members import COUNT

from privity_client.history import calls
from privity_client.history.access import Access
from privity_client.history.calls import Call, Flow, Reply, text_of


@dataclass(frozen=True, slots=True)
class Limits:
    """None is no limit; `daily` counts tokens of a UTC day."""

    active_chats: int | None
    bytes: int | None
    daily: int | None


@dataclass(frozen=True, slots=True)
class Usage:
    """`until` and `grace_until` in Unix seconds, None without an end; `drawn` by day (`2026-11-25`)."""

    plan: str
    until: int | None
    grace_until: int | None
    active_chats: int
    archived_chats: int
    bytes: int
    limits: Limits
    drawn: Mapping[str, int]


def read(way: Access) -> Flow[Usage]:
    """Ask what the account uses. Raises ServiceRefused, Malformed."""
    return usage((yield from way.send(Call("GET", "/v1/usage"), 200)))


def usage(reply: Reply) -> Usage:
    """Read the answer. Members that this client has no use for may be there. Raises Malformed."""
    value = calls.read(reply)
    limits = _object(value.get("limits"), "limits")
    drawn = [_object(one, "drawn") for one in canonical.entries(value.get("drawn"), "drawn", most=16)]
    return Usage(
        plan=canonical.text(value.get("plan"), "plan", longest=32),
        until=_perhaps(value.get("until"), "until"),
        grace_until=_perhaps(value.get("grace_until"), "grace_until"),
        active_chats=canonical.integer(value.get("active_chats"), "active_chats", most=COUNT),
        archived_chats=canonical.integer(value.get("archived_chats"), "archived_chats", most=COUNT),
        bytes=canonical.integer(value.get("bytes"), "bytes", most=COUNT),
        limits=Limits(*(_perhaps(limits.get(name), name) for name in ("active_chats", "bytes", "daily"))),
        drawn={
            canonical.text(one.get("day"), "day", longest=10): canonical.integer(one.get("count"), "count", most=COUNT)
            for one in drawn
        },
    )


@dataclass(frozen=True, slots=True)
class Plan:
    """What is on offer; `price` in the smallest unit of `currency` a `period`, None: nobody buys it."""

    name: str
    title: str
    limits: Limits
    price: int | None
    currency: str = ""
    period: str = ""


def plans(reply: Reply) -> tuple[tuple[Plan, ...], int | None]:
    """Read the answer of `GET /v1/plans`: the plans, and how many tokens of a day guests have. Raises Malformed."""
    value = calls.read(reply)
    rows = [_object(one, "plan") for one in canonical.entries(value.get("plans"), "plans", most=64)]
    return tuple(map(_plan, rows)), _perhaps(value.get("guest_daily"), "guest_daily")


def redeem(way: Access, code: str, key: bytes) -> Flow[tuple[str, int | None]]:
    """Redeem a voucher: the plan that it pays for, and until when. `key` is its Idempotency-Key, 16 random bytes.

    Raises ServiceRefused, Malformed.
    """
    call = Call("POST", "/v1/vouchers", json={"code": code}, headers={"idempotency-key": text_of(key)})
    value = calls.read((yield from way.send(call, 200)))
    return canonical.text(value.get("plan"), "plan", longest=32), _perhaps(value.get("until"), "until")


def _plan(value: dict[str, object]) -> Plan:
    price = None if value.get("price") is None else _object(value.get("price"), "price")
    return Plan(
        name=canonical.text(value.get("name"), "name", longest=32),
        title=canonical.text(value.get("title"), "title", longest=256),
        limits=Limits(*(_perhaps(value.get(name), name) for name in ("active_chats", "bytes", "daily"))),
        price=None if price is None else canonical.integer(price.get("amount"), "amount", most=COUNT),
        currency="" if price is None else canonical.text(price.get("currency"), "currency", longest=3),
        period="" if price is None else canonical.text(price.get("period"), "period", longest=16),
    )


def _object(value: object, what: str) -> dict[str, object]:
    if not isinstance(value, dict):
        raise Malformed("member_type", f"{what} is not an object")
    return value


def _perhaps(value: object, what: str) -> int | None:
    return None if value is None else canonical.integer(value, what, most=COUNT)
