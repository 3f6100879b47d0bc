"""The local search index, sealed at rest in segments. Source: specs/search.md.

It is a copy of what the objects hold and never leaves the device: a segment that does not open is made anew.
"""

from typing import Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from privity_vault import labels
from privity_vault.errors import VaultError
from privity_vault.secret import AccountKey, Secret

MAX_NAME: Final = 64
NONCE: Final = 12


class SearchKey(Secret):
    """Seals the segments of one account's index on one device."""

    __slots__ = ()


def key_of(key: AccountKey, account: bytes) -> SearchKey:
    """The key of the index; after a rotation it is another one, and the index is made anew."""
    return SearchKey(key.derive(account, labels.INDEX))


def seal(key: SearchKey, name: str, data: bytes, nonce: bytes) -> bytes:
    """Return a segment, such as the words of one month. `nonce` is 12 random bytes, fresh at every writing.

    Raises VaultError `object.malformed` for a name that is empty or longer than 64 bytes.
    """
    return nonce + AESGCM(_key(key, name)).encrypt(nonce, data, None)


def open_segment(key: SearchKey, name: str, sealed: bytes) -> bytes:
    """Return what a segment of this name holds. Raises VaultError `object.malformed`, `object.damaged`."""
    if len(sealed) < NONCE + 16:
        raise VaultError("object.malformed", f"a segment of {len(sealed)} bytes")
    try:
        return AESGCM(_key(key, name)).decrypt(sealed[:NONCE], sealed[NONCE:], None)
    except InvalidTag:
        raise VaultError("object.damaged", "another key or segment, or changed") from None


def _key(key: SearchKey, name: str) -> bytes:
    encoded = name.encode("utf-8", "replace")
    if not 1 <= len(encoded) <= MAX_NAME:
        raise VaultError("object.malformed", "the name of a segment")
    return key.derive(encoded, labels.INDEX)
