"""Making an account: everything of it in one transaction, or nothing. Source: specs/service-api.md."""

import hashlib
from secrets import token_bytes

from privity_protocol.stored import page as stored_page
from privity_protocol.stored.keyring import Keyring
from sqlalchemy import Connection, insert, select, update
from sqlalchemy.exc import IntegrityError

from privity_service.accounts import access, challenges, keyring_rules, keyrings, passkeys, replies, tokens
from privity_service.accounts.call import Answer, Call
from privity_service.accounts.challenges import Begun
from privity_service.accounts.house import House
from privity_service.accounts.keyring_rules import Claim
from privity_service.accounts.limits import BEGIN, CHALLENGE_S, FINISH, new_accounts
from privity_service.accounts.opener_record import RECOVERY, OpenerRecord
from privity_service.accounts.passkeys import PasskeyRefused
from privity_service.accounts.plans import DEFAULT_PLAN
from privity_service.accounts.problem import Problem
from privity_service.accounts.tables import Account, Invitation, Passkey
from privity_service.accounts.wire import (
    AccountBegin,
    AccountFinish,
    NewAccount,
    PasskeyCreation,
    RecoveryCreation,
    TokenAnswer,
    octets,
    spelled,
)

_ROUTE = "account/finish"


def begin(house: House, call: Call) -> Answer:
    """`POST /v1/account/begin`."""
    sent = call.sent(AccountBegin)
    house.counters.take(BEGIN, call.prefix)
    account = token_bytes(16)
    with house.database.writing() as connection:
        invitation = _invited(connection, house, sent.invitation)
        begun = challenges.begin(connection, house, f"account/{sent.kind}", account=account, invitation=invitation)
    options = passkeys.creation_options(house, account, begun.challenge, ()) if sent.kind == "passkey" else None
    ids = spelled(account), spelled(begun.session), spelled(begun.challenge)
    return Answer(200, NewAccount(*ids, CHALLENGE_S, house.rp_id, options))


def _invited(connection: Connection, house: House, code: str | None) -> bytes | None:
    if house.registration == "open":
        return None
    if house.registration == "closed" or code is None:
        raise Problem("account.closed")
    hash_ = hashlib.sha256(code.encode()).digest()
    _demand_invitation(connection, house, hash_)
    return hash_


def _demand_invitation(connection: Connection, house: House, hash_: bytes) -> None:
    query = select(Invitation.uses, Invitation.last_day).where(Invitation.hash == hash_).with_for_update()
    found = connection.execute(query).first()
    if found is None or found.uses < 1 or found.last_day < house.day:
        raise Problem("account.closed")


def finish(house: House, call: Call) -> Answer:
    """`POST /v1/account/finish`."""
    call.idempotency_key()
    sent = call.sent(AccountFinish)
    house.counters.take(FINISH, call.prefix)
    claim, records = keyrings.claim_of(sent.keyring), keyrings.records_of(sent.openers)
    with house.database.writing() as connection:
        again = replies.earlier(connection, house, call, _ROUTE)
        if again is not None:
            return Answer(201, _once_more(connection, house, again))
        kind = "passkey" if isinstance(sent.proof, PasskeyCreation) else "recovery"
        begun = challenges.take(connection, house, octets(sent.session), f"account/{kind}")
        if begun is None or begun.account is None:
            raise Problem("access.expired", "begin again")
        ring = keyring_rules.check_first(claim, begun.account)
        rate = new_accounts(house.settings.new_per_prefix_day)
        house.counters.take(rate, call.prefix)
        try:
            made = _create(connection, house, begun, ring, claim, records, sent.proof)
            reply = begun.account + ring.signer + begun.expiry.to_bytes(8)
            replies.remember(connection, house, call, _ROUTE, begun.account, reply)
        except Problem:
            house.counters.give_back(rate, call.prefix)
            raise
    return Answer(201, made)


def _once_more(connection: Connection, house: House, reply: bytes) -> TokenAnswer:
    """The answer was lost: another token, while the ceremony would still have been open."""
    account, signer, expiry = reply[:16], reply[16:32], int.from_bytes(reply[32:])
    still = connection.execute(select(Account.id).where(Account.id == account)).first()
    if still is None or expiry <= house.clock():
        raise Problem("access.expired", "the account exists; sign in")
    return tokens.issue(connection, house, account, device=signer, fresh=True)


def _create(
    connection: Connection,
    house: House,
    begun: Begun,
    ring: Keyring,
    claim: Claim,
    records: dict[bytes, OpenerRecord],
    proof: PasskeyCreation | RecoveryCreation,
) -> TokenAnswer:
    account = ring.account
    if begun.invitation is not None:
        _demand_invitation(connection, house, begun.invitation)
        used = update(Invitation).where(Invitation.hash == begun.invitation)
        connection.execute(used.values(uses=Invitation.uses - 1))
    connection.execute(
        insert(Account).values(
            id=account,
            plan=DEFAULT_PLAN,
            day=house.day,
            n=0,
            head=stored_page.genesis(account),
            revision=1,
            keyring=claim.hash,
            active=0,
            archived=0,
            stored=0,
        )
    )
    keyrings.write(connection, ring, claim, records)
    if isinstance(proof, PasskeyCreation):
        _add_first_passkey(connection, house, begun, proof)
    else:
        _check_recovery(house, begun, records, proof)
    return tokens.issue(connection, house, account, device=ring.signer, fresh=True)


def _add_first_passkey(connection: Connection, house: House, begun: Begun, proof: PasskeyCreation) -> None:
    try:
        made = passkeys.registered(house, proof.credential, begun.challenge)
        row = {"credential": made.credential, "public_key": made.public_key, "counter": made.counter}
        connection.execute(insert(Passkey).values(account=begun.account, day=house.day, **row))
    except (PasskeyRefused, IntegrityError) as error:
        raise Problem("access.refused") from error


def _check_recovery(house: House, begun: Begun, records: dict[bytes, OpenerRecord], proof: RecoveryCreation) -> None:
    finder, key = octets(proof.finder), octets(proof.key)
    sheets = [(one.finder, one.key) for one in records.values() if one.kind == RECOVERY]
    if (finder, key) not in sheets:
        raise Problem("access.refused")
    if not access.recovers(house, finder, key, begun.challenge, octets(proof.signature)):
        raise Problem("access.refused")
