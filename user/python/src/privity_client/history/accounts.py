"""Makes an account, recovers one, changes its keyring. Flows; what a person is asked in between is the caller's.

Source: specs/service-api.md, section "Accounts" and "Keyring".
"""

from dataclasses import dataclass

from privity_protocol.stored import keyring as stored_keyring
from privity_protocol.stored import page as stored
from privity_protocol.stored.members import U32
from privity_vault import opener, rotation
from privity_vault.errors import VaultError
from privity_vault.page import Position
from privity_vault.recovery import RecoveryLetters
from privity_vault.secret import AccountKey

from privity_client.history import access, answers, edits, joining, opened, sync
from privity_client.history.access import Access, recovery_proof
from privity_client.history.answers import Challenge, Keyrings, claim_json, records_json
from privity_client.history.calls import Call, Flow, expect, text_of
from privity_client.history.custody import DeviceKeys
from privity_client.history.joining import Written
from privity_client.history.opened import Entropy, Opened
from privity_client.history.reasons import ServiceRefused
from privity_client.history.replica import Replica
from privity_client.history.store import Store

MOVED_TRIES = 5


@dataclass(frozen=True, slots=True)
class Ground:
    """What a new device stands on: where it writes, its keys, the origin that its user gave, and day and chance."""

    store: Store
    signing: DeviceKeys
    origin: str
    day: int
    entropy: Entropy


def create(
    ground: Ground, letters: RecoveryLetters, *, label: str, invitation: str | None
) -> Flow[tuple[Opened, Access]]:
    """Make an account with a recovery code and this device. Raises ServiceRefused, VaultError, Malformed.

    What opens the account is on this disk before the service is told to keep it.
    """
    begin = {"kind": "recovery"} | ({} if invitation is None else {"invitation": invitation})
    begun = answers.challenge(expect((yield Call("POST", "/v1/account/begin", json=begin)), 200), creating=True)
    account = begun.account or b""
    written, key = joining.first(
        account, letters, ground.signing, label=label, day=min(ground.day, U32), entropy=ground.entropy
    )
    found = _new(ground, account, written, key)
    joining.settle_in(ground.store, found, (), written)
    call = _finish(begun, letters, ground, written)
    token = answers.token(expect((yield call), 201))
    if token.account != account:
        raise VaultError("keyring.foreign", "the service made another account than it began")
    way = Access(ground.origin, account, found.device, ground.signing, token, token)
    yield from prove_code(way, letters, found)
    return found, way


def _new(ground: Ground, account: bytes, written: Written, key: AccountKey) -> Opened:
    rings = opened.rings_of([written.claim])
    device = joining.device_id(ground.signing.public)
    return Opened(account, ground.origin, device, ground.signing, {1: key}, written.trusted, written.half, rings)


def _finish(begun: Challenge, letters: RecoveryLetters, ground: Ground, written: Written) -> Call:
    finder, signature = recovery_proof(letters, origin=ground.origin, challenge=begun.challenge)
    proof = {
        "kind": "recovery",
        "finder": text_of(finder),
        "key": text_of(joining.sheet(letters).public_key),
        "signature": text_of(signature),
    }
    sent = {
        "session": text_of(begun.session),
        "proof": proof,
        "keyring": claim_json(written.claim, written.body),
        "openers": records_json([opener.encode(one) for one in written.records]),
    }
    return Call("POST", "/v1/account/finish", json=sent, headers={"idempotency-key": text_of(ground.entropy(16))})


def prove_code(way: Access, letters: RecoveryLetters, found: Opened) -> Flow[None]:
    """Open the record that the service keeps with the code, as it will be opened one day. Raises VaultError."""
    kept = yield from sync.fetch_keyrings(way, 1)
    again = joining.with_code(kept, letters, account=found.account, origin=found.origin, signing=found.signing)
    if again.trusted.hash != found.trusted.hash or again.key != found.key:
        raise VaultError("opener.foreign", "the code opens something else than what was written")


def begin_home(replica: Replica) -> None:
    """Make the box of what belongs to no chat, the first entry of every log."""
    edits.new_box(replica, replica.home, active=True)


def recover(ground: Ground, letters: RecoveryLetters, *, label: str) -> Flow[tuple[Opened, Access]]:
    """Come back with the recovery code alone, and make this machine a device. Raises ServiceRefused, VaultError."""
    token = yield from access.with_code(letters, origin=ground.origin)
    way = Access(ground.origin, token.account, joining.device_id(ground.signing.public), ground.signing, token, token)
    for _ in range(MOVED_TRIES):
        kept = yield from sync.fetch_keyrings(way, 1)
        found = joining.with_code(kept, letters, account=token.account, origin=ground.origin, signing=ground.signing)
        by = code_opener(found)
        written = joining.with_own_opener(
            found,
            label=label,
            introduced_by=by,
            day=ground.day,
            entropy=ground.entropy,
            instead_of=by if _is_known_to_others(kept, by) else b"",
            code=letters,
        )
        if (yield from put_keyring(way, found, written)):
            joining.settle_in(ground.store, found, kept.claims, written)
            return found, Access(ground.origin, found.account, found.device, ground.signing, None, token)
    raise ServiceRefused("keyring.moved")


def _is_known_to_others(kept: Keyrings, id_: bytes) -> bool:
    """Whether a holder of an earlier account key knew this opener's public key and lock. Source: specs/rotation.md."""
    return rotation.needs_renewal(id_, [stored_keyring.decode(claim.public) for claim in kept.claims])


def code_opener(found: Opened) -> bytes:
    """The id of the account's recovery code. Raises VaultError `opener.unlisted`."""
    kinds = (one for one in found.trusted.keyring.openers if one.kind == opener.Kind.RECOVERY)
    one = next(kinds, None)
    if one is None:
        raise VaultError("opener.unlisted", "the account has no recovery code")
    return one.id


def put_keyring(way: Access, found: Opened, written: Written, *, fresh: bool = False) -> Flow[bool]:
    """Put the next revision. Returns False when another device was faster. Raises ServiceRefused, Malformed."""
    call = Call(
        "PUT",
        "/v1/keyring",
        json={
            "keyring": claim_json(written.claim, written.body),
            "openers": records_json([opener.encode(one) for one in written.records]),
        },
        headers={"if-match": f'"{found.trusted.keyring.revision}"'},
    )
    try:
        yield from (way.send_fresh(call, 200) if fresh else way.send(call, 200))
    except ServiceRefused as refused:
        if refused.reason != "keyring.moved":
            raise
        return False
    return True


def remember(replica: Replica, written: Written) -> None:
    """Work with a keyring of this device's own that the service took."""
    found = replica.opened
    own = next((one for one in written.records if one.id == replica.store.get("opener")), None)
    with replica.store.transaction():
        replica.store.add_claim(written.trusted.keyring.revision, written.claim)
        replica.store.set("private", written.body)
        if own is not None:
            replica.store.set("record", opener.encode(own))
    found.trust(written.trusted, written.half)


def at_least(replica: Replica, n: int, head: bytes) -> None:
    """Hold what was read against a head from elsewhere: a grant, or the sheet with the code. Raises VaultError."""
    position: Position = replica.position
    if position.n < n:
        raise VaultError("log.rolled_back", f"the service is at page {position.n}, the other device was at {n}")
    known = head_at(replica, n)
    if known != head:
        raise VaultError("log.forked", f"another page {n}")


def head_at(replica: Replica, n: int) -> bytes:
    """The head after page n of this device's copy."""
    if n == 0:
        return stored.genesis(replica.opened.account)
    return stored.head(next(replica.store.pages(n - 1)).data)
