"""Sealed snapshots behind links. Unknown, expired, revoked and foreign are one answer. Source: specs/service-api.md."""

import hashlib

from privity_protocol.errors import Malformed
from privity_protocol.stored import header
from sqlalchemy import ColumnElement, delete, func, insert, select

from privity_service.accounts import replies
from privity_service.accounts.call import Answer, Call
from privity_service.accounts.house import House, owner_hash, row_of
from privity_service.accounts.limits import MAX_SHARES, SHARE_CLOCK_S, SHARE_READ, SHARE_S
from privity_service.accounts.problem import Problem
from privity_service.accounts.tables import Share
from privity_service.accounts.wire import SharedBody, ShareEntry, ShareList, SharePost, octets, spelled

_ROUTE = "shares"


def live(house: House, account: bytes) -> tuple[ColumnElement[bool], ColumnElement[bool]]:
    """Which rows are an account's live shares."""
    return Share.owner == owner_hash(account), Share.expiry > house.clock()


def post(house: House, call: Call) -> Answer:
    """`POST /v1/shares`."""
    call.idempotency_key()
    sent, account = call.sent(SharePost), call.caller.account
    id_, body, answer = octets(sent.id), octets(sent.body), Answer(201, ShareEntry(sent.id, sent.expiry))
    try:
        header.decode(body)
    except Malformed as error:
        raise Problem("body.malformed", error.reason) from error
    with house.database.writing() as connection:
        row_of(connection, account, lock=True)
        if replies.earlier(connection, house, call, _ROUTE) is not None:
            return answer
        now = house.clock()
        if not now < sent.expiry <= now + SHARE_S + SHARE_CLOCK_S:
            raise Problem("share.expiry", "in the future, and at most 30 days ahead")
        count = select(func.count()).select_from(Share).where(*live(house, account))
        if connection.execute(count).scalar_one() >= MAX_SHARES:
            raise Problem("share.too_many", f"at most {MAX_SHARES} live shares")
        if connection.execute(select(Share.id).where(Share.id == id_)).first() is not None:
            raise Problem("share.taken", "another id is needed")
        owner = owner_hash(account)
        connection.execute(insert(Share).values(id=id_, owner=owner, body=body, expiry=sent.expiry))
        replies.remember(connection, house, call, _ROUTE, account, hashlib.sha256(id_).digest())
    return answer


def listed(house: House, call: Call) -> Answer:
    """`GET /v1/shares`."""
    query = select(Share.id, Share.expiry).where(*live(house, call.caller.account)).order_by(Share.id)
    with house.database.reading() as connection:
        return Answer(200, ShareList([ShareEntry(spelled(id_), expiry) for id_, expiry in connection.execute(query)]))


def get(house: House, call: Call) -> Answer:
    """`GET /v1/shares/ID`."""
    house.counters.take(SHARE_READ, call.prefix)
    query = select(Share.expiry, Share.body).where(Share.id == call.id("id"))
    with house.database.reading() as connection:
        found = connection.execute(query).first()
    if found is None or found.expiry <= house.clock():
        raise Problem("share.unknown")
    return Answer(200, SharedBody(found.expiry, spelled(found.body)))


def revoke(house: House, call: Call) -> Answer:
    """`DELETE /v1/shares/ID`."""
    own = Share.id == call.id("id"), *live(house, call.caller.account)
    with house.database.writing() as connection:
        if connection.execute(delete(Share).where(*own).returning(Share.id)).first() is None:
            raise Problem("share.unknown")
    return Answer(204)
