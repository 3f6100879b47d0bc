"""Signing in. One answer for every refusal, made of the same work, so that nobody learns who has an account."""

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from privity_protocol.errors import PrivityError
from privity_protocol.stored import access as signed
from sqlalchemy import Connection, select, update
from sqlalchemy.exc import IntegrityError

from privity_service.accounts import challenges, opener_record, passkeys, tokens
from privity_service.accounts.call import Answer, Call
from privity_service.accounts.challenges import Begun
from privity_service.accounts.house import House, row_of
from privity_service.accounts.limits import BEGIN, CHALLENGE_S, FINISH, RECOVERY
from privity_service.accounts.problem import Problem
from privity_service.accounts.rings import newest
from privity_service.accounts.tables import Opener, Passkey
from privity_service.accounts.wire import (
    AccessBegin,
    AccessFinish,
    Assertion,
    Ceremony,
    DeviceProof,
    PasskeyProof,
    RecoveryProof,
    TokenAnswer,
    octets,
    spelled,
)

_NOBODY = Ed25519PrivateKey.generate().public_key().public_bytes_raw()
"""Verified against when there is no key, so that a refusal takes as long either way."""


def begin(house: House, call: Call) -> Answer:
    """`POST /v1/access/begin`."""
    kind = call.sent(AccessBegin).kind
    house.counters.take(BEGIN, call.prefix)
    with house.database.writing() as connection:
        begun = challenges.begin(connection, house, f"access/{kind}")
    options = passkeys.request_options(house, begun.challenge) if kind == "passkey" else None
    return Answer(200, Ceremony(spelled(begun.session), spelled(begun.challenge), CHALLENGE_S, house.rp_id, options))


def finish(house: House, call: Call) -> Answer:
    """`POST /v1/access/finish`."""
    sent = call.sent(AccessFinish)
    house.counters.take(FINISH, call.prefix)
    if isinstance(sent.proof, RecoveryProof):
        house.counters.take(RECOVERY, call.prefix)
    try:
        with house.database.writing() as connection:
            made = _proved(connection, house, octets(sent.session), sent.proof)
            if made is None:
                raise Problem("access.refused", keeps=True)
    except IntegrityError as erased_meanwhile:
        raise Problem("access.refused") from erased_meanwhile
    return Answer(200, made)


def end(house: House, call: Call) -> Answer:
    """`DELETE /v1/access`."""
    with house.database.writing() as connection:
        tokens.end(connection, call.caller)
    return Answer(204)


def _proved(
    connection: Connection, house: House, session: bytes, proof: PasskeyProof | DeviceProof | RecoveryProof
) -> TokenAnswer | None:
    match proof:
        case PasskeyProof():
            begun = challenges.take(connection, house, session, "access/passkey")
            account = None if begun is None else _by_passkey(connection, house, begun, proof.credential)
            device = None
        case DeviceProof():
            begun = challenges.take(connection, house, session, "access/device")
            account = None if begun is None else _by_device(connection, house, begun, proof)
            device = octets(proof.device)
        case RecoveryProof():
            begun = challenges.take(connection, house, session, "access/recovery")
            account = None if begun is None else _by_recovery(connection, house, begun, proof)
            device = None
    if account is None:
        return None
    return tokens.issue(connection, house, account, device=device, fresh=device is None)


def _by_passkey(connection: Connection, house: House, begun: Begun, given: Assertion) -> bytes | None:
    credential = octets(given.id)
    query = select(Passkey.__table__).where(Passkey.credential == credential).with_for_update()
    found = connection.execute(query).mappings().first()
    if found is None or found["account"] != octets(given.user_handle):
        return None
    try:
        counter = passkeys.asserted(house, given, begun.challenge, found["public_key"], found["counter"])
    except passkeys.PasskeyRefused:
        return None
    connection.execute(update(Passkey).where(Passkey.credential == credential).values(counter=counter))
    account: bytes = found["account"]
    return account


def _by_device(connection: Connection, house: House, begun: Begun, proof: DeviceProof) -> bytes | None:
    account, id_ = octets(proof.account), octets(proof.device)
    key = _NOBODY
    try:
        device = newest(connection, row_of(connection, account)).device(id_)
        if device is not None and device.last_seq is None:
            key = device.key
    except Problem:
        device = None
    for origin in house.origins:
        message = signed.device_bytes(origin=origin, account=account, device=id_, challenge=begun.challenge)
        if signs(message, octets(proof.signature), key):
            return account
    return None


def _by_recovery(connection: Connection, house: House, begun: Begun, proof: RecoveryProof) -> bytes | None:
    finder = octets(proof.finder)
    found = connection.execute(select(Opener.account, Opener.record).where(Opener.finder == finder)).first()
    key = _NOBODY if found is None else opener_record.decode(found.record).key or _NOBODY
    if not recovers(house, finder, key, begun.challenge, octets(proof.signature)) or found is None:
        return None
    account: bytes = found.account
    return account


def recovers(house: House, finder: bytes, key: bytes, challenge: bytes, signature: bytes) -> bool:
    """Whether a recovery code's key signed the challenge for one of our origins."""
    messages = [signed.recovery_bytes(origin=one, finder=finder, challenge=challenge) for one in house.origins]
    return any(signs(message, signature, key) for message in messages)


def signs(message: bytes, signature: bytes, key: bytes) -> bool:
    """Whether `key` signed the message."""
    try:
        signed.verify(message, signature, key)
    except PrivityError:
        return False
    return True
