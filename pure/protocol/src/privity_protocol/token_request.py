"""How a client draws a token: blinds, asks, and turns the answer into what it can spend. Nodes do not load this.

Source: specs/token.md; RFC 9474 sections 4.1, 4.2 and 4.4 (RSABSSA-SHA384-PSS-Deterministic), RFC 8017 section 9.1.1.
"""

from collections.abc import Callable
from dataclasses import dataclass
from hashlib import sha256, sha384
from math import gcd
from typing import Final

from privity_protocol.errors import Malformed, NotAuthentic
from privity_protocol.token import EXPONENT, MODULUS, NONCE, SALT, TYPE, PublicKey, Token, check

Entropy = Callable[[int], bytes]
"""Number of bytes to that many random bytes."""
_HASH: Final = 48
_DRAWS: Final = 128


@dataclass(frozen=True, slots=True)
class Pending:
    """What the device keeps until the answer comes: without it the answer is worth nothing."""

    key: PublicKey
    unsigned: Token
    inverse: int

    def __repr__(self) -> str:
        return "Pending(secret)"

    def finish(self, blinded_signature: bytes) -> Token:
        """The token. Raises Malformed `size`, and NotAuthentic unless the key from the log signed."""
        if len(blinded_signature) != MODULUS:
            raise Malformed("size", f"a blinded signature has {MODULUS} bytes")
        n = self.key.n
        signature = int.from_bytes(blinded_signature)
        if signature >= n:
            raise NotAuthentic
        authenticator = (signature * self.inverse % n).to_bytes(MODULUS)
        made = Token(self.unsigned.nonce, self.unsigned.challenge, self.unsigned.key_id, authenticator)
        check(made, self.key)
        return made


def begin(key: PublicKey, challenge: bytes, entropy: Entropy) -> tuple[Pending, bytes]:
    """What to keep, and the 259 bytes to send. Raises Malformed `key`."""
    unsigned = Token(entropy(NONCE), sha256(challenge).digest(), key.key_id, b"")
    encoded = emsa_pss(unsigned.signed, entropy(SALT))
    inverse, blinded = blind(key.n, encoded, entropy)
    return Pending(key, unsigned, inverse), TYPE + key.key_id[-1:] + blinded


def blind(n: int, encoded: bytes, entropy: Entropy) -> tuple[int, bytes]:
    """The inverse of the blinding factor, and the blinded message. Raises Malformed `key`."""
    size, message = len(encoded), int.from_bytes(encoded)
    if gcd(message, n) != 1:
        raise Malformed("key", "the modulus shares a factor with the message")
    for _ in range(_DRAWS):
        r = int.from_bytes(entropy(size))
        if 0 < r < n:
            break
    else:
        raise Malformed("key", "no blinding factor below the modulus")
    try:
        inverse = pow(r, -1, n)
    except ValueError as error:
        raise Malformed("key", "the modulus shares a factor with the blinding factor") from error
    return inverse, (message * pow(r, EXPONENT, n) % n).to_bytes(size)


def emsa_pss(message: bytes, salt: bytes, size: int = MODULUS) -> bytes:
    """EMSA-PSS-ENCODE with SHA-384 for a modulus of `size` whole bytes."""
    hashed = sha384(bytes(8) + sha384(message).digest() + salt).digest()
    block = bytes(size - len(salt) - _HASH - 2) + b"\x01" + salt
    mask = _mgf1(hashed, len(block))
    masked = bytearray(one ^ other for one, other in zip(block, mask, strict=True))
    masked[0] &= 0x7F
    return bytes(masked) + hashed + b"\xbc"


def _mgf1(seed: bytes, size: int) -> bytes:
    blocks = -(-size // _HASH)
    return b"".join(sha384(seed + number.to_bytes(4)).digest() for number in range(blocks))[:size]
