"""Storing keyrings: a compare-and-set on the revision, with the openers' records. Source: specs/service-api.md."""

import re
from collections.abc import Iterable, Mapping, Sequence

from privity_protocol.errors import Malformed
from privity_protocol.stored.keyring import Keyring
from sqlalchemy import Connection, RowMapping, delete, insert, select, update
from sqlalchemy.exc import IntegrityError

from privity_service.accounts import keyring_rules, opener_record, rings, tokens
from privity_service.accounts.call import Answer, Call
from privity_service.accounts.house import House, row_of
from privity_service.accounts.keyring_rules import Claim
from privity_service.accounts.limits import KEYRINGS, MAX_ANSWER
from privity_service.accounts.opener_record import OpenerRecord
from privity_service.accounts.problem import Problem
from privity_service.accounts.tables import Account, KeyringRow, Opener
from privity_service.accounts.tokens import Scope
from privity_service.accounts.wire import KeyringClaim, KeyringEntry, KeyringList, KeyringPut, Revision, octets, spelled

_IF_MATCH = re.compile(r'"([0-9]{1,10})"')


def claim_of(sent: KeyringClaim) -> Claim:
    """The posted keyring as bytes. Raises Problem `request.malformed`."""
    before = None if sent.mac_before is None else octets(sent.mac_before)
    return Claim(octets(sent.public), octets(sent.private), octets(sent.mac), before, octets(sent.signature))


def records_of(sent: Iterable[str]) -> dict[bytes, OpenerRecord]:
    """The posted records by id. Raises Problem `keyring.invalid`."""
    try:
        read = [opener_record.decode(octets(one)) for one in sent]
    except Malformed as error:
        raise Problem("keyring.invalid", f"record: {error.reason}") from error
    by_id = {one.id: one for one in read}
    if len(by_id) != len(read):
        raise Problem("keyring.invalid", "a record twice")
    return by_id


def get(house: House, call: Call) -> Answer:
    """`GET /v1/keyring`."""
    account = call.caller.account
    with house.database.reading() as connection:
        row = row_of(connection, account)
        query = select(KeyringRow.__table__).where(
            KeyringRow.account == account, KeyringRow.revision >= call.query["from"]
        )
        entries: list[KeyringEntry] = []
        size = 0
        for found in connection.execute(query.order_by(KeyringRow.revision)).mappings():
            size += len(found["public"]) + len(found["private"] or b"")
            if entries and size > MAX_ANSWER:
                break
            entries.append(_entry(found))
        records = select(Opener.record).where(Opener.account == account).order_by(Opener.id)
        openers = [spelled(one) for (one,) in connection.execute(records)]
    return Answer(200, KeyringList(row["revision"], entries, openers))


def _entry(row: RowMapping) -> KeyringEntry:
    private, before = row["private"], row["mac_before"]
    return KeyringEntry(
        row["revision"],
        spelled(row["public"]),
        None if private is None else spelled(private),
        spelled(row["mac"]),
        None if before is None else spelled(before),
        spelled(row["signature"]),
    )


def put(house: House, call: Call) -> Answer:
    """`PUT /v1/keyring`."""
    sent, who = call.sent(KeyringPut), call.caller
    matched = _IF_MATCH.fullmatch(call.headers.get("if-match", ""))
    if matched is None:
        raise Problem("request.malformed", 'If-Match is "REVISION"')
    follows = int(matched[1])
    claim, records = claim_of(sent.keyring), records_of(sent.openers)
    house.counters.take(KEYRINGS, who.account)
    with house.database.writing() as connection:
        row = row_of(connection, who.account, lock=True)
        if row["revision"] == follows + 1 and row["keyring"] == claim.hash:
            return Answer(200, Revision(row["revision"]))
        if row["revision"] != follows:
            raise Problem("keyring.moved", "another revision is the newest")
        before = rings.newest(connection, row)
        ring = keyring_rules.check_next(claim, before, row["keyring"])
        if keyring_rules.removes(ring, before):
            tokens.demand(who, Scope.FRESH)
        write(connection, ring, claim, records)
        for device in ring.devices:
            earlier = before.device(device.id)
            if device.last_seq is not None and (earlier is None or earlier.last_seq is None):
                tokens.end_of_device(connection, who.account, device.id)
    return Answer(200, Revision(ring.revision))


def write(connection: Connection, ring: Keyring, claim: Claim, new: Mapping[bytes, OpenerRecord]) -> None:
    """Store an accepted keyring and its records; erase the older private half. Raises Problem `keyring.invalid`."""
    account = ring.account
    stored = select(Opener.record).where(Opener.account == account)
    kept = (opener_record.decode(one) for (one,) in connection.execute(stored))
    known = {one.id: one for one in kept}
    keyring_rules.check_records(ring, known | dict(new))
    _write_records(connection, ring, known, new)
    own = KeyringRow.account == account
    connection.execute(update(KeyringRow).where(own, KeyringRow.private.is_not(None)).values(private=None))
    connection.execute(
        insert(KeyringRow).values(
            account=account,
            revision=ring.revision,
            hash=claim.hash,
            public=claim.public,
            private=claim.private,
            mac=claim.mac,
            mac_before=claim.mac_before,
            signature=claim.signature,
        )
    )
    newest = {"revision": ring.revision, "keyring": claim.hash}
    connection.execute(update(Account).where(Account.id == account).values(**newest))


def _write_records(
    connection: Connection, ring: Keyring, known: Mapping[bytes, OpenerRecord], new: Mapping[bytes, OpenerRecord]
) -> None:
    listed = {one.id for one in ring.openers}
    if new.keys() - listed:
        raise Problem("keyring.invalid", "a record that the keyring does not list")
    own = Opener.account == ring.account
    gone: Sequence[bytes] = [id_ for id_ in known if id_ not in listed or id_ in new]
    connection.execute(delete(Opener).where(own, Opener.id.in_(gone)))
    try:
        for one in new.values():
            row = {"account": ring.account, "id": one.id, "finder": one.finder, "record": one.data}
            connection.execute(insert(Opener).values(**row))
    except IntegrityError as error:
        raise Problem("keyring.invalid", "a finder that is taken") from error
