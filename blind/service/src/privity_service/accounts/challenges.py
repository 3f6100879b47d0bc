"""Ceremonies that were begun: a challenge serves one finish, right or wrong, within five minutes."""

from dataclasses import dataclass
from secrets import token_bytes

from sqlalchemy import Connection, delete, func, insert, select

from privity_service.accounts.house import House
from privity_service.accounts.limits import CHALLENGE_S, MAX_PENDING
from privity_service.accounts.problem import Problem
from privity_service.accounts.tables import Challenge


@dataclass(frozen=True, slots=True)
class Begun:
    """What a session was begun for."""

    session: bytes
    challenge: bytes
    account: bytes | None
    invitation: bytes | None
    expiry: int


def begin(
    connection: Connection,
    house: House,
    purpose: str,
    *,
    account: bytes | None = None,
    invitation: bytes | None = None,
) -> Begun:
    """Make a challenge. Raises Problem `service.busy` when too many wait."""
    waiting = connection.execute(select(func.count()).select_from(Challenge)).scalar_one()
    if waiting >= MAX_PENDING:
        raise Problem("service.busy", "too many ceremonies wait", retry_after=CHALLENGE_S)
    made = Begun(token_bytes(16), token_bytes(32), account, invitation, house.clock() + CHALLENGE_S)
    connection.execute(
        insert(Challenge).values(
            id=made.session,
            purpose=purpose,
            account=account,
            invitation=invitation,
            challenge=made.challenge,
            expiry=made.expiry,
        )
    )
    return made


def take(connection: Connection, house: House, session: bytes, purpose: str) -> Begun | None:
    """Use a session up; None when there is none of this purpose. The caller's refusal must keep the transaction."""
    columns = Challenge.purpose, Challenge.challenge, Challenge.account, Challenge.invitation, Challenge.expiry
    found = connection.execute(delete(Challenge).where(Challenge.id == session).returning(*columns)).first()
    if found is None or found.purpose != purpose or found.expiry <= house.clock():
        return None
    return Begun(session, found.challenge, found.account, found.invitation, found.expiry)
