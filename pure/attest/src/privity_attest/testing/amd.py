"""A fake AMD: ARK, ASK and ASVK, chip and cloud certificates, revocation lists, reports, and whole SEV-SNP bundles."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from hashlib import sha256, sha384
from typing import Final

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, padding
from cryptography.hazmat.primitives.asymmetric.types import CertificatePublicKeyTypes
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA384
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from cryptography.x509.oid import NameOID
from privity_protocol import binding, cbor

from privity_attest.testing.bundle import NOW, Items, same
from privity_attest.testing.node import Machine
from privity_attest.testing.root import key_of
from privity_attest.testing.rsa import FIRST, SECOND, SIZE, RsaSigner

DAY: Final = 86_400
Builder = x509.CertificateBuilder
_ARC: Final = "1.3.6.1.4.1.3704.1"
_SPL: Final = {
    "bootloader": 1, "tee": 2, "snp": 3, "spl4": 4, "spl5": 5, "spl6": 6, "spl7": 7, "microcode": 8, "fmc": 9,
}  # fmt: skip
CHIP: Final = sha384(b"a chip").digest() + bytes(range(16))
MEASUREMENT: Final = sha384(b"firmware, kernel, initrd and command line").digest()


@dataclass(frozen=True, slots=True)
class Authority:
    """An issuer: its key, its certificate (DER) and its name."""

    signer: RsaSigner
    certificate: bytes
    name: str

    @property
    def pin(self) -> bytes:
        """Return the SHA-256 of the SubjectPublicKeyInfo."""
        spki = self.signer.key.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
        return sha256(spki).digest()


@dataclass(frozen=True, slots=True)
class Vendor:
    """The issuers of one product."""

    ark: Authority
    ask: Authority

    def issuers(self) -> bytes:
        """Return the item `snp-issuers`."""
        return cbor.encode([self.ask.certificate, self.ark.certificate])


def ca_extensions(path_length: int | None, *, crl_sign: bool) -> Callable[[Builder], Builder]:
    """Return a function that adds what an issuer carries."""

    def extend(builder: Builder) -> Builder:
        usage = x509.KeyUsage(False, False, False, False, False, True, crl_sign, False, False)
        constraints = x509.BasicConstraints(ca=True, path_length=path_length)
        return builder.add_extension(constraints, critical=True).add_extension(usage, critical=True)

    return extend


def vendor(
    *,
    ark: RsaSigner = FIRST,
    ask: RsaSigner = SECOND,
    ask_extend: Callable[[Builder], Builder] | None = None,
    ark_extend: Callable[[Builder], Builder] | None = None,
    ask_dates: tuple[int, int] = (NOW - DAY, NOW + 9000 * DAY),
    ask_signed_by: RsaSigner | None = None,
    salt: int = 48,
    written_salt: int = 48,
) -> Vendor:
    """Return a root and an intermediate authority; the arguments make each part wrong."""
    root = _certificate("ARK-Fake", "ARK-Fake", ark.key.public_key(), NOW - DAY, NOW + 9000 * DAY, serial=0x10000)
    root = (ark_extend or ca_extensions(None, crl_sign=True))(root)
    ark_authority = Authority(ark, _signed(root, ark), "ARK-Fake")
    middle = _certificate("SEV-Fake", "ARK-Fake", ask.key.public_key(), *ask_dates, serial=0x10001)
    middle = (ask_extend or ca_extensions(0, crl_sign=False))(middle)
    der = _signed(middle, ask_signed_by or ark, salt=salt, written_salt=written_salt)
    return Vendor(ark_authority, Authority(ask, der, "SEV-Fake"))


def endorsement(
    authority: Authority,
    *,
    product: str = "Genoa-B1",
    levels: Mapping[str, int] | None = None,
    hwid: bytes | None = CHIP,
    cloud: str | None = None,
    key: ec.EllipticCurvePrivateKey | None = None,
    dates: tuple[int, int] = (NOW - DAY, NOW + 2000 * DAY),
    extend: Callable[[Builder], Builder] = same,
    signed_by: RsaSigner | None = None,
    written_salt: int = 48,
    salt: int = 48,
) -> bytes:
    """Return the certificate (DER) of a VCEK, or of a VLEK with `cloud` and without `hwid`; serial number 0."""
    public = (key or key_of(21)).public_key()
    builder = _certificate("SEV-VCEK", authority.name, public, *dates, serial=1)
    values = {"2": b"\x16" + bytes([len(product)]) + product.encode()}
    values |= {f"3.{_SPL[name]}": _integer(level) for name, level in (levels or LEVELS).items()}
    if hwid is not None:
        values["4"] = hwid
    if cloud is not None:
        values["5"] = b"\x16" + bytes([len(cloud)]) + cloud.encode()
    for arc, value in values.items():
        unknown = x509.UnrecognizedExtension(x509.ObjectIdentifier(f"{_ARC}.{arc}"), value)
        builder = builder.add_extension(unknown, critical=False)
    der = _signed(extend(builder), signed_by or authority.signer, salt=salt, written_salt=written_salt)
    return _serial_zero(der, signed_by or authority.signer, salt)


LEVELS: Final = {"bootloader": 10, "tee": 0, "spl4": 0, "spl5": 0, "spl6": 0, "spl7": 0, "snp": 27, "microcode": 213}
TURIN_LEVELS: Final = {
    "fmc": 1, "bootloader": 2, "tee": 3, "snp": 4, "spl5": 0, "spl6": 0, "spl7": 0, "microcode": 213,
}  # fmt: skip


def revocation_list(
    authority: Authority,
    *,
    revoked: Mapping[int, x509.ReasonFlags | None] | None = None,
    number: int = 4,
    dates: tuple[int, int] = (NOW - DAY, NOW + 30 * DAY),
    signed_by: RsaSigner | None = None,
) -> bytes:
    """Return the list (DER) of `authority`."""
    builder = x509.CertificateRevocationListBuilder().issuer_name(_name(authority.name))
    builder = builder.last_update(_date(dates[0])).next_update(_date(dates[1]))
    builder = builder.add_extension(x509.CRLNumber(number), critical=False)
    for serial, reason in (revoked or {}).items():
        entry = x509.RevokedCertificateBuilder().serial_number(serial).revocation_date(_date(NOW - DAY))
        entry = entry if reason is None else entry.add_extension(x509.CRLReason(reason), critical=False)
        builder = builder.add_revoked_certificate(entry.build())
    signer = signed_by or authority.signer
    made = builder.sign(signer.key, SHA384(), rsa_padding=padding.PSS(padding.MGF1(SHA384()), 48))
    return made.public_bytes(Encoding.DER)[:-SIZE] + signer.sign(made.tbs_certlist_bytes)


@dataclass(frozen=True, slots=True)
class ReportFields:
    """The fields of a report, as the firmware would fill them in."""

    version: int = 5
    policy: int = 0x3001F
    vmpl: int = 0
    algorithm: int = 1
    platform_info: int = 0x25
    flags: int = 0
    report_data: bytes = bytes(64)
    measurement: bytes = MEASUREMENT
    host_data: bytes = bytes(32)
    id_key: bytes = bytes(48)
    author_key: bytes = bytes(48)
    reported: bytes = bytes(LEVELS.values())
    cpuid: tuple[int, int, int] = (0x19, 0x11, 1)
    chip_id: bytes = CHIP
    committed: bytes = bytes(LEVELS.values())
    current_firmware: tuple[int, int, int] = (1, 55, 65)
    committed_firmware: tuple[int, int, int] = (1, 55, 65)
    launch: bytes = bytes(LEVELS.values())

    def encode(self, key: ec.EllipticCurvePrivateKey) -> bytes:
        """Return the report, signed by `key` in the firmware's little-endian way."""
        data = bytearray(0x2A0)
        numbers = ((0x00, self.version, 4), (0x08, self.policy, 8), (0x30, self.vmpl, 4), (0x34, self.algorithm, 4))
        for at, number, size in (*numbers, (0x40, self.platform_info, 8), (0x48, self.flags, 4)):
            data[at : at + size] = number.to_bytes(size, "little")
        for at, value in (
            (0x50, self.report_data), (0x90, self.measurement), (0xC0, self.host_data), (0xE0, self.id_key),
            (0x110, self.author_key), (0x180, self.reported), (0x188, bytes(self.cpuid)), (0x1A0, self.chip_id),
            (0x1E0, self.committed), (0x1E8, bytes(self.current_firmware[::-1])),
            (0x1EC, bytes(self.committed_firmware[::-1])), (0x1F0, self.launch),
        ):  # fmt: skip
            data[at : at + len(value)] = value
        r, s = decode_dss_signature(key.sign(bytes(data), ec.ECDSA(SHA384(), deterministic_signing=True)))
        return bytes(data) + r.to_bytes(72, "little") + s.to_bytes(72, "little") + bytes(368)


