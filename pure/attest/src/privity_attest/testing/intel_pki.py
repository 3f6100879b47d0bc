"""A fake Intel: root, issuer of PCK certificates, signer of documents, a platform's certificate, revocation lists.

Names and extensions are those of Intel's profile; every part can be made wrong alone.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from hashlib import sha256
from typing import Final

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from cryptography.x509.oid import NameOID

from privity_attest.testing.bundle import NOW

DAY: Final = 86_400
Builder = x509.CertificateBuilder
ROOT, ISSUER, SIGNER, PCK = "root", "issuer", "signer", "pck"
NAMES: Final = {
    ROOT: "Intel SGX Root CA",
    ISSUER: "Intel SGX PCK Platform CA",
    SIGNER: "Intel SGX TCB Signing",
    PCK: "Intel SGX PCK Certificate",
}
_ARC: Final = "1.2.840.113741.1.13.1"
_ARC_DER: Final = bytes.fromhex("2a864886f84d010d01")
_ISSUED_BY: Final = {ROOT: ROOT, ISSUER: ROOT, SIGNER: ROOT, PCK: ISSUER}
_SEEDS: Final = {ROOT: 101, ISSUER: 102, SIGNER: 103, PCK: 104}


@dataclass(frozen=True, slots=True)
class Platform:
    """What the PCK certificate says; `configuration` None leaves it out."""

    ppid: bytes = sha256(b"a platform").digest()[:16]
    components: bytes = bytes([7, 7, 2, 2, 3, 1, 0, 3]) + bytes(8)
    pcesvn: int = 11
    pceid: bytes = bytes(2)
    fmspc: bytes = bytes.fromhex("00806f050000")
    type: int = 1
    configuration: tuple[bool, bool, bool] | None = (True, True, True)


@dataclass(frozen=True, slots=True)
class Certified:
    """A key and its certificate (DER)."""

    key: ec.EllipticCurvePrivateKey
    certificate: bytes

    @property
    def pin(self) -> bytes:
        """Return the SHA-256 of the SubjectPublicKeyInfo."""
        spki = self.key.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
        return sha256(spki).digest()


def key_of(seed: int) -> ec.EllipticCurvePrivateKey:
    """Return the P-256 key of a small number: for tests only."""
    return ec.derive_private_key(seed, ec.SECP256R1())


def sign_raw(key: ec.EllipticCurvePrivateKey, message: bytes) -> bytes:
    """Return the 64 bytes r and s of an ES256 signature."""
    r, s = decode_dss_signature(key.sign(message, ec.ECDSA(SHA256(), deterministic_signing=True)))
    return r.to_bytes(32) + s.to_bytes(32)


def public_bytes(key: ec.EllipticCurvePrivateKey) -> bytes:
    """Return x and y."""
    return key.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)[1:]


@dataclass(frozen=True, slots=True)
class Pki:
    """The certificates of a fake Intel. Maps are by role; what they do not name is as it should be.

    `seeds` are keys, `dates` first and last second, `extend` replaces extensions, `revoked` maps a role to the reason
    with which the list of its issuer names it.
    """

    platform: Platform = field(default_factory=Platform)
    names: Mapping[str, str] = field(default_factory=dict)
    seeds: Mapping[str, int] = field(default_factory=dict)
    dates: Mapping[str, tuple[int, int]] = field(default_factory=dict)
    signed_by: Mapping[str, int] = field(default_factory=dict)
    extend: Mapping[str, Callable[[Builder], Builder]] = field(default_factory=dict)
    revoked: Mapping[str, x509.ReasonFlags | None] = field(default_factory=dict)
    crl_dates: tuple[int, int] = (NOW - DAY, NOW + 30 * DAY)
    crl_number: int = 5
    crl_seeds: Mapping[str, int] = field(default_factory=dict)

    def key(self, role: str) -> ec.EllipticCurvePrivateKey:
        """Return the key of `role`."""
        return key_of(self.seeds.get(role, _SEEDS[role]))

    def name(self, role: str) -> x509.Name:
        """Return the distinguished name of `role`."""
        return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, self.names.get(role, NAMES[role]))])

    def make(self, role: str) -> Certified:
        """Return key and certificate of `role`."""
        issuer = _ISSUED_BY[role]
        first, last = self.dates.get(role, (NOW - 30 * DAY, NOW + 300 * DAY))
        builder = (
            Builder()
            .subject_name(self.name(role))
            .issuer_name(self.name(issuer))
            .public_key(self.key(role).public_key())
            .serial_number(_SEEDS[role])
            .not_valid_before(datetime.fromtimestamp(first, UTC))
            .not_valid_after(datetime.fromtimestamp(last, UTC))
        )
        builder = self.extend.get(role, self.usual(role))(builder)
        signer = key_of(self.signed_by[role]) if role in self.signed_by else self.key(issuer)
        signed = builder.sign(signer, SHA256(), ecdsa_deterministic=True)
        return Certified(self.key(role), signed.public_bytes(Encoding.DER))

    def usual(self, role: str) -> Callable[[Builder], Builder]:
        """Return what adds the extensions of Intel's profile."""
        path_length = {ROOT: 1, ISSUER: 0}.get(role)

        def extend(builder: Builder) -> Builder:
            constraints = x509.BasicConstraints(ca=path_length is not None, path_length=path_length)
            builder = builder.add_extension(constraints, critical=True)
            builder = builder.add_extension(usage(issues=path_length is not None), critical=True)
            issuer_key = x509.AuthorityKeyIdentifier.from_issuer_public_key(self.key(_ISSUED_BY[role]).public_key())
            builder = builder.add_extension(issuer_key, critical=False)
            if role != PCK:
                return builder
            return builder.add_extension(pck_extension(self.platform), critical=False)

        return extend

    def crl(self, issuer: str) -> bytes:
        """Return the revocation list of `issuer`, the root or the issuer of PCK certificates."""
        first, last = self.crl_dates
        key = key_of(self.crl_seeds[issuer]) if issuer in self.crl_seeds else self.key(issuer)
        builder = (
            x509.CertificateRevocationListBuilder()
            .issuer_name(self.name(issuer))
            .last_update(datetime.fromtimestamp(first, UTC))
            .next_update(datetime.fromtimestamp(last, UTC))
            .add_extension(x509.CRLNumber(self.crl_number), critical=False)
            .add_extension(
                x509.AuthorityKeyIdentifier.from_issuer_public_key(self.key(issuer).public_key()), critical=False
            )
        )
        for role, reason in self.revoked.items():
            if _ISSUED_BY[role] == issuer:
                builder = builder.add_revoked_certificate(_entry(_SEEDS[role], reason))
        return builder.sign(key, SHA256(), ecdsa_deterministic=True).public_bytes(Encoding.DER)

    def with_platform(self, **changes: object) -> "Pki":
        """Return a fake Intel whose PCK certificate says something else."""
        return replace(self, platform=replace(self.platform, **changes))  # type: ignore[arg-type]


