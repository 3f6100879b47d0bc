"""Access tokens: 32 random bytes for an hour, kept as their hash. Source: specs/service-api.md, section "Access"."""

import hashlib
from dataclasses import dataclass
from enum import IntEnum
from secrets import token_bytes
from typing import Literal

from privity_protocol.canonical import base64url_decode
from sqlalchemy import Connection, delete, insert, select

from privity_service.accounts.house import House
from privity_service.accounts.limits import FRESH_S, MAX_TOKENS, TOKEN_S
from privity_service.accounts.page_statements import TOKEN_BY_HASH
from privity_service.accounts.problem import Problem
from privity_service.accounts.tables import AccessToken
from privity_service.accounts.wire import TokenAnswer, spelled


class Scope(IntEnum):
    """What a route needs. Full includes open; fresh is proved apart."""

    OPEN = 1
    FULL = 2
    FRESH = 3


@dataclass(frozen=True, slots=True)
class Caller:
    """Who a token belongs to: established, not claimed."""

    account: bytes
    device: bytes | None
    fresh: bool
    token: bytes
    expiry: int


def _hash(token: bytes) -> bytes:
    return hashlib.sha256(token).digest()


def issue(connection: Connection, house: House, account: bytes, *, device: bytes | None, fresh: bool) -> TokenAnswer:
    """Make a token. Of more than 256 of an account, those that end first end now."""
    now, token = house.clock(), token_bytes(32)
    own = AccessToken.account == account
    surplus = select(AccessToken.hash).where(own).order_by(AccessToken.expiry.desc()).offset(MAX_TOKENS - 1)
    hashes = [one for (one,) in connection.execute(surplus)]
    if hashes:
        connection.execute(delete(AccessToken).where(AccessToken.hash.in_(hashes)))
    until = now + FRESH_S if fresh else 0
    connection.execute(
        insert(AccessToken).values(
            hash=_hash(token), account=account, device=device, expiry=now + TOKEN_S, fresh_until=until
        )
    )
    scope: Literal["open", "full"] = "open" if device is None else "full"
    of_device = None if device is None else spelled(device)
    return TokenAnswer(spelled(account), spelled(token), scope, of_device, TOKEN_S, FRESH_S if fresh else 0)


def caller(connection: Connection, house: House, header: str | None) -> Caller:
    """Who sent `Authorization: Bearer TOKEN`. Raises Problem `access.required`, one answer for every cause."""
    kind, _, text = (header or "").partition(" ")
    token = base64url_decode(text) if kind.lower() == "bearer" and len(text) == 43 else None
    if token is None:
        raise Problem("access.required")
    hash_ = _hash(token)
    found = connection.execute(TOKEN_BY_HASH, {"named": hash_}).mappings().first()
    now = house.clock()
    if found is None or found["expiry"] <= now:
        raise Problem("access.required")
    return Caller(found["account"], found["device"], found["fresh_until"] > now, hash_, found["expiry"])


def demand(who: Caller, scope: Scope) -> None:
    """Raises Problem `access.scope` unless the token suffices."""
    suffices = {Scope.OPEN: True, Scope.FULL: who.device is not None, Scope.FRESH: who.fresh}[scope]
    if not suffices:
        raise Problem("access.scope", f"needs {scope.name.lower()}")


def end(connection: Connection, who: Caller) -> None:
    """End one token."""
    connection.execute(delete(AccessToken).where(AccessToken.hash == who.token))


def end_of_device(connection: Connection, account: bytes, device: bytes) -> None:
    """End every token of a device that was revoked."""
    connection.execute(delete(AccessToken).where(AccessToken.account == account, AccessToken.device == device))
