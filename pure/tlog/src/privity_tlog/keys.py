"""Verifier keys of signed notes (`vkey`), their ids, and the two algorithms that logs and witnesses use here.

Sources: C2SP signed-note (types 0x01), tlog-cosignature (types 0x04 Ed25519, 0x06 ML-DSA-44).
"""

import unicodedata
from dataclasses import dataclass
from hashlib import sha256
from typing import Final

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.mldsa import MLDSA44PublicKey

from privity_tlog.errors import TlogError
from privity_tlog.limits import MAX_NAME
from privity_tlog.spelling import from_base64, to_base64

NOTE_ED25519: Final = 0x01
COSIGNATURE_ED25519: Final = 0x04
COSIGNATURE_MLDSA44: Final = 0x06
KEY_BYTES: Final = {NOTE_ED25519: 32, COSIGNATURE_ED25519: 32, COSIGNATURE_MLDSA44: 1312}
SIGNATURE_BYTES: Final = {NOTE_ED25519: 64, COSIGNATURE_ED25519: 64, COSIGNATURE_MLDSA44: 2420}
ID: Final = 4  # bytes
_UNNAMEABLE: Final = frozenset({"Cc", "Cs", "Zs", "Zl", "Zp"})


@dataclass(frozen=True, slots=True)
class Key:
    """A verifier key: `name`, signature `type` of the registry, raw `public` key."""

    name: str
    type: int
    public: bytes

    @property
    def id(self) -> bytes:
        """Return the four bytes that stand before each of its signatures."""
        return sha256(self.name.encode() + b"\n" + bytes([self.type]) + self.public).digest()[:ID]

    def verify(self, message: bytes, signature: bytes) -> bool:
        """Return whether `signature` is this key's over `message`: the caller decides what a failure means."""
        try:
            if self.type == COSIGNATURE_MLDSA44:
                MLDSA44PublicKey.from_public_bytes(self.public).verify(signature, message)
            else:
                Ed25519PublicKey.from_public_bytes(self.public).verify(signature, message)
        except (InvalidSignature, UnsupportedAlgorithm, ValueError):
            return False
        return True


def is_name(text: str) -> bool:
    """Return whether `text` may name a key: not empty, no space of Unicode, no plus, no control character."""
    size = len(text.encode("utf-8", "surrogatepass"))
    return 0 < size <= MAX_NAME and not any(one == "+" or unicodedata.category(one) in _UNNAMEABLE for one in text)


def decode(text: str) -> Key:
    """Return the key of a `vkey` line: name, id in hexadecimal, base64 of type and key, joined by plus.

    Raises TlogError `key_malformed`.
    """
    name, _, rest = text.partition("+")
    data = from_base64(rest.partition("+")[2], "key_malformed")
    if not is_name(name) or not data or KEY_BYTES.get(data[0]) != len(data) - 1:
        raise TlogError("key_malformed", "name, type or length")
    key = Key(name, data[0], data[1:])
    if encode(key) != text:
        raise TlogError("key_malformed", "id")
    return key


def encode(key: Key) -> str:
    """Return the `vkey` of a key."""
    return f"{key.name}+{key.id.hex()}+{to_base64(bytes([key.type]) + key.public)}"
