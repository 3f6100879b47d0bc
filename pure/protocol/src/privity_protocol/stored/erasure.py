"""The receipt in which the service promises to have erased something. Source: specs/erasure.md."""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from privity_protocol.errors import Malformed, NotAuthentic
from privity_protocol.stored import labels
from privity_protocol.stored import members as m

MAX_RECEIPT: Final = 256
MAX_BACKUP_DAYS: Final = 3650
_MEMBERS: Final = 5


@dataclass(frozen=True, slots=True)
class Receipt:
    """What was erased (a hash of its ids), at which page, on which day, and how long backups still hold it."""

    ids: bytes
    n: int
    day: int
    backup_days: int


def ids_hash(account: bytes, ids: Iterable[bytes]) -> bytes:
    """The hash of the deleted ids of an account; of none when the account itself was erased. Raises Malformed."""
    rising = sorted(ids)
    if len(account) != 16 or any(len(one) != 16 for one in rising):
        raise Malformed("member_value", "an id has 16 bytes")
    return hashlib.sha256(labels.ERASURE_IDS + account + b"".join(rising)).digest()


def signed_bytes(data: bytes) -> bytes:
    """What the service signs of a receipt."""
    return labels.ERASURE + data


def verify(data: bytes, signature: bytes, key: bytes) -> None:
    """Raises NotAuthentic unless `key` (Ed25519, 32 bytes) signed the receipt."""
    try:
        Ed25519PublicKey.from_public_bytes(key).verify(signature, signed_bytes(data))
    except (InvalidSignature, ValueError):
        raise NotAuthentic from None


def decode(data: bytes) -> Receipt:
    """Read a receipt. Raises Malformed: as `members.decode`, `member_type`, `member_value`."""
    version, ids, n, day, backup = m.decode(data, _MEMBERS, MAX_RECEIPT)
    m.version(version)
    return Receipt(
        m.octets(ids, "ids", 32),
        m.number(n, "n", 0, m.COUNT),
        m.number(day, "day"),
        m.number(backup, "backup days", 0, MAX_BACKUP_DAYS),
    )


def encode(receipt: Receipt) -> bytes:
    """Return the bytes of a receipt. Raises Malformed as `decode` does."""
    data = m.encode([1, receipt.ids, receipt.n, receipt.day, receipt.backup_days])
    decode(data)
    return data
