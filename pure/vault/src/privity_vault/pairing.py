"""Linking a device: a card, an answer, a reveal, six digits, a grant. Source: specs/pairing.md.

Each state is a type, and a step hands out the next one. The new device: `Offered`, `Answered`, then a `Grant`. The
existing one: `Scanned`, `Replied`, `Comparing`, `Confirmed`. Only `Confirmed` can give anything away.
"""

import hmac
import re
from dataclasses import dataclass
from hashlib import sha256
from typing import Final

from privity_protocol import hpke, hpke_sender, xwing, xwing_seed
from privity_protocol.canonical import base64url_decode, base64url_encode
from privity_protocol.errors import Malformed, NotAuthentic
from privity_protocol.hpke import Encapsulate
from privity_protocol.stored import members as m

from privity_vault import labels
from privity_vault.errors import VaultError, reading
from privity_vault.recovery import ALPHABET, CHECK, FORGIVEN, GROUP, MAX_TYPED
from privity_vault.secret import AccountKey, Secret

LIFETIME_S: Final = 600
CLOCKS_S: Final = 60
"""Seconds by which the clocks of two devices of one person may differ."""
MAX_STEP: Final = 4096
MAX_LINK: Final = 1024
MAX_ORIGIN: Final = 255
CODES: Final = 3
DIGITS: Final = 6
CHANNEL: Final = 16
_CODE_LETTERS: Final = 26
"""Letters of five bits that hold a channel."""
_ORIGIN: Final = re.compile(r"https://[a-z0-9.-]+(:[0-9]{1,5})?|http://localhost(:[0-9]{1,5})?")


class LinkSecret(Secret):
    """Part of the link that is scanned; the service never sees it."""

    SIZE = 16
    __slots__ = ()


@dataclass(frozen=True, slots=True)
class Link:
    """What a scanned link says: where, which card, and the secret."""

    origin: str
    channel: bytes
    card: bytes
    secret: LinkSecret


@dataclass(frozen=True, slots=True)
class Card:
    """What the new device posts: X-Wing key, Ed25519 key, commitment to its nonce, and when it ends (Unix seconds)."""

    link_key: bytes
    device_key: bytes
    commitment: bytes
    expiry: int


@dataclass(frozen=True, slots=True)
class Answer:
    """What the existing device posts."""

    nonce: bytes
    account: bytes
    device_key: bytes


@dataclass(frozen=True, slots=True)
class Grant:
    """All that a new device needs: the account key, and what it must find at the service."""

    key: AccountKey
    account: bytes
    keyring: bytes
    head: bytes
    n: int
    origin: str


@dataclass(frozen=True, slots=True)
class Offered:
    """New device: the card is posted. `secret` is None when a channel code is typed instead of a link scanned."""

    card: bytes
    private: xwing.PrivateKey
    nonce: Secret
    secret: LinkSecret | None

    def answered(self, answer: bytes) -> "Answered":
        """Take the existing device's answer. Raises VaultError `pairing.malformed`."""
        read = decode_answer(answer)
        return Answered(self, read, answer, code(self.card, answer, self.nonce.reveal(), read.nonce))


@dataclass(frozen=True, slots=True)
class Answered:
    """New device: it shows `code`, and posts `reveal`."""

    offered: Offered
    answer: Answer
    raw: bytes
    code: str

    @property
    def reveal(self) -> bytes:
        """What was committed to."""
        return self.offered.nonce.reveal()

    def granted(self, sealed: bytes, *, origin: str) -> Grant:
        """Open what the existing device gave. Raises VaultError `pairing.malformed`, `pairing.foreign`."""
        offered = self.offered
        if len(sealed) > MAX_STEP or len(sealed) < xwing.CIPHERTEXT + 16:
            raise VaultError("pairing.malformed", f"a grant of {len(sealed)} bytes")
        info = _grant_info(offered.card, self.raw, self.reveal, offered.secret)
        context = hpke.setup_base_r(offered.private, sealed[: xwing.CIPHERTEXT], info)
        try:
            content = context.open(b"", sealed[xwing.CIPHERTEXT :])
        except NotAuthentic:
            raise VaultError("pairing.foreign", "not sealed for this exchange") from None
        grant = _decode_grant(content)
        if (grant.account, grant.origin) != (self.answer.account, origin):
            raise VaultError("pairing.foreign", "another account, or another service")
        return grant


@dataclass(frozen=True, slots=True)
class Scanned:
    """Existing device: the card is the one of the link, if there was one."""

    card: Card
    raw: bytes
    secret: LinkSecret | None

    def answer(self, *, nonce: bytes, account: bytes, device_key: bytes) -> "Replied":
        """Answer with 32 random bytes. Raises VaultError `pairing.malformed`."""
        answer = encode_answer(Answer(nonce, account, device_key))
        return Replied(self, answer, nonce)


