"""What an account asks about itself: its passkeys, and its end. Source: specs/service-api.md."""

from privity_protocol.canonical import base64url_decode
from sqlalchemy import Connection, delete, func, insert, select
from sqlalchemy.exc import IntegrityError

from privity_service.accounts import challenges, erasures, passkeys, rings, subscriptions
from privity_service.accounts.call import Answer, Call
from privity_service.accounts.house import House, owner_hash, row_of
from privity_service.accounts.limits import BEGIN, CHALLENGE_S, FINISH, MAX_PASSKEYS
from privity_service.accounts.opener_record import RECOVERY
from privity_service.accounts.passkeys import PasskeyRefused
from privity_service.accounts.problem import Problem
from privity_service.accounts.settings import default_plan
from privity_service.accounts.tables import Account, Challenge, Pairing, Passkey, Share
from privity_service.accounts.wire import (
    Ceremony,
    ErasureReceipt,
    PasskeyEntry,
    PasskeyFinish,
    PasskeyId,
    PasskeyList,
    PlanLimits,
    ServiceDescription,
    octets,
    spelled,
)

_PURPOSE = "passkeys"


def describe(house: House, _call: Call) -> Answer:
    """`GET /v1/service`."""
    plan = default_plan(house.settings)
    key = house.erasure.public_key().public_bytes_raw()
    return Answer(
        200,
        ServiceDescription(
            registration=house.registration,
            rp_id=house.rp_id,
            origins=list(house.origins),
            erasure_key=spelled(key),
            backup_days=house.settings.backup_days,
            plans=house.settings.plans is not None,
            limits=PlanLimits(plan.active_chats, plan.bytes),
        ),
    )


def begin_passkey(house: House, call: Call) -> Answer:
    """`POST /v1/passkeys/begin`."""
    account = call.caller.account
    house.counters.take(BEGIN, call.prefix)
    with house.database.writing() as connection:
        known = [one for (one,) in connection.execute(select(Passkey.credential).where(Passkey.account == account))]
        begun = challenges.begin(connection, house, _PURPOSE, account=account)
    options = passkeys.creation_options(house, account, begun.challenge, known)
    return Answer(200, Ceremony(spelled(begun.session), spelled(begun.challenge), CHALLENGE_S, house.rp_id, options))


def finish_passkey(house: House, call: Call) -> Answer:
    """`POST /v1/passkeys/finish`."""
    sent, account = call.sent(PasskeyFinish), call.caller.account
    house.counters.take(FINISH, call.prefix)
    try:
        with house.database.writing() as connection:
            row_of(connection, account, lock=True)
            begun = challenges.take(connection, house, octets(sent.session), _PURPOSE)
            if begun is None or begun.account != account:
                raise Problem("access.expired", "begin again", keeps=True)
            if _passkeys(connection, account) >= MAX_PASSKEYS:
                raise Problem("passkeys.too_many", f"at most {MAX_PASSKEYS}", keeps=True)
            try:
                made = passkeys.registered(house, sent.credential, begun.challenge)
            except PasskeyRefused:
                raise Problem("access.refused", keeps=True) from None
            row = {"credential": made.credential, "public_key": made.public_key, "counter": made.counter}
            connection.execute(insert(Passkey).values(account=account, day=house.day, **row))
    except IntegrityError as error:
        raise Problem("passkeys.known") from error
    return Answer(201, PasskeyId(spelled(made.credential)))


def _passkeys(connection: Connection, account: bytes) -> int:
    return connection.execute(select(func.count()).select_from(Passkey).where(Passkey.account == account)).scalar_one()


def list_passkeys(house: House, call: Call) -> Answer:
    """`GET /v1/passkeys`."""
    own = Passkey.account == call.caller.account
    query = select(Passkey.credential, Passkey.day).where(own).order_by(Passkey.credential)
    with house.database.reading() as connection:
        found = [PasskeyEntry(spelled(one), day) for one, day in connection.execute(query)]
    return Answer(200, PasskeyList(found))


def remove_passkey(house: House, call: Call) -> Answer:
    """`DELETE /v1/passkeys/ID`."""
    account, credential = call.caller.account, base64url_decode(call.path["id"])
    if not credential:
        raise Problem("request.malformed", "id is base64url")
    with house.database.writing() as connection:
        row = row_of(connection, account, lock=True)
        own = Passkey.account == account, Passkey.credential == credential
        if connection.execute(select(Passkey.day).where(*own)).first() is not None:
            ring = rings.newest(connection, row)
            if _passkeys(connection, account) == 1 and all(one.kind != RECOVERY for one in ring.openers):
                raise Problem("passkeys.last", "nothing else would sign in")
            connection.execute(delete(Passkey).where(*own))
    return Answer(204)


def delete_account(house: House, call: Call) -> Answer:
    """`DELETE /v1/account`. What is paid for again and again ends first."""
    subscriptions.end_all(house, call.caller.account)
    with house.database.writing() as connection:
        receipt = erase(connection, house, call.caller.account)
    return Answer(200, receipt)


def erase(connection: Connection, house: House, account: bytes) -> ErasureReceipt:
    """Erase every row of an account; the receipt that stays names only a hash."""
    row = row_of(connection, account, lock=True)
    connection.execute(delete(Share).where(Share.owner == owner_hash(account)))
    connection.execute(delete(Challenge).where(Challenge.account == account))
    connection.execute(delete(Pairing).where(Pairing.account == account))
    connection.execute(delete(Account).where(Account.id == account))
    return erasures.write(connection, house, account, (), row["n"], kept_with=None)
