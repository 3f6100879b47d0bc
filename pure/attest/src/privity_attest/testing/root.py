"""A fake development root: deterministic keys and certificates, with knobs to make each part wrong."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import sha256
from typing import Final

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA384
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from cryptography.x509.oid import NameOID

Builder = x509.CertificateBuilder
DAY: Final = 86_400


@dataclass(frozen=True, slots=True)
class Signer:
    """A key with its certificate (DER)."""

    key: ec.EllipticCurvePrivateKey
    certificate: bytes
    name: str

    @property
    def pin(self) -> bytes:
        """Return the SHA-256 of the SubjectPublicKeyInfo."""
        return pin_of(self.key)

    def sign_raw(self, message: bytes) -> bytes:
        """Return the 96 bytes r and s of an ES384 signature."""
        r, s = decode_dss_signature(self.key.sign(message, ec.ECDSA(SHA384(), deterministic_signing=True)))
        return r.to_bytes(48) + s.to_bytes(48)


def pin_of(key: ec.EllipticCurvePrivateKey) -> bytes:
    """Return the SHA-256 of the SubjectPublicKeyInfo of `key`."""
    spki = key.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    return sha256(spki).digest()


def key_of(seed: int) -> ec.EllipticCurvePrivateKey:
    """Return the P-384 key of a small number: for tests only."""
    return ec.derive_private_key(seed, ec.SECP384R1())


def make_root(seed: int, *, now: int, name: str = "Privity development root", days: int = 3650) -> Signer:
    """Return a self-signed development root that begins a day before `now`."""
    key = key_of(seed)
    builder = _certificate(name, name, key, now - DAY, now + days * DAY, serial=1)
    builder = builder.add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
    builder = builder.add_extension(key_usage(sign_certificates=True), critical=True)
    return Signer(key, _signed(builder, key), name)


def issue(
    issuer: Signer,
    seed: int,
    *,
    not_before: int,
    not_after: int,
    name: str = "simulated enclave",
    extend: Callable[[Builder], Builder] | None = None,
    sign_with: ec.EllipticCurvePrivateKey | None = None,
) -> Signer:
    """Return a leaf under `issuer`; `extend` replaces its usual extensions, `sign_with` the signing key."""
    key = key_of(seed)
    builder = _certificate(name, issuer.name, key, not_before, not_after, serial=seed + 1)
    builder = (extend or leaf_extensions)(builder)
    return Signer(key, _signed(builder, sign_with or issuer.key), name)


def leaf_extensions(builder: Builder) -> Builder:
    """Add what a leaf carries."""
    return builder.add_extension(key_usage(sign_certificates=False), critical=True)


def key_usage(*, sign_certificates: bool) -> x509.KeyUsage:
    """Return the usage of an issuer or of a leaf."""
    return x509.KeyUsage(
        digital_signature=not sign_certificates,
        key_cert_sign=sign_certificates,
        crl_sign=False,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        encipher_only=False,
        decipher_only=False,
    )


def _certificate(
    subject: str, issuer: str, key: ec.EllipticCurvePrivateKey, not_before: int, not_after: int, *, serial: int
) -> Builder:
    return (
        Builder()
        .subject_name(_name(subject))
        .issuer_name(_name(issuer))
        .public_key(key.public_key())
        .serial_number(serial)
        .not_valid_before(datetime.fromtimestamp(not_before, UTC))
        .not_valid_after(datetime.fromtimestamp(not_after, UTC))
    )


def _name(text: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text)])


def _signed(builder: Builder, key: ec.EllipticCurvePrivateKey) -> bytes:
    return builder.sign(key, SHA384(), ecdsa_deterministic=True).public_bytes(Encoding.DER)