def usage(*, issues: bool) -> x509.KeyUsage:
    """Return the usage of an issuer of certificates and lists, or of a leaf."""
    return x509.KeyUsage(
        digital_signature=not issues,
        content_commitment=not issues,
        key_cert_sign=issues,
        crl_sign=issues,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        encipher_only=False,
        decipher_only=False,
    )


def _entry(serial: int, reason: x509.ReasonFlags | None) -> x509.RevokedCertificate:
    builder = x509.RevokedCertificateBuilder().serial_number(serial)
    builder = builder.revocation_date(datetime.fromtimestamp(NOW - DAY, UTC))
    if reason is not None:
        builder = builder.add_extension(x509.CRLReason(reason), critical=False)
    return builder.build()


def tlv(tag: int, content: bytes) -> bytes:
    """Return one DER element."""
    size = len(content)
    length = bytes([size]) if size < 128 else bytes([0x81, size]) if size < 256 else b"\x82" + size.to_bytes(2)
    return bytes([tag]) + length + content


def pair(place: bytes, value: bytes) -> bytes:
    """Return a SEQUENCE of the object identifier at `place` below Intel's arc, and `value`."""
    return tlv(0x30, tlv(0x06, _ARC_DER + place) + value)


def integer(value: int, tag: int = 0x02) -> bytes:
    """Return a DER INTEGER, or an ENUMERATED by its `tag`."""
    return tlv(tag, value.to_bytes(value.bit_length() // 8 + 1))


def pck_members(platform: Platform) -> dict[str, bytes]:
    """Return the members of Intel's extension by name, in order."""
    svns = b"".join(pair(bytes([2, index]), integer(svn)) for index, svn in enumerate(platform.components, start=1))
    svns += pair(bytes([2, 17]), integer(platform.pcesvn)) + pair(bytes([2, 18]), tlv(0x04, platform.components))
    members = {
        "ppid": pair(b"\1", tlv(0x04, platform.ppid)),
        "tcb": pair(b"\2", tlv(0x30, svns)),
        "pceid": pair(b"\3", tlv(0x04, platform.pceid)),
        "fmspc": pair(b"\4", tlv(0x04, platform.fmspc)),
        "type": pair(b"\5", integer(platform.type, 0x0A)),
    }
    if platform.configuration is not None:
        flags = enumerate(platform.configuration, start=1)
        listed = b"".join(pair(bytes([7, place]), tlv(0x01, b"\xff" if flag else b"\0")) for place, flag in flags)
        members["instance"] = pair(b"\6", tlv(0x04, bytes(16)))
        members["configuration"] = pair(b"\7", tlv(0x30, listed))
    return members


def pck_extension(platform: Platform) -> x509.UnrecognizedExtension:
    """Return Intel's extension of a PCK certificate."""
    value = tlv(0x30, b"".join(pck_members(platform).values()))
    return x509.UnrecognizedExtension(x509.ObjectIdentifier(_ARC), value)
