"""HPKE base mode (RFC 9180 key schedule) with X-Wing, HKDF-SHA256 and AES-256-GCM. Source: specs/ec1.md.

`cryptography` has single-shot HPKE only; EC1 needs the exporter, hence this key schedule. The suite is a value so that
the official vectors of other suites exercise the same lines.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM, ChaCha20Poly1305

from privity_protocol import kdf, labels, xwing
from privity_protocol.errors import NotAuthentic

Encapsulate = Callable[[bytes], tuple[bytes, bytes]]
"""Public key to (ciphertext, shared secret): randomness is the caller's, so that tests can repeat a known exchange."""

_BASE_MODE: Final = b"\x00"
Aead = AESGCM | ChaCha20Poly1305
"""A cipher of the suites: EC1 has the first, official vectors the second too."""


@dataclass(frozen=True)
class Suite:
    """Identifiers and sizes of one HPKE suite."""

    kem: int
    kdf: int
    aead: int
    hash_name: str
    hash_size: int
    key_size: int
    cipher: Callable[[bytes], Aead]
    nonce_size: int = 12

    @property
    def identifier(self) -> bytes:
        return b"HPKE" + b"".join(part.to_bytes(2, "big") for part in (self.kem, self.kdf, self.aead))

    def labeled_extract(self, salt: bytes, label: bytes, ikm: bytes) -> bytes:
        """LabeledExtract of RFC 9180 section 4."""
        return kdf.extract(salt, labels.HPKE_VERSION + self.identifier + label + ikm, self.hash_name)

    def labeled_expand(self, prk: bytes, label: bytes, info: bytes, length: int) -> bytes:
        """LabeledExpand of RFC 9180 section 4."""
        labeled = length.to_bytes(2, "big") + labels.HPKE_VERSION + self.identifier + label + info
        return kdf.expand(prk, labeled, length, self.hash_name)


EC1_SUITE: Final = Suite(0x647A, 0x0001, 0x0002, "sha256", 32, 32, AESGCM)


class Context:
    """An HPKE context of one direction: messages are sealed or opened in order, secrets are exported."""

    __slots__ = ("_base_nonce", "_cipher", "_exporter", "_sequence", "_suite")

    def __init__(self, suite: Suite, key: bytes, base_nonce: bytes, exporter: bytes) -> None:
        self._suite = suite
        self._cipher = suite.cipher(key)
        self._base_nonce = base_nonce
        self._exporter = exporter
        self._sequence = 0

    def seal(self, aad: bytes, plaintext: bytes) -> bytes:
        """Return the sealed message."""
        return self._cipher.encrypt(self._nonce(), plaintext, aad)

    def open(self, aad: bytes, ciphertext: bytes) -> bytes:
        """Return the message. Raises NotAuthentic."""
        try:
            return self._cipher.decrypt(self._nonce(), ciphertext, aad)
        except InvalidTag:
            raise NotAuthentic from None

    def export(self, context: bytes, length: int) -> bytes:
        """Return a secret of `length` bytes bound to `context`."""
        return self._suite.labeled_expand(self._exporter, b"sec", context, length)

    def _nonce(self) -> bytes:
        number = int.from_bytes(self._base_nonce, "big") ^ self._sequence
        self._sequence += 1
        return number.to_bytes(self._suite.nonce_size, "big")

    def __repr__(self) -> str:
        return "Context(<secret>)"


def schedule(
    suite: Suite, shared_secret: bytes, info: bytes, mode: bytes = _BASE_MODE, psk: bytes = b"", psk_id: bytes = b""
) -> tuple[bytes, bytes, bytes]:
    """Return key, base nonce and exporter secret (RFC 9180 section 5.1). EC1 uses base mode only."""
    psk_id_hash = suite.labeled_extract(b"", b"psk_id_hash", psk_id)
    context = mode + psk_id_hash + suite.labeled_extract(b"", b"info_hash", info)
    secret = suite.labeled_extract(shared_secret, b"secret", psk)
    sizes = ((b"key", suite.key_size), (b"base_nonce", suite.nonce_size), (b"exp", suite.hash_size))
    key, base_nonce, exporter = (suite.labeled_expand(secret, label, context, size) for label, size in sizes)
    return key, base_nonce, exporter


def setup_base_r(key: xwing.PrivateKey, enc: bytes, info: bytes) -> Context:
    """Return the receiver context of `enc`. Raises Malformed `size`; a forged `enc` shows when opening."""
    return Context(EC1_SUITE, *schedule(EC1_SUITE, key.decapsulate(enc), info))
