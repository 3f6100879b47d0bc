"""The table of specs/ledger.md: what a call makes of a token's row. No clock, no database."""

from dataclasses import dataclass, replace
from enum import IntEnum, StrEnum
from typing import Final

from privity_protocol.limits import MAX_TRIES

from privity_service.ledger.refusal import Refused

LEASE_S: Final = 180
DAY_S: Final = 86_400
MARGIN_S: Final = 21_600


class Op(StrEnum):
    """What a node asks for."""

    RESERVE = "reserve"
    RENEW = "renew"
    COMMIT = "commit"
    RELEASE = "release"


class State(IntEnum):
    """Where a token is; one that was never reserved has no row."""

    RESERVED = 1
    RELEASED = 2
    SPENT = 3


@dataclass(frozen=True, slots=True)
class Call:
    """A call of a node that was believed. `request` is the mark, `day` counts from 1970-01-01."""

    op: Op
    nullifier: bytes
    day: int
    request: bytes
    holder: bytes


@dataclass(frozen=True, slots=True)
class Row:
    """A token that was reserved at least once; `lease` ends at that Unix second."""

    day: int
    state: State
    request: bytes
    holder: bytes
    tries: int
    lease: int


def after(row: Row | None, call: Call, now: int, *, purged: int) -> Row:
    """The row after the call; the same object when nothing changes. Raises Refused, and then nothing changes.

    `purged` is the newest day whose rows were erased.
    """
    if call.op is Op.RESERVE:
        return _reserved(row, call, now, purged)
    if row is None or (row.request, row.holder) != (call.request, call.holder):
        raise Refused("ledger.lost")
    match call.op, row.state:
        case Op.RENEW, State.RESERVED:
            return replace(row, lease=now + LEASE_S)
        case (Op.COMMIT, State.SPENT) | (Op.RELEASE, State.RELEASED):
            return row
        case Op.COMMIT, State.RESERVED:
            return replace(row, state=State.SPENT)
        case Op.RELEASE, State.RESERVED:
            return replace(row, state=State.RELEASED)
        case _:
            raise Refused("ledger.lost")


def _reserved(row: Row | None, call: Call, now: int, purged: int) -> Row:
    if row is None:
        begins, ends = call.day * DAY_S - MARGIN_S, (call.day + 1) * DAY_S + MARGIN_S
        if call.day <= purged or not begins <= now < ends:
            raise Refused("ledger.day")
        return Row(call.day, State.RESERVED, call.request, call.holder, 1, now + LEASE_S)
    if row.state is State.SPENT or row.request != call.request:
        raise Refused("ledger.spent")
    same = row.holder == call.holder
    if row.state is State.RESERVED and same:
        return row
    if same or row.tries >= MAX_TRIES:
        raise Refused("ledger.spent")
    if row.state is State.RESERVED and now < row.lease:
        raise Refused("ledger.held", "another attempt is under way", retry_after=row.lease - now)
    return replace(row, state=State.RESERVED, holder=call.holder, tries=row.tries + 1, lease=now + LEASE_S)
