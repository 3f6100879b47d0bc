"""Signature verification by `cryptography`: ECDSA on P-256 and P-384 over raw (r and s) or DER signatures, RSA-PSS.

Success returns nothing; failure raises SignatureInvalid. Keys come as certificates carry them: an uncompressed point,
or a SubjectPublicKeyInfo for RSA.
"""

from dataclasses import dataclass
from typing import Final

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256, SHA384, HashAlgorithm
from cryptography.hazmat.primitives.serialization import load_der_public_key


class SignatureInvalid(Exception):
    """The signature does not verify under the key, or the key is no point of its curve."""


@dataclass(frozen=True, slots=True)
class Curve:
    """A curve with the hash that its signatures use here; `size` is the byte length of r and of s."""

    name: str
    size: int
    group: ec.EllipticCurve
    hash: HashAlgorithm


@dataclass(frozen=True, slots=True)
class Pss:
    """RSASSA-PSS (RFC 8017) with SHA-384, MGF1 of the same hash, and a salt of 48 bytes: what AMD signs with."""

    name: str
    salt: int


P256: Final = Curve("P-256", 32, ec.SECP256R1(), SHA256())
P384: Final = Curve("P-384", 48, ec.SECP384R1(), SHA384())
PSS384: Final = Pss("RSA-PSS-SHA384", 48)
Scheme = Curve | Pss


@dataclass(frozen=True, slots=True)
class EcKey:
    """An uncompressed point of `curve`."""

    curve: Curve
    point: bytes


@dataclass(frozen=True, slots=True)
class RsaKey:
    """An RSA key as its SubjectPublicKeyInfo (DER), and the size of its modulus in bits."""

    spki: bytes
    bits: int


PublicKey = EcKey | RsaKey


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


def verify_pss(key: RsaKey, message: bytes, signature: bytes) -> None:
    """Verify an RSASSA-PSS signature as `PSS384` describes it. Raises SignatureInvalid."""
    try:
        public = load_der_public_key(key.spki)
        if not isinstance(public, rsa.RSAPublicKey):
            raise SignatureInvalid("RSA")
        scheme = padding.PSS(mgf=padding.MGF1(SHA384()), salt_length=PSS384.salt)
        public.verify(signature, message, scheme, SHA384())
    except (InvalidSignature, ValueError, UnsupportedAlgorithm) as error:
        raise SignatureInvalid("RSA-PSS") from error


def verify_signed(key: PublicKey, scheme: Scheme, message: bytes, signature: bytes) -> None:
    """Verify what an X.509 issuer signed: `scheme` must be the one of the key. Raises SignatureInvalid."""
    if isinstance(key, RsaKey):
        if scheme is not PSS384:
            raise SignatureInvalid("scheme")
        verify_pss(key, message, signature)
    else:
        if scheme is not key.curve:
            raise SignatureInvalid("scheme")
        verify_der(key.curve, key.point, message, signature)
