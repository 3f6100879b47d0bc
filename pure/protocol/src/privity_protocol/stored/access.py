"""What is signed to sign in without a passkey, bound to one challenge of one origin. Source: specs/access.md."""

import hashlib
import re
from typing import Final

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from privity_protocol.errors import Malformed, NotAuthentic
from privity_protocol.stored import labels

_ORIGIN: Final = re.compile(r"https://[a-z0-9.-]+(:[0-9]{1,5})?|http://localhost(:[0-9]{1,5})?")


def device_bytes(*, origin: str, account: bytes, device: bytes, challenge: bytes) -> bytes:
    """What a device signs: ids of 16 bytes, a challenge of 32. Raises Malformed `member_value`."""
    return labels.ACCESS_DEVICE + _origin(origin) + _ids(account, device) + _challenge(challenge)


def recovery_bytes(*, origin: str, finder: bytes, challenge: bytes) -> bytes:
    """What a recovery code's key signs: a finder of 16 bytes, a challenge of 32. Raises Malformed `member_value`."""
    return labels.ACCESS_RECOVERY + _origin(origin) + _ids(finder) + _challenge(challenge)


def verify(message: bytes, signature: bytes, key: bytes) -> None:
    """Raises NotAuthentic unless `key` (Ed25519, 32 bytes) signed the message."""
    try:
        Ed25519PublicKey.from_public_bytes(key).verify(signature, message)
    except (InvalidSignature, ValueError):
        raise NotAuthentic from None


def _origin(origin: str) -> bytes:
    if not _ORIGIN.fullmatch(origin):
        raise Malformed("member_value", "origin")
    return hashlib.sha256(origin.encode()).digest()


def _ids(*ids: bytes) -> bytes:
    if any(len(one) != 16 for one in ids):
        raise Malformed("member_value", "an id has 16 bytes")
    return b"".join(ids)


def _challenge(challenge: bytes) -> bytes:
    if len(challenge) != 32:
        raise Malformed("member_value", "a challenge has 32 bytes")
    return challenge
