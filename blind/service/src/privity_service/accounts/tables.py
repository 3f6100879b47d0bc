"""The tables. docs/operating/accounts.md says of each: trusted? altered, lost, rolled back?

No table holds an address, or a time finer than a day except short expiries (Unix seconds).
"""

from sqlalchemy import BigInteger, ForeignKey, Index, LargeBinary, String, UniqueConstraint
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column


class Base(DeclarativeBase):
    """What the migrations are compared with."""


def _id() -> Mapped[bytes]:
    return mapped_column(LargeBinary, primary_key=True)


def _of_account(*, primary: bool = False) -> Mapped[bytes]:
    """The account that a row goes with: all rows of an account vanish with it."""
    return mapped_column(LargeBinary, ForeignKey("accounts.id", ondelete="CASCADE"), primary_key=primary)


class Account(Base):
    """An account: plan, position of its log, newest keyring, and the counts that plans need."""

    __tablename__ = "accounts"
    id: Mapped[bytes] = _id()
    plan: Mapped[str] = mapped_column(String(64))
    chats_limit: Mapped[int | None]
    bytes_limit: Mapped[int | None] = mapped_column(BigInteger)
    day: Mapped[int]
    n: Mapped[int] = mapped_column(BigInteger)
    head: Mapped[bytes]
    revision: Mapped[int] = mapped_column(BigInteger)
    keyring: Mapped[bytes]
    active: Mapped[int]
    archived: Mapped[int]
    stored: Mapped[int] = mapped_column(BigInteger)
    paid_until: Mapped[int | None]
    """Day (since 1970-01-01) at whose beginning the paid time of the plan is over; None: it has no end."""


class Passkey(Base):
    """A WebAuthn credential that signs in."""

    __tablename__ = "passkeys"
    credential: Mapped[bytes] = _id()
    account: Mapped[bytes] = _of_account()
    public_key: Mapped[bytes]
    counter: Mapped[int] = mapped_column(BigInteger)
    day: Mapped[int]
    __table_args__ = (Index("passkeys_account", "account"),)


class Challenge(Base):
    """A ceremony that was begun; gone after five minutes or one finish."""

    __tablename__ = "challenges"
    id: Mapped[bytes] = _id()
    purpose: Mapped[str] = mapped_column(String(32))
    account: Mapped[bytes | None]
    invitation: Mapped[bytes | None]
    challenge: Mapped[bytes]
    expiry: Mapped[int] = mapped_column(BigInteger)
    __table_args__ = (Index("challenges_expiry", "expiry"),)


class AccessToken(Base):
    """A token by its hash; `device` when it is full, `fresh_until` when a passkey or code was proved for it."""

    __tablename__ = "access_tokens"
    hash: Mapped[bytes] = _id()
    account: Mapped[bytes] = _of_account()
    device: Mapped[bytes | None]
    expiry: Mapped[int] = mapped_column(BigInteger)
    fresh_until: Mapped[int] = mapped_column(BigInteger)
    __table_args__ = (Index("access_tokens_account", "account"), Index("access_tokens_expiry", "expiry"))


class KeyringRow(Base):
    """A revision of the keyring; only the newest has its private half."""

    __tablename__ = "keyrings"
    account: Mapped[bytes] = _of_account(primary=True)
    revision: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    hash: Mapped[bytes]
    public: Mapped[bytes]
    private: Mapped[bytes | None]
    mac: Mapped[bytes]
    mac_before: Mapped[bytes | None]
    signature: Mapped[bytes]


class Opener(Base):
    """The record of an opener; `finder` when it is a recovery code's."""

    __tablename__ = "openers"
    account: Mapped[bytes] = _of_account(primary=True)
    id: Mapped[bytes] = _id()
    finder: Mapped[bytes | None] = mapped_column(LargeBinary, unique=True)
    record: Mapped[bytes]


class PageRow(Base):
    """A signed page, and the head after it."""

    __tablename__ = "pages"
    account: Mapped[bytes] = _of_account(primary=True)
    n: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    device: Mapped[bytes]
    device_seq: Mapped[int] = mapped_column(BigInteger)
    head: Mapped[bytes]
    page: Mapped[bytes]
    signature: Mapped[bytes]
    __table_args__ = (UniqueConstraint("account", "device", "device_seq", name="pages_device_seq"),)


class ObjectRow(Base):
    """What the pages say of an id, derived from them: kind 0 object, 1 active box, 2 archived box; no body: deleted."""

    __tablename__ = "objects"
    account: Mapped[bytes] = _of_account(primary=True)
    id: Mapped[bytes] = _id()
    version: Mapped[int] = mapped_column(BigInteger)
    kind: Mapped[int]
    body: Mapped[bytes | None]