@dataclass(frozen=True, slots=True)
class SnpMachine:
    """A fake EPYC: who certified it, its key and its reports. `fields` changes a report before it is signed."""

    vendor: Vendor
    leaf: bytes
    crl: bytes | None
    fields: Callable[[ReportFields], ReportFields] = same
    key: ec.EllipticCurvePrivateKey = field(default_factory=lambda: key_of(21))
    chip_id: bytes = CHIP
    values: Mapping[str, object] = field(
        default_factory=lambda: {"measurement": [MEASUREMENT.hex()], "host_data": [bytes(32).hex()]}
    )

    def machine(self) -> Machine:
        """Return what `node.build` needs."""
        return Machine("sev_snp", sha256(self.chip_id).digest(), dict(self.values), self._evidence)

    def _evidence(self, node_document: bytes, register: bytes) -> Items:
        report = replace(ReportFields(chip_id=self.chip_id), report_data=binding.report_data(node_document))
        items: Items = {
            "cpu": ("snp-report", self.fields(report).encode(self.key)),
            "snp-leaf": ("certificate", self.leaf),
            "snp-issuers": ("certificates+cbor", self.vendor.issuers()),
        }
        return items if self.crl is None else {**items, "snp-crl": ("crl", self.crl)}


def _integer(level: int) -> bytes:
    content = level.to_bytes(2).lstrip(b"\0") or b"\0"
    content = b"\0" + content if content[0] & 0x80 else content
    return b"\x02" + bytes([len(content)]) + content


