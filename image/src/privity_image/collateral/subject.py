"""What to ask the vendors about: read from the node's own evidence, or written down by the operator."""

from dataclasses import dataclass
from typing import Final

from cryptography import x509
from privity_attest import der
from privity_protocol import cbor, evidence
from privity_protocol.errors import Malformed

from privity_image.collateral import certificates
from privity_image.errors import Failed

_SGX_EXTENSION: Final = x509.ObjectIdentifier("1.2.840.113741.1.13.1")
_FMSPC: Final = bytes.fromhex("2a864886f84d010d0104")  # 1.2.840.113741.1.13.1.4
REPORT_BYTES: Final = 1184
_CHIP_ID, _REPORTED_TCB, _CPUID, _FLAGS = 0x1A0, 0x180, 0x188, 0x48


@dataclass(frozen=True, slots=True)
class Dcap:
    """An Intel platform: `tee` is tdx or sgx, `fmspc` 6 bytes, `authority` the PCK's issuer, platform or processor."""

    tee: str
    fmspc: bytes
    authority: str


@dataclass(frozen=True, slots=True)
class SevSnp:
    """An AMD chip at one firmware level: `tcb` maps bootloader, tee, snp, microcode and on Turin fmc.

    `vlek` is the certificate (DER) that a cloud operator handed out; None asks KDS for the chip's VCEK.
    """

    product: str
    chip_id: bytes
    tcb: dict[str, int]
    vlek: bytes | None


@dataclass(frozen=True, slots=True)
class Devices:
    """NVIDIA device certificate chains, each leaf first and root last."""

    chains: tuple[tuple[x509.Certificate, ...], ...]


@dataclass(frozen=True, slots=True)
class Subject:
    """Everything of one node that vendors publish something about."""

    dcap: Dcap | None = None
    sev_snp: SevSnp | None = None
    devices: Devices | None = None


def from_bundle(data: bytes) -> Subject:
    """Return what the evidence bundle of a node is about. Raises Failed `evidence`."""
    try:
        bundle = evidence.decode(data)
        chains = tuple(device_chain(item.data) for item in bundle.devices())
    except Malformed as error:
        raise Failed("evidence", f"not an evidence bundle: {error}") from error
    cpu = bundle.items.get("cpu")
    kind = cpu.media_type if cpu else None
    leaf = bundle.items.get("snp-leaf")
    return Subject(
        dcap=from_quote(cpu.data) if cpu and kind in ("tdx-quote", "sgx-quote") else None,
        sev_snp=from_report(cpu.data, leaf.data if leaf else None) if cpu and kind == "snp-report" else None,
        devices=Devices(chains) if chains else None,
    )


def device_chain(item: bytes) -> tuple[x509.Certificate, ...]:
    """Return the certificates of an `nvidia-spdm+cbor` item. Raises Malformed, Failed."""
    match cbor.decode(item):
        case [bytes(), [*ders]] if len(ders) >= 2:
            found = [certificates.certificate(one, "device") for one in ders if isinstance(one, bytes)]
            if len(found) == len(ders):
                return tuple(found)
    raise Failed("evidence", "device item without a certificate chain")


def from_quote(quote: bytes) -> Dcap:
    """Return what a TDX or SGX quote with its PCK chain inside is about. Raises Failed `evidence`."""
    start = quote.find(b"-----BEGIN CERTIFICATE-----")
    if len(quote) < 48 or start < 0:
        raise Failed("evidence", "a quote without a PCK certificate chain")
    (pck, *_) = certificates.chain(quote[start:].rstrip(b"\0"), "quote")
    tee = {0x81: "tdx", 0x00: "sgx"}.get(int.from_bytes(quote[4:8], "little"))
    authority = next((one for one in ("Platform", "Processor") if one in pck.issuer.rfc4514_string()), None)
    if tee is None or authority is None:
        raise Failed("evidence", "a quote of an unknown kind")
    return Dcap(tee, _fmspc(pck), authority.lower())


def _fmspc(pck: x509.Certificate) -> bytes:
    try:
        extension = pck.extensions.get_extension_for_oid(_SGX_EXTENSION).value
        members = der.decode(extension.public_bytes()).children
    except (x509.ExtensionNotFound, x509.DuplicateExtension, ValueError) as error:
        raise Failed("evidence", "PCK certificate without SGX extension") from error
    for member in members:
        pair = member.children
        if len(pair) == 2 and pair[0].content == _FMSPC and len(pair[1].content) == 6:
            return pair[1].content
    raise Failed("evidence", "PCK certificate without FMSPC")


def from_report(report: bytes, leaf: bytes | None) -> SevSnp:
    """Return what an SNP report is about; `leaf` is the VLEK when such a key signed it. Raises Failed `evidence`."""
    if len(report) != REPORT_BYTES:
        raise Failed("evidence", f"a report of {len(report)} bytes")
    product = product_of(report[_CPUID], report[_CPUID + 1])
    if int.from_bytes(report[0:4], "little") < 3 or product is None:
        raise Failed("evidence", "a report that does not name its processor; configure product, chip_id and tcb")
    chip_id = report[_CHIP_ID : _CHIP_ID + 64]
    if product == "Turin":
        chip_id = chip_id[:8]
    vlek = report[_FLAGS] >> 2 & 7 == 1
    if vlek and leaf is None:
        raise Failed("evidence", "a VLEK-signed report; configure the certificate that the cloud operator handed out")
    return SevSnp(product, chip_id, tcb_of(product, report[_REPORTED_TCB : _REPORTED_TCB + 8]), leaf if vlek else None)


def product_of(family: int, model: int) -> str | None:
    """Return AMD's product name for a CPUID family and model (AMD SEV-SNP Firmware ABI, report version 3)."""
    match family, model >> 4:
        case 0x19, 0x0:
            return "Milan"
        case 0x19, 0x1 | 0xA:
            return "Genoa"
        case 0x1A, 0x0 | 0x1:
            return "Turin"
    return None


def tcb_of(product: str, raw: bytes) -> dict[str, int]:
    """Return the components of an 8-byte TCB version; Turin has another layout than its forerunners."""
    if product == "Turin":
        return {"fmc": raw[0], "bootloader": raw[1], "tee": raw[2], "snp": raw[3], "microcode": raw[7]}
    return {"bootloader": raw[0], "tee": raw[1], "snp": raw[6], "microcode": raw[7]}
