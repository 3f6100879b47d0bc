"""Self-made certificates in the shapes of the vendors', for what no public sample covers."""

from dataclasses import dataclass, field
from datetime import UTC, datetime
from hashlib import sha256

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.asymmetric.padding import MGF1, PSS
from cryptography.hazmat.primitives.hashes import SHA256, SHA384
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from cryptography.x509.oid import NameOID

NOW = 1_800_000_000
DAY = 86_400
Key = ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey
USAGES = (
    "digital_signature content_commitment key_encipherment data_encipherment key_agreement key_cert_sign crl_sign "
    "encipher_only decipher_only"
)


def at(seconds: int) -> datetime:
    """Unix seconds as a moment."""
    return datetime.fromtimestamp(seconds, UTC)


def name(common: str) -> x509.Name:
    """A distinguished name."""
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common)])


@dataclass
class Authority:
    """A key with its certificate; makes certificates and revocation lists below itself."""

    key: Key
    certificate: x509.Certificate
    serial: int = field(default=1000)

    def issue(self, common: str, key: Key, **options: object) -> x509.Certificate:
        """A certificate below this one."""
        self.serial += 1
        return _signed(common, key, self.certificate.subject, self.key, self.serial, **options)

    def below(self, common: str, key: Key | None = None, **options: object) -> "Authority":
        """An authority below this one."""
        key = key or ec.generate_private_key(ec.SECP384R1())
        return Authority(key, self.issue(common, key, **options))

    def crl(self, *revoked: int, since: int = NOW - DAY, until: int = NOW + 29 * DAY) -> bytes:
        """A revocation list."""
        builder = x509.CertificateRevocationListBuilder().issuer_name(self.certificate.subject)
        builder = builder.last_update(at(since)).next_update(at(until))
        builder = builder.add_extension(x509.CRLNumber(since), critical=False)
        for serial in revoked:
            one = x509.RevokedCertificateBuilder().serial_number(serial).revocation_date(at(since)).build()
            builder = builder.add_revoked_certificate(one)
        return builder.sign(self.key, **_algorithm(self.key)).public_bytes(Encoding.DER)

    @property
    def der(self) -> bytes:
        """The certificate's bytes."""
        return self.certificate.public_bytes(Encoding.DER)

    @property
    def pem(self) -> bytes:
        """The certificate as text."""
        return self.certificate.public_bytes(Encoding.PEM)

    @property
    def pins(self) -> frozenset[bytes]:
        """What a verifier pins."""
        spki = self.certificate.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
        return frozenset({sha256(spki).digest()})


def root(common: str, key: Key | None = None, **options: object) -> Authority:
    """A self-signed authority."""
    key = key or ec.generate_private_key(ec.SECP384R1())
    return Authority(key, _signed(common, key, name(common), key, 1, **options))


def _algorithm(key: Key) -> dict[str, object]:
    if isinstance(key, rsa.RSAPrivateKey):
        return {"algorithm": SHA384(), "rsa_padding": PSS(MGF1(SHA384()), 48)}
    return {"algorithm": SHA256() if key.key_size == 256 else SHA384()}


def _signed(
    common: str,
    key: Key,
    issuer: x509.Name,
    issuer_key: Key,
    serial: int,
    *,
    authority: bool = True,
    length: int | None = None,
    extensions: tuple[x509.ExtensionType, ...] = (),
    since: int = NOW - 365 * DAY,
    until: int = NOW + 1000 * DAY,
) -> x509.Certificate:
    usage = dict.fromkeys(USAGES.split(), False)
    usage |= {"key_cert_sign": authority, "crl_sign": authority, "digital_signature": not authority}
    builder = (
        x509.CertificateBuilder()
        .subject_name(name(common))
        .issuer_name(issuer)
        .public_key(key.public_key())
        .serial_number(serial)
        .not_valid_before(at(since))
        .not_valid_after(at(until))
        .add_extension(x509.BasicConstraints(authority, length), critical=True)
        .add_extension(x509.KeyUsage(**usage), critical=True)
    )
    for extension in extensions:
        builder = builder.add_extension(extension, critical=False)
    return builder.sign(issuer_key, **_algorithm(issuer_key))