class BodyRow(Base):
    """Sealed bytes by their hash: named by `uses` live objects, or staged until then."""

    __tablename__ = "bodies"
    account: Mapped[bytes] = _of_account(primary=True)
    hash: Mapped[bytes] = _id()
    size: Mapped[int]
    uses: Mapped[int]
    staged_until: Mapped[int | None] = mapped_column(BigInteger)
    data: Mapped[bytes]
    __table_args__ = (Index("bodies_staged", "staged_until"),)


class Pairing(Base):
    """A channel of ten minutes; each step is written once."""

    __tablename__ = "pairings"
    channel: Mapped[bytes] = _id()
    account: Mapped[bytes | None]
    burnt: Mapped[bool]
    card: Mapped[bytes]
    answer: Mapped[bytes | None]
    reveal: Mapped[bytes | None]
    grant: Mapped[bytes | None]
    expiry: Mapped[int] = mapped_column(BigInteger)
    __table_args__ = (Index("pairings_expiry", "expiry"),)


class Share(Base):
    """A sealed snapshot; `owner` is the hash of the account."""

    __tablename__ = "shares"
    id: Mapped[bytes] = _id()
    owner: Mapped[bytes]
    body: Mapped[bytes]
    expiry: Mapped[int] = mapped_column(BigInteger)
    __table_args__ = (Index("shares_owner", "owner"), Index("shares_expiry", "expiry"))


class Reply(Base):
    """What was answered under an idempotency key; the key, the owner and the request as hashes."""

    __tablename__ = "replies"
    key: Mapped[bytes] = _id()
    account: Mapped[bytes] = _of_account()
    request: Mapped[bytes]
    answer: Mapped[bytes]
    expiry: Mapped[int] = mapped_column(BigInteger)
    __table_args__ = (Index("replies_account", "account"), Index("replies_expiry", "expiry"))


class TokenDraw(Base):
    """How many tokens of a day an account drew: never which."""

    __tablename__ = "token_draws"
    account: Mapped[bytes] = _of_account(primary=True)
    plan: Mapped[str] = mapped_column(String(32), primary_key=True)
    day: Mapped[int] = mapped_column(primary_key=True)
    count: Mapped[int]
    __table_args__ = (Index("token_draws_day", "day"),)


class Erasure(Base):
    """A receipt; without an account it is that of a deleted one."""

    __tablename__ = "erasures"
    ids: Mapped[bytes] = _id()
    account: Mapped[bytes | None] = mapped_column(LargeBinary, ForeignKey("accounts.id", ondelete="CASCADE"))
    n: Mapped[int] = mapped_column(BigInteger)
    receipt: Mapped[bytes]
    signature: Mapped[bytes]
    __table_args__ = (Index("erasures_account", "account", "n"),)


class Invitation(Base):
    """An invitation by the hash of its code."""

    __tablename__ = "invitations"
    hash: Mapped[bytes] = _id()
    uses: Mapped[int]
    last_day: Mapped[int]


class Payment(Base):
    """What was paid for by a voucher or an invoice, by the hash of its name; it outlives the account, to count once."""

    __tablename__ = "payments"
    mark: Mapped[bytes] = _id()
    account: Mapped[bytes | None] = mapped_column(LargeBinary, ForeignKey("accounts.id", ondelete="SET NULL"))
    kind: Mapped[str] = mapped_column(String(16))
    plan: Mapped[str] = mapped_column(String(64))
    days: Mapped[int]
    day: Mapped[int]
    last_day: Mapped[int]
    returned: Mapped[bool]
    __table_args__ = (Index("payments_account", "account"), Index("payments_last_day", "last_day"))


class Subscription(Base):
    """What an account began to pay for. `reference` is all that a payment provider is told of the account."""

    __tablename__ = "subscriptions"
    reference: Mapped[bytes] = _id()
    account: Mapped[bytes] = _of_account()
    plan: Mapped[str] = mapped_column(String(64))
    amount: Mapped[int]
    currency: Mapped[str] = mapped_column(String(3))
    state: Mapped[int]
    name: Mapped[str | None] = mapped_column(String(255))
    day: Mapped[int]
    __table_args__ = (Index("subscriptions_account", "account"),)


class PaymentEvent(Base):
    """An event of a payment provider that was heard, by the hash of its id."""

    __tablename__ = "payment_events"
    mark: Mapped[bytes] = _id()
    day: Mapped[int]
    __table_args__ = (Index("payment_events_day", "day"),)
