"""Sanity checks on what vendors sent, so that a broken answer never replaces a good file.

These are the operator's own checks; clients repeat all of them and more with privity_attest.
"""

import warnings
from collections.abc import Sequence, Set
from datetime import datetime
from hashlib import sha256
from typing import Final

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePublicKey
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from cryptography.utils import CryptographyDeprecationWarning

from privity_image.collateral.item import Period
from privity_image.errors import Failed

MAX_CHAIN: Final = 8


def certificate(der: bytes, what: str) -> x509.Certificate:
    """Return the certificate. Raises Failed `malformed`."""
    try:
        # AMD's VCEKs have the serial number 0, which the library only warns about.
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", CryptographyDeprecationWarning)
            return x509.load_der_x509_certificate(der)
    except ValueError as error:
        raise Failed("malformed", f"{what}: not a certificate") from error


def chain(pem: bytes, what: str) -> list[x509.Certificate]:
    """Return the certificates of a PEM text, leaf first. Raises Failed `malformed`."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", CryptographyDeprecationWarning)
            found = x509.load_pem_x509_certificates(pem)
    except ValueError as error:
        raise Failed("malformed", f"{what}: not a chain of certificates") from error
    if len(found) > MAX_CHAIN:
        raise Failed("malformed", f"{what}: {len(found)} certificates")
    return found


def revocations(der: bytes, what: str) -> x509.CertificateRevocationList:
    """Return the revocation list. Raises Failed `malformed`."""
    try:
        return x509.load_der_x509_crl(der)
    except ValueError as error:
        raise Failed("malformed", f"{what}: not a revocation list") from error


def der_of(one: x509.Certificate) -> bytes:
    """Return the certificate's own bytes."""
    return one.public_bytes(Encoding.DER)


def pin_of(one: x509.Certificate) -> bytes:
    """Return SHA-256 of the SubjectPublicKeyInfo, by which roots are pinned."""
    return sha256(one.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)).digest()


def check_chain(path: Sequence[x509.Certificate], pins: Set[bytes], what: str) -> None:
    """Check that each certificate of `path` (leaf first) was issued by the next and the last is a pinned root.

    Raises Failed `signature`, `root_not_pinned`.
    """
    for below, issuer in zip(path, [*path[1:], path[-1]], strict=True):
        check_issued(below, issuer, what)
    if pin_of(path[-1]) not in pins:
        raise Failed("root_not_pinned", f"{what}: {path[-1].subject.rfc4514_string()}")


def check_issued(below: x509.Certificate, issuer: x509.Certificate, what: str) -> None:
    """Check name and signature of one certificate. Raises Failed `signature`."""
    try:
        below.verify_directly_issued_by(issuer)
    except (ValueError, TypeError, InvalidSignature, UnsupportedAlgorithm) as error:
        raise Failed("signature", f"{what}: {below.subject.rfc4514_string()}") from error


def check_revocations(listed: x509.CertificateRevocationList, issuer: x509.Certificate, what: str) -> None:
    """Check issuer and signature of a revocation list. Raises Failed `signature`."""
    key = issuer.public_key()
    try:
        good = isinstance(key, EllipticCurvePublicKey | RSAPublicKey) and listed.is_signature_valid(key)
    except (ValueError, TypeError, UnsupportedAlgorithm) as error:
        raise Failed("signature", what) from error
    if listed.issuer != issuer.subject or not good:
        raise Failed("signature", what)


def period(one: x509.Certificate, what: str) -> Period:
    """Return the validity of a certificate."""
    return Period(what, _unix(one.not_valid_before_utc), _unix(one.not_valid_after_utc), "certificate")


def list_period(listed: x509.CertificateRevocationList, what: str) -> Period:
    """Return the validity of a revocation list. Raises Failed `malformed` when it names no next one."""
    if listed.next_update_utc is None:
        raise Failed("malformed", f"{what}: no next update")
    return Period(what, _unix(listed.last_update_utc), _unix(listed.next_update_utc))


def check_current(periods: Sequence[Period], now: int) -> None:
    """Refuse what is not valid yet or not any more at `now`. Raises Failed `not_current`.

    What is only older than clients like is still the best there is, so it is taken and watched.
    """
    for one in periods:
        if one.kind != "policy" and not one.since <= now < one.until:
            raise Failed("not_current", f"{one.what}: {'expired' if now >= one.until else 'not yet valid'}")


def _unix(moment: datetime) -> int:
    return int(moment.timestamp())
