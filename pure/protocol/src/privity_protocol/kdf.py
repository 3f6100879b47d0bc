"""SHA-256 and HKDF as EC1 and HPKE use them. Source: RFC 5869; specs/ec1.md."""

import hashlib
import hmac
from typing import Final

SECRET: Final = 32
"""Bytes of every secret of EC1."""


def sha256(*parts: bytes | bytearray | memoryview) -> bytes:
    """Return the SHA-256 of the concatenated parts (32 bytes)."""
    state = hashlib.sha256()
    for part in parts:
        state.update(part)
    return state.digest()


def extract(salt: bytes, ikm: bytes | bytearray, hash_name: str = "sha256") -> bytes:
    """HKDF-Extract: a pseudorandom key of the hash's size."""
    return hmac.digest(salt, ikm, hash_name)


def expand(prk: bytes, info: bytes, length: int, hash_name: str = "sha256") -> bytes:
    """HKDF-Expand: `length` bytes, at most 255 times the hash's size (more is our own mistake)."""
    if not 0 <= length <= 255 * len(prk):
        raise AssertionError("HKDF-Expand output length")
    output = b""
    block = b""
    counter = 1
    while len(output) < length:
        block = hmac.digest(prk, block + info + bytes([counter]), hash_name)
        output += block
        counter += 1
    return output[:length]