@dataclass(frozen=True, slots=True)
class Replied:
    """Existing device: `raw` is posted, the new device's nonce is not known yet."""

    scanned: Scanned
    raw: bytes
    nonce: bytes

    def revealed(self, reveal: bytes, *, now: int) -> "Comparing":
        """Take the new device's nonce. Raises VaultError `pairing.expired`, `pairing.commitment`."""
        _check_expiry(self.scanned.card, now)
        if not hmac.compare_digest(commitment(reveal), self.scanned.card.commitment):
            raise VaultError("pairing.commitment", "not the nonce that the card commits to")
        return Comparing(self, reveal, CODES)


@dataclass(frozen=True, slots=True)
class Comparing:
    """Existing device: waits for the digits that the person reads from the new one."""

    replied: Replied
    reveal: bytes
    left: int

    def typed(self, digits: str, *, now: int) -> "Confirmed | Comparing":
        """Return `Confirmed`, or the same question with one try less.

        Raises VaultError: `pairing.expired`, `pairing.burnt` with the third wrong code.
        """
        scanned = self.replied.scanned
        _check_expiry(scanned.card, now)
        due = code(scanned.raw, self.replied.raw, self.reveal, self.replied.nonce)
        if hmac.compare_digest(due.encode(), "".join(digits.split()).encode("utf-8", "replace")):
            return Confirmed(self.replied, self.reveal)
        if self.left <= 1:
            raise VaultError("pairing.burnt", f"{CODES} wrong codes")
        return Comparing(self.replied, self.reveal, self.left - 1)


@dataclass(frozen=True, slots=True)
class Confirmed:
    """Existing device: a person compared the digits; `card.device_key` may enter the keyring."""

    replied: Replied
    reveal: bytes

    @property
    def card(self) -> Card:
        """The card of the new device."""
        return self.replied.scanned.card

    def grant(self, given: Grant, *, now: int, encapsulate: Encapsulate) -> bytes:
        """Seal the account key to the new device. Raises VaultError `pairing.expired`, `pairing.malformed`."""
        _check_expiry(self.card, now)
        scanned = self.replied.scanned
        info = _grant_info(scanned.raw, self.replied.raw, self.reveal, scanned.secret)
        content = m.encode([1, given.key.reveal(), given.account, given.keyring, given.head, given.n, given.origin])
        _decode_grant(content)
        with reading("pairing.malformed"):
            enc, context = hpke_sender.setup_base_s(self.card.link_key, info, encapsulate=encapsulate)
        return enc + context.seal(b"", content)


def offer(*, link_seed: bytes, device_key: bytes, nonce: bytes, secret: LinkSecret | None, now: int) -> Offered:
    """Begin on the new device: two times 32 random bytes, and the public half of its device key.

    Raises VaultError `pairing.malformed`.
    """
    with reading("pairing.malformed"):
        private = xwing_seed.from_seed(link_seed)
    card = encode_card(Card(private.public_key, device_key, commitment(nonce), now + LIFETIME_S))
    return Offered(card, private, Secret(nonce), secret)


def scanned(raw: bytes, link: Link | None, *, now: int) -> Scanned:
    """Begin on the existing device, with the card that the service delivered.

    Raises VaultError: `pairing.card_changed`, `pairing.malformed`, `pairing.expired`.
    """
    if link is not None and not hmac.compare_digest(sha256(raw).digest(), link.card):
        raise VaultError("pairing.card_changed", "not the card that the new device shows")
    card = decode_card(raw)
    _check_expiry(card, now)
    return Scanned(card, raw, None if link is None else link.secret)


def commitment(nonce: bytes) -> bytes:
    """What the card says of the nonce that is revealed later."""
    return sha256(labels.PAIR_COMMIT + nonce).digest()


def code(card: bytes, answer: bytes, new_nonce: bytes, old_nonce: bytes) -> str:
    """The six digits that both devices compute."""
    parts = labels.PAIR_CODE, sha256(card).digest(), answer, new_nonce, old_nonce
    return str(int.from_bytes(sha256(b"".join(parts)).digest()) % 10**DIGITS).zfill(DIGITS)


def write_link(origin: str, channel: bytes, card: bytes, secret: LinkSecret) -> str:
    """The link that is shown, also as QR."""
    parts = channel, sha256(card).digest(), secret.reveal()
    return f"{origin}/link#1." + ".".join(base64url_encode(part) for part in parts)


