"""HPKE base mode (RFC 9180) with DHKEM(X25519, HKDF-SHA256) and HKDF-SHA256, as far as Oblivious HTTP needs it.

The channel's HPKE (`privity_protocol.hpke`) is for another KEM, and in a blind service it would be a module that can
open the channel. A test holds the two key schedules to each other.
"""

import hmac
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM, ChaCha20Poly1305

from privity_protocol.errors import Malformed, NotAuthentic
from privity_protocol.ohttp.forms import PUBLIC

KEM: Final = 0x0020
KDF: Final = 0x0001
NONCE: Final = 12
_VERSION: Final = b"HPKE-v1"
_KEM_SUITE: Final = b"KEM" + KEM.to_bytes(2, "big")


@dataclass(frozen=True)
class Aead:
    """One of the two AEADs: its number, bytes of its key, and the cipher."""

    number: int
    key: int
    cipher: Callable[[bytes], AESGCM | ChaCha20Poly1305]


AEADS: Final = {
    0x0001: Aead(0x0001, 16, AESGCM),
    0x0003: Aead(0x0003, 32, ChaCha20Poly1305),
}
"""AES-128-GCM, which every gateway has, and ChaCha20-Poly1305."""


def extract(salt: bytes, ikm: bytes) -> bytes:
    """HKDF-Extract with SHA-256."""
    return hmac.digest(salt, ikm, "sha256")


def expand(prk: bytes, info: bytes, length: int) -> bytes:
    """HKDF-Expand with SHA-256."""
    output, block = b"", b""
    for counter in range(1, -(-length // 32) + 1):
        block = hmac.digest(prk, block + info + bytes([counter]), "sha256")
        output += block
    return output[:length]


class Context:
    """What both ends of one encapsulation share: messages in order, and exported secrets."""

    __slots__ = ("_cipher", "_exporter", "_nonce", "_sequence", "aead")

    def __init__(self, aead: Aead, shared: bytes, info: bytes) -> None:
        self.aead = aead
        suite = b"HPKE" + b"".join(part.to_bytes(2, "big") for part in (KEM, KDF, aead.number))
        context = b"\x00" + _extract(suite, b"", b"psk_id_hash", b"") + _extract(suite, b"", b"info_hash", info)
        secret = _extract(suite, shared, b"secret", b"")
        self._cipher = aead.cipher(_expand(suite, secret, b"key", context, aead.key))
        self._nonce = int.from_bytes(_expand(suite, secret, b"base_nonce", context, NONCE), "big")
        exporter = _expand(suite, secret, b"exp", context, 32)
        self._exporter: Callable[[bytes, int], bytes] = lambda what, size: _expand(suite, exporter, b"sec", what, size)
        self._sequence = 0

    def seal(self, plaintext: bytes, aad: bytes = b"") -> bytes:
        """Return the next message, sealed."""
        return self._cipher.encrypt(self._next(), plaintext, aad)

    def open(self, ciphertext: bytes, aad: bytes = b"") -> bytes:
        """Return the next message. Raises NotAuthentic."""
        try:
            return self._cipher.decrypt(self._next(), ciphertext, aad)
        except InvalidTag:
            raise NotAuthentic from None

    def export(self, what: bytes, size: int) -> bytes:
        """Return a secret of `size` bytes."""
        return self._exporter(what, size)

    def _next(self) -> bytes:
        number = self._nonce ^ self._sequence
        self._sequence += 1
        return number.to_bytes(NONCE, "big")

    def __repr__(self) -> str:
        return "Context(<secret>)"


def sender(public: bytes, ephemeral: X25519PrivateKey, aead: Aead, info: bytes) -> tuple[bytes, Context]:
    """Return what encapsulates the secret, and the sender's context. Raises Malformed `size`, `key`."""
    enc = ephemeral.public_key().public_bytes_raw()
    return enc, Context(aead, _shared(ephemeral, public, enc, public), info)


def receiver(key: X25519PrivateKey, enc: bytes, aead: Aead, info: bytes) -> Context:
    """Return the receiver's context. Raises Malformed `size`, `key`."""
    return Context(aead, _shared(key, enc, enc, key.public_key().public_bytes_raw()), info)


def _shared(key: X25519PrivateKey, public: bytes, enc: bytes, receiver_public: bytes) -> bytes:
    if len(public) != PUBLIC:
        raise Malformed("size", f"X25519 public key: {len(public)} bytes")
    try:
        secret = key.exchange(X25519PublicKey.from_public_bytes(public))
    except ValueError as error:
        raise Malformed("key", "an X25519 key of small order") from error
    prk = _extract(_KEM_SUITE, b"", b"eae_prk", secret)
    return _expand(_KEM_SUITE, prk, b"shared_secret", enc + receiver_public, 32)


def _extract(suite: bytes, salt: bytes, label: bytes, ikm: bytes) -> bytes:
    return extract(salt, _VERSION + suite + label + ikm)


def _expand(suite: bytes, prk: bytes, label: bytes, info: bytes, length: int) -> bytes:
    return expand(prk, length.to_bytes(2, "big") + _VERSION + suite + label + info, length)
