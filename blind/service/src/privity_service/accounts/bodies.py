"""Sealed bodies: uploaded before the page that names them, fetched by their hashes. Source: specs/service-api.md."""

import hashlib

from privity_protocol.errors import Malformed
from privity_protocol.stored import header
from sqlalchemy import Connection, func, insert, select, update

from privity_service.accounts.call import Answer, Call
from privity_service.accounts.house import House, row_of
from privity_service.accounts.limits import BODIES, MAX_FETCH, MAX_STAGED, STAGED_S
from privity_service.accounts.problem import Problem
from privity_service.accounts.tables import Account, BodyRow, ObjectRow
from privity_service.accounts.wire import Fetch, Nothing, octets

_HERE, _ABSENT, _LATER = b"\0", b"\1", b"\2"


def put(house: House, call: Call) -> Answer:
    """`PUT /v1/bodies/HASH`."""
    account, hash_, data = call.caller.account, call.id("hash", 32), call.raw
    house.counters.take(BODIES, account + call.device)
    try:
        header.decode(data)
    except Malformed as error:
        raise Problem("body.malformed", error.reason) from error
    if hashlib.sha256(data).digest() != hash_:
        raise Problem("body.hash", "not the SHA-256 of the bytes")
    with house.database.writing() as connection:
        row = row_of(connection, account, lock=True)
        own = BodyRow.account == account, BodyRow.hash == hash_
        known = connection.execute(select(BodyRow.uses).where(*own)).first()
        until = house.clock() + STAGED_S
        if known is not None:
            waits = BodyRow.staged_until.is_not(None)
            connection.execute(update(BodyRow).where(*own, waits).values(staged_until=until))
            return Answer(200, Nothing())
        after = row["stored"] + len(data)
        most = house.plan(row).bytes
        if most is not None and after > most:
            raise Problem("plan.bytes", f"{after} bytes, at most {most}")
        if _staged(connection, account) + len(data) > MAX_STAGED:
            raise Problem("body.staged", "post the pages of what was uploaded")
        body = {"account": account, "hash": hash_, "size": len(data), "uses": 0, "data": data, "staged_until": until}
        connection.execute(insert(BodyRow).values(**body))
        connection.execute(update(Account).where(Account.id == account).values(stored=after))
    return Answer(201, Nothing())


def give_back(house: House, call: Call) -> Answer:
    """`PUT /v1/objects/ID/body`: what a page names and was lost here, from a device that has it."""
    account, id_, data = call.caller.account, call.id("id"), call.raw
    house.counters.take(BODIES, account + call.device)
    hash_ = hashlib.sha256(data).digest()
    with house.database.writing() as connection:
        row = row_of(connection, account, lock=True)
        named = select(ObjectRow.body).where(ObjectRow.account == account, ObjectRow.id == id_)
        if connection.execute(named).scalar() != hash_:
            raise Problem("body.hash", "not the body that the pages name for this object")
        own = BodyRow.account == account, BodyRow.hash == hash_
        known = connection.execute(select(BodyRow.staged_until).where(*own)).first()
        if known is not None and known.staged_until is None:
            return Answer(200, Nothing())
        naming = select(func.count()).where(ObjectRow.account == account, ObjectRow.body == hash_)
        uses = connection.execute(naming).scalar_one()
        if known is None:
            # What it takes was counted when its page came.
            body = {"account": account, "hash": hash_, "size": len(data), "uses": uses, "data": data}
            connection.execute(insert(BodyRow).values(staged_until=None, **body))
        else:
            connection.execute(update(BodyRow).where(*own).values(uses=uses, staged_until=None))
            stored = row["stored"] - len(data)
            connection.execute(update(Account).where(Account.id == account).values(stored=stored))
    return Answer(201, Nothing())


def _staged(connection: Connection, account: bytes) -> int:
    own = BodyRow.account == account, BodyRow.staged_until.is_not(None)
    return int(connection.execute(select(func.coalesce(func.sum(BodyRow.size), 0)).where(*own)).scalar_one())


def fetch(house: House, call: Call) -> Answer:
    """`POST /v1/bodies/fetch`."""
    account, hashes = call.caller.account, [octets(one) for one in call.sent(Fetch).hashes]
    parts: list[bytes] = []
    with house.database.reading() as connection:
        own = BodyRow.account == account, BodyRow.hash.in_(set(hashes))
        sizes = {one.hash: one.size for one in connection.execute(select(BodyRow.hash, BodyRow.size).where(*own))}
        sent = 0
        for hash_ in hashes:
            size = sizes.get(hash_)
            if size is None:
                parts.append(_ABSENT + bytes(4))
            elif sent and sent + size > MAX_FETCH:
                parts.append(_LATER + bytes(4))
            else:
                one = BodyRow.account == account, BodyRow.hash == hash_
                data = connection.execute(select(BodyRow.data).where(*one)).scalar()
                # Between two statements PostgreSQL may let another transaction erase it.
                parts.append(_ABSENT + bytes(4) if data is None else _HERE + len(data).to_bytes(4) + data)
                sent += size
    return Answer(200, b"".join(parts))
