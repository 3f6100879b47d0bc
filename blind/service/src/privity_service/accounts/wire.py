"""The JSON of every route: closed schemas, bytes as unpadded base64url. Source: specs/service-api.md."""

from typing import Annotated, Any, Literal

import msgspec
from privity_protocol.canonical import base64url_decode, base64url_encode
from privity_protocol.stored.header import MAX_BODY
from privity_protocol.stored.keyring import MAX_KEYRING
from privity_protocol.stored.page import MAX_PAGE

from privity_service.accounts.limits import MAX_FETCH_HASHES, MAX_RECORD, MAX_STEP
from privity_service.accounts.problem import Problem
from privity_service.accounts.settings import Registration

_LAST2 = "[AQgw]"
_LAST4 = "[AEIMQUYcgkosw048]"


def characters(size: int) -> int:
    """Characters of unpadded base64url for `size` bytes."""
    return (size * 4 + 2) // 3


def _exactly(size: int, last: str) -> msgspec.Meta:
    length = characters(size)
    return msgspec.Meta(pattern=f"^[A-Za-z0-9_-]{{{length - 1}}}{last}$", min_length=length, max_length=length)


def _most(size: int) -> msgspec.Meta:
    return msgspec.Meta(pattern="^[A-Za-z0-9_-]+$", min_length=2, max_length=characters(size))


B16 = Annotated[str, _exactly(16, _LAST2)]
B32 = Annotated[str, _exactly(32, _LAST4)]
B64 = Annotated[str, _exactly(64, _LAST2)]
CredentialId = Annotated[str, _most(1023)]
Octets1K = Annotated[str, _most(1024)]
Octets4K = Annotated[str, _most(4096)]
Octets16K = Annotated[str, _most(16384)]
Record = Annotated[str, _most(MAX_RECORD)]
Half = Annotated[str, _most(MAX_KEYRING)]
PageBytes = Annotated[str, _most(MAX_PAGE)]
BodyBytes = Annotated[str, msgspec.Meta(min_length=characters(580), max_length=characters(MAX_BODY))]
StepBytes = Annotated[str, _most(MAX_STEP)]
Count = Annotated[int, msgspec.Meta(ge=0, le=2**53 - 1)]
Options = dict[str, Any] | None


def octets(text: str, most: int | None = None) -> bytes:
    """The bytes that a member spells. Raises Problem `request.malformed`."""
    data = base64url_decode(text)
    if data is None or (most is not None and len(data) > most):
        raise Problem("request.malformed", "not base64url in its one spelling")
    return data


spelled = base64url_encode


