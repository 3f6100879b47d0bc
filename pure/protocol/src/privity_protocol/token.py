"""A token as it travels and as it is checked: with public keys only. How a client draws one is `token_request`.

Source: specs/token.md; RFC 9577, RFC 9578 (type 2), RFC 9474.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256
from typing import Final, Self

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.padding import MGF1, PSS
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicNumbers
from cryptography.hazmat.primitives.hashes import SHA384

from privity_protocol.errors import Malformed, NotAuthentic

TYPE: Final = b"\x00\x02"
MODULUS: Final = 256  # bytes; also of a blinded message, a blinded signature and an authenticator
EXPONENT: Final = 65_537
SALT: Final = 48
NONCE: Final = 32
INPUT: Final = 98
TOKEN: Final = INPUT + MODULUS
REQUEST: Final = 3 + MODULUS
MAX_NAME: Final = 255
_SHA384: Final = "0609608648016503040202"
_PARAMETERS: Final = f"3030a00d300b{_SHA384}a11a301806092a864886f70d010108300b{_SHA384}a203020130"
_BEFORE: Final = bytes.fromhex(f"30820152303d06092a864886f70d01010a{_PARAMETERS}0382010f003082010a0282010100")
_AFTER: Final = bytes.fromhex("0203010001")
SPKI: Final = len(_BEFORE) + MODULUS + len(_AFTER)
_NULLIFIER: Final = b"ec1 token v1\0"
_MARK: Final = b"ec1 token request v1\0"


@dataclass(frozen=True, slots=True)
class PublicKey:
    """An issuer's key of one plan and day: modulus, exact bytes, and the 32-byte id by which tokens name it."""

    n: int
    spki: bytes
    key_id: bytes

    @classmethod
    def of(cls, n: int) -> Self:
        """The key with modulus `n`. Raises Malformed `key` unless it is odd and has 2,048 bits."""
        if n.bit_length() != 8 * MODULUS or not n & 1:
            raise Malformed("key", "the modulus is no odd number of 2,048 bits")
        spki = _BEFORE + n.to_bytes(MODULUS) + _AFTER
        return cls(n, spki, sha256(spki).digest())

    @classmethod
    def decode(cls, spki: bytes) -> Self:
        """The key in a SubjectPublicKeyInfo. Raises Malformed `key`: there is one spelling."""
        if len(spki) != SPKI or not spki.startswith(_BEFORE) or not spki.endswith(_AFTER):
            raise Malformed("key", "not the SubjectPublicKeyInfo of an issuer")
        return cls.of(int.from_bytes(spki[len(_BEFORE) : -len(_AFTER)]))


@dataclass(frozen=True, slots=True)
class Token:
    """A token that was read and not verified."""

    nonce: bytes
    challenge: bytes
    """SHA-256 of the challenge."""
    key_id: bytes
    authenticator: bytes

    @property
    def signed(self) -> bytes:
        """The 98 bytes that the issuer signed without seeing them."""
        return TYPE + self.nonce + self.challenge + self.key_id

    def encode(self) -> bytes:
        """The 354 bytes of it."""
        return self.signed + self.authenticator


def challenge(issuer: str, origin: str, context: bytes = b"") -> bytes:
    """The challenge that tokens of this deployment answer. Raises Malformed `member_value`."""
    if len(context) not in (0, 32) or not issuer:
        raise Malformed("member_value", "a challenge's context has 0 or 32 bytes, and its issuer a name")
    return TYPE + _name(issuer) + bytes([len(context)]) + context + _name(origin)


def _name(text: str) -> bytes:
    if len(text) > MAX_NAME or any(not "!" <= one <= "~" for one in text):
        raise Malformed("member_value", "a host in a challenge")
    return len(text).to_bytes(2) + text.encode("ascii")


def decode(data: bytes) -> Token:
    """Read a token. Raises Malformed `size`, `header`."""
    if len(data) != TOKEN:
        raise Malformed("size", f"a token has {TOKEN} bytes")
    if data[:2] != TYPE:
        raise Malformed("header", "another type of token")
    return Token(data[2:34], data[34:66], data[66:98], data[98:])


def decode_request(data: bytes, key: PublicKey) -> bytes:
    """The blinded message in a request. Raises Malformed `size`, `header`, `unknown_key`."""
    if len(data) != REQUEST:
        raise Malformed("size", f"a token request has {REQUEST} bytes")
    if data[:2] != TYPE:
        raise Malformed("header", "another type of token")
    if data[2] != key.key_id[-1]:
        raise Malformed("unknown_key", "a request for another key")
    return data[3:]


def check(token: Token, key: PublicKey) -> None:
    """Whether `key` signed the token. Raises NotAuthentic."""
    try:
        public = RSAPublicNumbers(EXPONENT, key.n).public_key()
        public.verify(token.authenticator, token.signed, PSS(MGF1(SHA384()), SALT), SHA384())
    except (InvalidSignature, ValueError) as error:
        raise NotAuthentic from error


def verify(data: bytes, keys: Mapping[bytes, PublicKey], *, challenge_digest: bytes) -> Token:
    """The token in `data`, signed by one of `keys` (by key id) for the challenge with this SHA-256.

    Raises Malformed `size`, `header`, `unknown_key`, `member_value`, and NotAuthentic. That it was spent before, or
    that its day is over, is the ledger's to say.
    """
    token = decode(data)
    key = keys.get(token.key_id)
    if key is None:
        raise Malformed("unknown_key", "no issuer key of this token is at hand")
    if token.challenge != challenge_digest:
        raise Malformed("member_value", "a token for another challenge")
    check(token, key)
    return token


def nullifier(token: Token) -> bytes:
    """The 16 bytes by which the ledger knows a token, and which no issuer has seen."""
    return sha256(_NULLIFIER + token.key_id + token.nonce).digest()[:16]


def request_mark(nullifier: bytes, rid: bytes) -> bytes:
    """The 16 bytes that tell the ledger that a token comes with the same request again."""
    return sha256(_MARK + nullifier + rid).digest()[:16]