def read_link(text: str) -> Link:
    """Read a scanned link. Raises VaultError `pairing.malformed`."""
    origin, separator, fragment = text[: MAX_LINK + 1].partition("/link#1.")
    parts = fragment.split(".")
    if len(text) > MAX_LINK or not separator or not _ORIGIN.fullmatch(origin) or len(parts) != 3:
        raise VaultError("pairing.malformed", "not a link of this version")
    channel, card, secret = (base64url_decode(part) or b"" for part in parts)
    if (len(channel), len(card), len(secret)) != (CHANNEL, 32, LinkSecret.SIZE):
        raise VaultError("pairing.malformed", "a part of another length")
    return Link(origin, channel, card, LinkSecret(secret))


def write_code(channel: bytes) -> str:
    """A channel as letters to be typed where nothing can be scanned, in groups of four; the last two check the others.

    It holds no secret and no hash of the card: only the six digits protect what is linked with it.
    """
    value = int.from_bytes(channel)
    letters = "".join(ALPHABET[value >> 5 * (_CODE_LETTERS - 1 - at) & 31] for at in range(_CODE_LETTERS))
    whole = letters + _code_check(channel)
    return "-".join(whole[at : at + GROUP] for at in range(0, len(whole), GROUP))


def read_code(typed: str) -> bytes:
    """The channel of a code; case, spaces, hyphens and I, L, O are forgiven. Raises VaultError `pairing.malformed`."""
    if len(typed) > MAX_TYPED or not typed.isascii():
        raise VaultError("pairing.malformed", "too long, or a letter that no code has")
    plain = "".join(typed.replace("-", "").split()).upper().translate(FORGIVEN)
    if len(plain) != _CODE_LETTERS + CHECK or any(letter not in ALPHABET for letter in plain):
        raise VaultError("pairing.malformed", "not a code")
    value = 0
    for letter in plain[:_CODE_LETTERS]:
        value = value << 5 | ALPHABET.index(letter)
    if value >> 8 * CHANNEL:
        raise VaultError("pairing.malformed", "more bits than a channel has")
    channel = value.to_bytes(CHANNEL)
    if _code_check(channel) != plain[_CODE_LETTERS:]:
        raise VaultError("pairing.malformed", "the last two letters do not fit the others")
    return channel


def _code_check(channel: bytes) -> str:
    bits = int.from_bytes(sha256(channel).digest()[:2]) >> 6
    return ALPHABET[bits >> 5] + ALPHABET[bits & 31]


def _check_expiry(card: Card, now: int) -> None:
    if now >= card.expiry:
        raise VaultError("pairing.expired", f"{now - card.expiry} seconds ago")
    if card.expiry > now + LIFETIME_S + CLOCKS_S:
        raise VaultError("pairing.expired", "a card that lives longer than ten minutes")


def _grant_info(card: bytes, answer: bytes, reveal: bytes, secret: LinkSecret | None) -> bytes:
    steps = sha256(card).digest() + sha256(answer).digest() + sha256(reveal).digest()
    return labels.PAIR_GRANT + sha256(steps + (b"" if secret is None else secret.reveal())).digest()


def decode_card(data: bytes) -> Card:
    """Read a card. Raises VaultError `pairing.malformed`."""
    with reading("pairing.malformed"):
        version, link_key, device_key, committed, expiry = m.decode(data, 5, MAX_STEP)
        m.version(version)
        return Card(
            m.octets(link_key, "link key", xwing.PUBLIC_KEY),
            m.octets(device_key, "device key", 32),
            m.octets(committed, "commitment", 32),
            m.number(expiry, "expiry", 0, m.COUNT),
        )


def encode_card(card: Card) -> bytes:
    """Return the bytes of a card. Raises VaultError `pairing.malformed`."""
    data = m.encode([1, card.link_key, card.device_key, card.commitment, card.expiry])
    decode_card(data)
    return data


def decode_answer(data: bytes) -> Answer:
    """Read an answer. Raises VaultError `pairing.malformed`."""
    with reading("pairing.malformed"):
        version, nonce, account, device_key = m.decode(data, 4, MAX_STEP)
        m.version(version)
        return Answer(
            m.octets(nonce, "nonce", 32), m.octets(account, "account", 16), m.octets(device_key, "device key", 32)
        )


def encode_answer(answer: Answer) -> bytes:
    """Return the bytes of an answer. Raises VaultError `pairing.malformed`."""
    data = m.encode([1, answer.nonce, answer.account, answer.device_key])
    decode_answer(data)
    return data


def _decode_grant(data: bytes) -> Grant:
    with reading("pairing.malformed"):
        version, key, account, keyring, head, n, origin = m.decode(data, 7, MAX_STEP)
        m.version(version)
        place = m.text(origin, "origin", MAX_ORIGIN)
        if not _ORIGIN.fullmatch(place):
            raise Malformed("member_value", "origin")
        return Grant(
            AccountKey(m.octets(key, "account key", 32)),
            m.octets(account, "account", 16),
            m.octets(keyring, "keyring", 32),
            m.octets(head, "head", 32),
            m.number(n, "n", 0, m.COUNT),
            place,
        )
