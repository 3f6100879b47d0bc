"""Channels between a new device and an existing one: each step is written once. Source: specs/service-api.md."""

from secrets import token_bytes

from sqlalchemy import Connection, RowMapping, func, insert, select, update

from privity_service.accounts.call import Answer, Call
from privity_service.accounts.house import House
from privity_service.accounts.limits import ANSWERS, MAX_PENDING, MAX_STEP, PAIRING, PAIRING_S
from privity_service.accounts.problem import Problem
from privity_service.accounts.tables import Pairing
from privity_service.accounts.wire import Channel, PairingPost, octets, spelled

STEPS = ("card", "answer", "reveal", "grant")


def post(house: House, call: Call) -> Answer:
    """`POST /v1/pairings`."""
    house.counters.take(PAIRING, call.prefix)
    card, channel = octets(call.sent(PairingPost).card), token_bytes(16)
    with house.database.writing() as connection:
        if connection.execute(select(func.count()).select_from(Pairing)).scalar_one() >= MAX_PENDING:
            raise Problem("service.busy", "too many pairings wait", retry_after=PAIRING_S)
        expiry = house.clock() + PAIRING_S
        connection.execute(insert(Pairing).values(channel=channel, burnt=False, card=card, expiry=expiry))
    return Answer(201, Channel(spelled(channel), PAIRING_S))


def get(house: House, call: Call) -> Answer:
    """`GET /v1/pairings/CHANNEL/STEP`."""
    house.counters.take(PAIRING, call.prefix)
    step = call.path["step"]
    if step not in STEPS:
        raise Problem("request.unknown", "no such step")
    with house.database.reading() as connection:
        data = _open(connection, house, call.id("channel"), lock=False)[step]
    if data is None:
        raise Problem("pairing.pending", "not there yet")
    return Answer(200, bytes(data))


def put_answer(house: House, call: Call) -> Answer:
    """`PUT /v1/pairings/CHANNEL/answer`."""
    account, data = call.caller.account, _step(call)
    with house.database.writing() as connection:
        row = _open(connection, house, call.id("channel"), lock=True)
        if row["account"] not in (None, account):
            raise Problem("pairing.taken", "another account answered")
        if row["answer"] is None:
            house.counters.take(ANSWERS, account)
        _write(connection, row, "answer", data, account=account)
    return Answer(204)


def put_reveal(house: House, call: Call) -> Answer:
    """`PUT /v1/pairings/CHANNEL/reveal`."""
    house.counters.take(PAIRING, call.prefix)
    data = _step(call)
    with house.database.writing() as connection:
        row = _open(connection, house, call.id("channel"), lock=True)
        if row["answer"] is None:
            raise Problem("pairing.order", "the answer comes first")
        _write(connection, row, "reveal", data, account=row["account"])
    return Answer(204)


def put_grant(house: House, call: Call) -> Answer:
    """`PUT /v1/pairings/CHANNEL/grant`."""
    data = _step(call)
    with house.database.writing() as connection:
        row = _own(connection, house, call)
        if row["reveal"] is None:
            raise Problem("pairing.order", "the reveal comes first")
        _write(connection, row, "grant", data, account=row["account"])
    return Answer(204)


def burn(house: House, call: Call) -> Answer:
    """`DELETE /v1/pairings/CHANNEL`: after three wrong codes nobody uses it again."""
    with house.database.writing() as connection:
        row = _own(connection, house, call)
        emptied = {"burnt": True, "answer": None, "reveal": None, "grant": None}
        connection.execute(update(Pairing).where(Pairing.channel == row["channel"]).values(**emptied))
    return Answer(204)


def _own(connection: Connection, house: House, call: Call) -> RowMapping:
    row = _open(connection, house, call.id("channel"), lock=True)
    if row["account"] != call.caller.account:
        raise Problem("pairing.unknown")
    return row


def _open(connection: Connection, house: House, channel: bytes, *, lock: bool) -> RowMapping:
    query = select(Pairing.__table__).where(Pairing.channel == channel)
    found = connection.execute(query.with_for_update() if lock else query).mappings().first()
    if found is None or found["expiry"] <= house.clock():
        raise Problem("pairing.unknown")
    if found["burnt"]:
        raise Problem("pairing.burnt", "begin again on the new device")
    return found


def _step(call: Call) -> bytes:
    if not 1 <= len(call.raw) <= MAX_STEP:
        raise Problem("request.malformed", f"a step has 1 to {MAX_STEP} bytes")
    return call.raw


def _write(connection: Connection, row: RowMapping, step: str, data: bytes, *, account: bytes) -> None:
    if row[step] is not None:
        if bytes(row[step]) != data:
            raise Problem("pairing.taken", "the step is written")
        return
    own = update(Pairing).where(Pairing.channel == row["channel"])
    connection.execute(own.values(**{step: data, "account": account}))
