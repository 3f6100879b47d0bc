"""Signature verification by `cryptography`: ECDSA on P-256 and P-384 over raw (r and s) or DER signatures.

Success returns nothing; failure raises SignatureInvalid. Keys come as uncompressed points, as certificates carry them.
"""

from dataclasses import dataclass
from typing import Final

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256, SHA384, HashAlgorithm


class SignatureInvalid(Exception):
    """The signature does not verify under the key, or the key is no point of its curve."""


@dataclass(frozen=True, slots=True)
class Curve:
    """A curve with the hash that its signatures use here; `size` is the byte length of r and of s."""

    name: str
    size: int
    group: ec.EllipticCurve
    hash: HashAlgorithm


P256: Final = Curve("P-256", 32, ec.SECP256R1(), SHA256())
P384: Final = Curve("P-384", 48, ec.SECP384R1(), SHA384())


def verify_raw(curve: Curve, point: bytes, message: bytes, signature: bytes) -> None:
    """Verify r and s of `curve.size` bytes each. Raises SignatureInvalid."""
    if len(signature) != 2 * curve.size:
        raise SignatureInvalid("length")
    r, s = int.from_bytes(signature[: curve.size]), int.from_bytes(signature[curve.size :])
    verify_der(curve, point, message, encode_dss_signature(r, s))


def verify_der(curve: Curve, point: bytes, message: bytes, signature: bytes) -> None:
    """Verify a DER signature whose strictness the caller has checked. Raises SignatureInvalid."""
    try:
        key = ec.EllipticCurvePublicKey.from_encoded_point(curve.group, point)
        key.verify(signature, message, ec.ECDSA(curve.hash))
    except (InvalidSignature, ValueError) as error:
        raise SignatureInvalid("ECDSA") from error
