"""What was answered under an idempotency key, for 24 hours. Keys, owners and requests are kept as hashes."""

import hashlib

from sqlalchemy import Connection, insert, select

from privity_service.accounts.call import Call
from privity_service.accounts.house import House
from privity_service.accounts.limits import REPLY_S
from privity_service.accounts.problem import Problem
from privity_service.accounts.tables import Reply


def _name(call: Call, route: str) -> bytes:
    owner = b"" if call.who is None else call.who.account
    return hashlib.sha256(route.encode() + b"\0" + owner + call.idempotency_key()).digest()


def earlier(connection: Connection, house: House, call: Call, route: str) -> bytes | None:
    """What this very request was answered before. Raises Problem `request.key_reused` for another request."""
    columns = Reply.request, Reply.answer, Reply.expiry
    found = connection.execute(select(*columns).where(Reply.key == _name(call, route))).first()
    if found is None or found.expiry <= house.clock():
        return None
    if found.request != call.raw_hash:
        raise Problem("request.key_reused", "another request used this Idempotency-Key")
    answer: bytes = found.answer
    return answer


def remember(connection: Connection, house: House, call: Call, route: str, account: bytes, answer: bytes) -> None:
    """Keep the answer with what it answers, in the same transaction; it goes with the account."""
    connection.execute(
        insert(Reply).values(
            key=_name(call, route),
            account=account,
            request=call.raw_hash,
            answer=answer,
            expiry=house.clock() + REPLY_S,
        )
    )