class Closed(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Everything on the wire: no member more than the schema's."""


class Nothing(Closed, frozen=True):
    """An empty object."""


class Assertion(Closed, frozen=True):
    """A passkey's answer to a challenge."""

    id: CredentialId
    client_data_json: Octets4K
    authenticator_data: Octets4K
    signature: Octets1K
    user_handle: B16


class Attestation(Closed, frozen=True):
    """A new passkey."""

    id: CredentialId
    client_data_json: Octets4K
    attestation_object: Octets16K


class PasskeyProof(Closed, frozen=True, tag_field="kind", tag="passkey"):
    """Signing in with a passkey."""

    credential: Assertion


class DeviceProof(Closed, frozen=True, tag_field="kind", tag="device"):
    """Signing in with a device of the keyring."""

    account: B16
    device: B16
    signature: B64


class RecoveryProof(Closed, frozen=True, tag_field="kind", tag="recovery"):
    """Signing in with a recovery code."""

    finder: B16
    signature: B64


class PasskeyCreation(Closed, frozen=True, tag_field="kind", tag="passkey"):
    """A new account with a passkey."""

    credential: Attestation


class RecoveryCreation(Closed, frozen=True, tag_field="kind", tag="recovery"):
    """A new account with a recovery code and a device."""

    finder: B16
    key: B32
    signature: B64


class AccessBegin(Closed, frozen=True):
    """What will be proved."""

    kind: Literal["passkey", "device", "recovery"]


class Ceremony(Closed, frozen=True):
    """A challenge, for five minutes and one answer."""

    session: B16
    challenge: B32
    expires_in: Count
    rp_id: str
    options: Options


class NewAccount(Closed, frozen=True):
    """A challenge for an account that does not exist yet."""

    account: B16
    session: B16
    challenge: B32
    expires_in: Count
    rp_id: str
    options: Options


class AccessFinish(Closed, frozen=True):
    """The proof."""

    session: B16
    proof: PasskeyProof | DeviceProof | RecoveryProof


class TokenAnswer(Closed, frozen=True):
    """A new access token."""

    account: B16
    token: B32
    scope: Literal["open", "full"]
    device: B16 | None
    expires_in: Count
    fresh_for: Count


class AccountBegin(Closed, frozen=True):
    """How the account will sign in first."""

    kind: Literal["passkey", "recovery"]
    invitation: Annotated[str, msgspec.Meta(max_length=64)] | None = None


class KeyringClaim(Closed, frozen=True):
    """A keyring: both halves, MACs, signature."""

    public: Half
    private: Half
    mac: B32
    mac_before: B32 | None
    signature: B64


class AccountFinish(Closed, frozen=True):
    """The whole of a new account."""

    session: B16
    proof: PasskeyCreation | RecoveryCreation
    keyring: KeyringClaim
    openers: Annotated[list[Record], msgspec.Meta(max_length=16)]


class PasskeyFinish(Closed, frozen=True):
    """One more passkey."""

    session: B16
    credential: Attestation


class PasskeyId(Closed, frozen=True):
    """A passkey that was added."""

    id: CredentialId


class PasskeyEntry(Closed, frozen=True):
    """A passkey and the day of its creation."""

    id: CredentialId
    day: Count


class PasskeyList(Closed, frozen=True):
    """The account's passkeys."""

    passkeys: list[PasskeyEntry]


class KeyringPut(Closed, frozen=True):
    """The next keyring, with the records that are new or changed."""

    keyring: KeyringClaim
    openers: Annotated[list[Record], msgspec.Meta(max_length=16)]


class Revision(Closed, frozen=True):
    """The keyring's newest revision."""

    revision: Count


class KeyringEntry(Closed, frozen=True):
    """One revision as it is kept."""

    revision: Count
    public: Half
    private: Half | None
    mac: B32
    mac_before: B32 | None
    signature: B64


class KeyringList(Closed, frozen=True):
    """Revisions, rising, and the records of the newest one."""

    newest: Count
    keyrings: list[KeyringEntry]
    openers: list[Record]


class PagePost(Closed, frozen=True):
    """A signed page, and bodies that were not uploaded before."""

    page: PageBytes
    signature: B64
    bodies: Annotated[list[BodyBytes], msgspec.Meta(max_length=256)]


class ErasureReceipt(Closed, frozen=True):
    """A signed promise: specs/erasure.md."""

    receipt: Octets1K
    signature: B64


class Appended(Closed, frozen=True):
    """Where the log is after a page."""

    n: Count
    head: B32
    erasure: ErasureReceipt | None


class PageEntry(Closed, frozen=True):
    """A page as it was posted."""

    page: PageBytes
    signature: B64


class PageList(Closed, frozen=True):
    """Pages after the cursor, and where the whole log is."""

    n: Count
    head: B32
    pages: list[PageEntry]


class Fetch(Closed, frozen=True):
    """Which bodies."""

    hashes: Annotated[list[B32], msgspec.Meta(min_length=1, max_length=MAX_FETCH_HASHES)]


class PairingPost(Closed, frozen=True):
    """A new device's card."""

    card: StepBytes


class Channel(Closed, frozen=True):
    """A pairing that waits."""

    channel: B16
    expires_in: Count


class SharePost(Closed, frozen=True):
    """A sealed snapshot."""

    id: B16
    expiry: Count
    body: BodyBytes


class ShareEntry(Closed, frozen=True):
    """A live share."""

    id: B16
    expiry: Count


class ShareList(Closed, frozen=True):
    """The account's live shares."""

    shares: list[ShareEntry]


class SharedBody(Closed, frozen=True):
    """What a link's reader gets."""

    expiry: Count
    body: BodyBytes


class DrawnOfDay(Closed, frozen=True):
    """How many tokens of a day were drawn."""

    day: str
    count: Count


class UsageLimits(Closed, frozen=True):
    """The most that an account may use; null is no limit."""

    active_chats: Count | None
    bytes: Count | None
    daily: Count | None
    shares: Count


class Usage(Closed, frozen=True):
    """What the account uses of its plan."""

    plan: str
    until: Count | None
    grace_until: Count | None
    active_chats: Count
    archived_chats: Count
    bytes: Count
    shares: Count
    limits: UsageLimits
    drawn: list[DrawnOfDay]
    reset: Count
    day: Count


class PlanPrice(Closed, frozen=True):
    """What a plan costs, in the currency's smallest unit."""

    amount: Count
    currency: str
    period: Literal["month"]


class PlanEntry(Closed, frozen=True):
    """A plan of this service; null is no limit."""

    name: str
    title: str
    active_chats: Count | None
    bytes: Count | None
    daily: Count | None
    price: PlanPrice | None
    buy: bool


class PlanList(Closed, frozen=True):
    """What is on offer."""

    plans: list[PlanEntry]
    guest_daily: Count | None
    vouchers: bool


class PlanLimits(Closed, frozen=True):
    """The limits of a new account."""

    active_chats: Count | None
    bytes: Count | None


class ServiceDescription(Closed, frozen=True):
    """What a client must know before it has an account."""

    registration: Registration
    rp_id: str
    origins: list[str]
    erasure_key: B32
    backup_days: Count
    plans: bool
    limits: PlanLimits


class ProblemBody(Closed, frozen=True):
    """Why a request is refused."""

    reason: str
    detail: str
    retry_after: Count | None