def _certificate(
    subject: str, issuer: str, public: CertificatePublicKeyTypes, start: int, end: int, *, serial: int
) -> Builder:
    return (
        Builder()
        .subject_name(_name(subject))
        .issuer_name(_name(issuer))
        .public_key(public)
        .serial_number(serial)
        .not_valid_before(_date(start))
        .not_valid_after(_date(end))
    )


def _signed(builder: Builder, signer: RsaSigner, *, salt: int = 48, written_salt: int = 48) -> bytes:
    scheme = padding.PSS(padding.MGF1(SHA384()), written_salt)
    made = builder.sign(signer.key, SHA384(), rsa_padding=scheme)
    return made.public_bytes(Encoding.DER)[:-SIZE] + signer.sign(made.tbs_certificate_bytes, salt=salt)


def _serial_zero(der: bytes, signer: RsaSigner, salt: int) -> bytes:
    """Return a certificate with serial number 0, which `cryptography` does not write, instead of 1."""
    at = der.index(bytes.fromhex("a003020102020101"))
    changed = der[: at + 7] + b"\0" + der[at + 8 :]
    tbs = x509.load_der_x509_certificate(der).tbs_certificate_bytes
    start = der.index(tbs)
    return changed[:-SIZE] + signer.sign(changed[start : start + len(tbs)], salt=salt)


def _date(seconds: int) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)


def _name(text: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text)])
