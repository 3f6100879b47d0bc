"""Sealed objects: one record, one key, one place. Source: specs/object.md.

Identity, version and generation are authenticated, so that the service can swap nothing; the commitment is compared
first, so that one ciphertext opens under one key only.
"""

import hmac
from collections.abc import Callable
from dataclasses import dataclass
from hashlib import sha256
from typing import Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from privity_protocol import cbor
from privity_protocol.cbor import Value
from privity_protocol.errors import Malformed
from privity_protocol.padding import padme
from privity_protocol.stored import header
from privity_protocol.stored.header import HEADER, MAX_FRAME, Header
from privity_protocol.stored.members import U32

from privity_vault import labels
from privity_vault.errors import VaultError, reading
from privity_vault.secret import Secret

PREFIX: Final = 5
"""Bytes of kind and length in a frame."""
LEAST_FRAME: Final = 4096
LEAST_SMALL: Final = 512
NONCE: Final = 12
MAX_ITEMS: Final = 65536
"""Data items of one content: a wallet of 3,000 tokens takes 10,000."""


@dataclass(frozen=True, slots=True)
class Family:
    """What kind of thing is sealed: its label, and how its frames are padded."""

    label: bytes
    padded: Callable[[int], int]


@dataclass(frozen=True, slots=True)
class Place:
    """Where a body belongs: `version` rises by one with every writing of `object`."""

    account: bytes
    box: bytes
    object: bytes
    version: int


def _large(size: int) -> int:
    return max(LEAST_FRAME, padme(size))


def _doubled(size: int) -> int:
    return max(LEAST_SMALL, 1 << (size - 1).bit_length())


OBJECT: Final = Family(labels.OBJECT, _large)
BOX: Final = Family(labels.BOX, _doubled)
KEYRING: Final = Family(labels.KEYRING, _doubled)
SHARE: Final = Family(labels.SHARE, _large)


def seal(
    content: Value, *, family: Family = OBJECT, kind: int, place: Place, key: Secret, generation: int, nonce: bytes
) -> bytes:
    """Return the body. `nonce` is 12 random bytes. Raises VaultError `object.malformed`, `object.too_large`."""
    if len(nonce) != NONCE or not 0 <= kind <= 255:
        raise VaultError("object.malformed", "nonce or kind")
    frame = _frame(kind, _encoded(content), family)
    aad = associated(family, place, generation)
    commit = _commit(family, place, key, aad, nonce)
    sealed = AESGCM(_key(family, place, key)).encrypt(nonce, frame, aad)
    return Header(generation, nonce, commit).encode() + sealed


def open_body(body: bytes, *, family: Family = OBJECT, kind: int, place: Place, key: Secret, generation: int) -> Value:
    """Return the content of a body that must be of this kind, at this place, under this key.

    Raises VaultError: `object.malformed`, `object.wrong_key`, `object.damaged`, `object.wrong_kind`.
    """
    kinds = frozenset({kind})
    return open_kinds(body, family=family, kinds=kinds, place=place, key=key, generation=generation)[1]


def open_kinds(
    body: bytes, *, family: Family = OBJECT, kinds: frozenset[int], place: Place, key: Secret, generation: int
) -> tuple[int, Value]:
    """Return kind and content of a body that must be of one of these kinds. Raises VaultError as `open_body` does."""
    found = read_header(body)
    aad = associated(family, place, generation)
    if found.generation != generation:
        raise VaultError("object.wrong_key", f"generation {found.generation}, expected {generation}")
    if not hmac.compare_digest(_commit(family, place, key, aad, found.nonce), found.commit):
        raise VaultError("object.wrong_key", "another key, or another place")
    try:
        frame = AESGCM(_key(family, place, key)).decrypt(found.nonce, body[HEADER:], aad)
    except InvalidTag:
        raise VaultError("object.damaged", "the commitment holds and the ciphertext does not") from None
    return frame[0], _content(frame, kinds, family)


def read_header(body: bytes) -> Header:
    """Read the clear header. Raises VaultError `object.malformed`."""
    with reading("object.malformed"):
        return header.decode(body)


def check(body: bytes, *, hash_: bytes, size: int) -> bytes:
    """Return the body that a page names. Raises VaultError `object.swapped`."""
    if len(body) != size or not hmac.compare_digest(sha256(body).digest(), hash_):
        raise VaultError("object.swapped", "not the bytes that the signed page names")
    return body


def associated(family: Family, place: Place, generation: int) -> bytes:
    """What is authenticated beside the frame. Raises VaultError `object.malformed` for ids of another length."""
    ids = (place.account, place.box, place.object)
    if any(len(one) != 16 for one in ids) or not 0 <= place.version <= U32 or not 0 <= generation <= U32:
        raise VaultError("object.malformed", "ids have 16 bytes, version and generation 32 bits")
    return family.label + b"\0" + b"".join(ids) + place.version.to_bytes(4) + generation.to_bytes(4)


def _key(family: Family, place: Place, key: Secret) -> bytes:
    return key.derive(place.object, family.label + labels.KEY)


def _commit(family: Family, place: Place, key: Secret, aad: bytes, nonce: bytes) -> bytes:
    return key.derive(place.object, family.label + labels.COMMIT + aad + nonce)


def _encoded(content: Value) -> bytes:
    """The bytes of a content that a reader will take."""
    try:
        data = cbor.encode(content)
        cbor.decode(data, max_items=MAX_ITEMS)
    except UnicodeEncodeError:
        raise VaultError("object.malformed", "half of a character") from None
    except Malformed as error:
        raise VaultError("object.malformed", error.reason) from error
    return data


def _frame(kind: int, content: bytes, family: Family) -> bytes:
    size = family.padded(PREFIX + len(content))
    if size > MAX_FRAME:
        raise VaultError("object.too_large", f"a frame of {size} bytes, at most {MAX_FRAME}")
    return (bytes([kind]) + len(content).to_bytes(4) + content).ljust(size, b"\0")


def _content(frame: bytes, kinds: frozenset[int], family: Family) -> Value:
    length = int.from_bytes(frame[1:PREFIX])
    end = PREFIX + length
    if end > len(frame) or len(frame) != family.padded(end):
        raise VaultError("object.malformed", f"{length} bytes in a frame of {len(frame)}")
    if frame[end:].strip(b"\0"):
        raise VaultError("object.malformed", "padding that is not zero")
    if frame[0] not in kinds:
        raise VaultError("object.wrong_kind", f"kind {frame[0]}, expected {sorted(kinds)}")
    try:
        return cbor.decode(frame[PREFIX:end], max_items=MAX_ITEMS)
    except Malformed as error:
        raise VaultError("object.malformed", error.reason) from error
