"""X-Wing (MLKEM768-X25519, HPKE KEM 0x647a): secure while either half holds.

Source: draft-connolly-cfrg-xwing-kem; specs/ec1.md. Public key 1216 bytes, ciphertext 1120, secret 32.
Key generation and encapsulation take their randomness from `cryptography`, which offers no other way.
"""

import hashlib
from typing import Final

from cryptography.hazmat.primitives.asymmetric.mlkem import MLKEM768PrivateKey, MLKEM768PublicKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey

from privity_protocol import labels
from privity_protocol.errors import Malformed

PUBLIC_KEY: Final = 1216
CIPHERTEXT: Final = 1120
_MLKEM_PUBLIC: Final = 1184
_MLKEM_CIPHERTEXT: Final = 1088


class PrivateKey:
    """A decapsulation key. The halves stay OpenSSL objects, which are cleansed when freed."""

    __slots__ = ("_mlkem", "_x25519", "_x25519_public", "public_key")

    def __init__(self, mlkem: MLKEM768PrivateKey, x25519: X25519PrivateKey) -> None:
        self._mlkem = mlkem
        self._x25519 = x25519
        self._x25519_public = x25519.public_key().public_bytes_raw()
        self.public_key: Final[bytes] = mlkem.public_key().public_bytes_raw() + self._x25519_public

    def decapsulate(self, ciphertext: bytes) -> bytes:
        """Return the shared secret, 32 bytes; of a forged ciphertext, an unrelated one. Raises Malformed `size`."""
        if len(ciphertext) != CIPHERTEXT:
            raise Malformed("size", f"X-Wing ciphertext: {len(ciphertext)} bytes, expected {CIPHERTEXT}")
        ephemeral = ciphertext[_MLKEM_CIPHERTEXT:]
        lattice = self._mlkem.decapsulate(ciphertext[:_MLKEM_CIPHERTEXT])
        return _combine(lattice, _agree(self._x25519, ephemeral), ephemeral, self._x25519_public)

    def __repr__(self) -> str:
        return "PrivateKey(<secret>)"

    def __reduce__(self) -> str:
        raise TypeError("a private key is not serialised")


def generate() -> PrivateKey:
    """Return a new key pair."""
    return PrivateKey(MLKEM768PrivateKey.generate(), X25519PrivateKey.generate())


def encapsulate(public_key: bytes) -> tuple[bytes, bytes]:
    """Return (ciphertext, shared secret) for a public key. Raises Malformed `size` or `key` (not an ML-KEM key)."""
    if len(public_key) != PUBLIC_KEY:
        raise Malformed("size", f"X-Wing public key: {len(public_key)} bytes, expected {PUBLIC_KEY}")
    try:
        lattice_key = MLKEM768PublicKey.from_public_bytes(public_key[:_MLKEM_PUBLIC])
    except ValueError as error:
        raise Malformed("key", "coefficients of the ML-KEM-768 public key are not reduced") from error
    lattice, lattice_ciphertext = lattice_key.encapsulate()
    recipient = public_key[_MLKEM_PUBLIC:]
    ephemeral = X25519PrivateKey.generate()
    ephemeral_public = ephemeral.public_key().public_bytes_raw()
    secret = _combine(lattice, _agree(ephemeral, recipient), ephemeral_public, recipient)
    return lattice_ciphertext + ephemeral_public, secret


def _agree(private: X25519PrivateKey, public: bytes) -> bytes:
    # X-Wing does not reject points of small order: X25519 is then zero, and ML-KEM and the hashed public values carry
    # the security. The library raises there; an exception would let a stranger tell keys and languages apart.
    try:
        return private.exchange(X25519PublicKey.from_public_bytes(public))
    except ValueError:
        return bytes(32)


def _combine(lattice: bytes, curve: bytes, curve_ciphertext: bytes, curve_public: bytes) -> bytes:
    return hashlib.sha3_256(lattice + curve + curve_ciphertext + curve_public + labels.XWING).digest()
