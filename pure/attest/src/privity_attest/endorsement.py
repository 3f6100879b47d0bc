"""The operator's word for a node: a fleet key signed this node document, on this machine, until this time.

Source: specs/endorsement.md. A genuine machine that is not the operator's has no endorsement; a fleet key that was
stolen still needs genuine hardware: the two locks are independent.
"""

from dataclasses import dataclass
from hashlib import sha256
from typing import Final

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.mldsa import MLDSA44PublicKey
from privity_protocol import cbor
from privity_protocol.errors import Malformed

LABEL: Final = b"EC1 endorse v1\0"
ED25519: Final = 64
MLDSA44: Final = 2420


@dataclass(frozen=True, slots=True)
class FleetKey:
    """A logged key that endorses: Ed25519 (32 bytes), and ML-DSA-44 (1,312 bytes) or None."""

    ed25519: bytes
    mldsa44: bytes | None

    @property
    def id(self) -> bytes:
        """Return the 32 bytes by which endorsements and policies name it."""
        return sha256(self.ed25519 + (self.mldsa44 or b"")).digest()


@dataclass(frozen=True, slots=True)
class Endorsement:
    """A parsed, unverified endorsement: id of the fleet key and its signatures."""

    key: bytes
    ed25519: bytes
    mldsa44: bytes | None


class EndorsementInvalid(Exception):
    """The endorsement does not hold; `reason` is `endorsement_missing` or `endorsement_signature` with a detail."""

    def __init__(self, reason: str) -> None:
        self.reason = reason
        super().__init__(reason)


def message(node_document: bytes, platform: bytes, exp: int) -> bytes:
    """Return what a fleet key signs: `platform` is `plat.id` (32 bytes), `exp` the end of the node's key."""
    return LABEL + sha256(node_document).digest() + platform + exp.to_bytes(8)


def decode(data: bytes) -> Endorsement:
    """Return the endorsement in an item `endorsement+cbor`. Raises Malformed."""
    match cbor.decode(data):
        case [bytes() as key, bytes() as first, bytes() | None as second] if len(key) == 32 and len(first) == ED25519:
            if second is None or len(second) == MLDSA44:
                return Endorsement(key, first, second)
    raise Malformed("member_type", "endorsement")


def encode(endorsement: Endorsement) -> bytes:
    """Return the item of an endorsement."""
    return cbor.encode([endorsement.key, endorsement.ed25519, endorsement.mldsa44])


def verify(
    item: bytes | None, keys: tuple[FleetKey, ...], *, node_document: bytes, platform: bytes, exp: int
) -> FleetKey:
    """Return the fleet key among `keys` that endorses this node; a key with two parts must have signed with both.

    Raises EndorsementInvalid.
    """
    if item is None:
        raise EndorsementInvalid("endorsement_missing")
    try:
        given = decode(item)
    except Malformed as error:
        raise EndorsementInvalid("endorsement_signature:malformed") from error
    key = next((one for one in keys if one.id == given.key), None)
    if key is None:
        raise EndorsementInvalid("endorsement_signature:unknown_key")
    signed = message(node_document, platform, exp)
    if (key.mldsa44 is None) != (given.mldsa44 is None):
        raise EndorsementInvalid("endorsement_signature:mldsa44")
    _verify(key, given, signed)
    return key


def _verify(key: FleetKey, given: Endorsement, signed: bytes) -> None:
    try:
        Ed25519PublicKey.from_public_bytes(key.ed25519).verify(given.ed25519, signed)
    except (InvalidSignature, UnsupportedAlgorithm, ValueError) as error:
        raise EndorsementInvalid("endorsement_signature:ed25519") from error
    if key.mldsa44 is None or given.mldsa44 is None:
        return
    try:
        MLDSA44PublicKey.from_public_bytes(key.mldsa44).verify(given.mldsa44, signed)
    except (InvalidSignature, UnsupportedAlgorithm, ValueError) as error:
        raise EndorsementInvalid("endorsement_signature:mldsa44") from error
