"""An attack on SEV-SNP as data: one change to a fake AMD machine, and the helpers that make such changes."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from hashlib import sha256
from typing import Any

from cryptography import x509
from privity_attest.testing import amd
from privity_attest.testing.amd import CHIP, SnpMachine
from privity_attest.testing.node import NodeHooks

DAY = amd.DAY
VENDOR = amd.vendor()
LEAF = amd.endorsement(VENDOR.ask)
CRL = amd.revocation_list(VENDOR.ark)
MACHINE = SnpMachine(VENDOR, LEAF, CRL)
PIN = VENDOR.ark.pin
CONFIGURATION = sha256(b'{"deploy":"local","egress":"none","v":1}').digest()
LIST = f"sev_snp/{VENDOR.ask.pin.hex()}"
FLOOR = {"bootloader": 10, "microcode": 213, "snp": 27, "tee": 0}
TURIN = bytes(amd.TURIN_LEVELS.values())
TURIN_CHIP = CHIP[:8] + bytes(56)


@dataclass(frozen=True)
class Attack:
    """What is changed and every reason that follows, in order; none when it changes nothing that matters."""

    reasons: tuple[str, ...]
    machine: Callable[[], SnpMachine] = lambda: MACHINE
    policy: Mapping[str, object] = field(default_factory=dict)
    hooks: NodeHooks = field(default_factory=NodeHooks)
    given: Mapping[str, Any] = field(default_factory=dict)


def reports(**fields: Any) -> Callable[[], SnpMachine]:
    """A machine whose firmware writes other fields."""
    return lambda: replace(MACHINE, fields=lambda report: replace(report, **fields))


def leaf(**changes: Any) -> Callable[[], SnpMachine]:
    """A machine with another certificate."""
    return lambda: replace(MACHINE, leaf=amd.endorsement(VENDOR.ask, **changes))


def issuers(**changes: Any) -> Callable[[], SnpMachine]:
    """A machine below other issuers, which sign its certificate and their list."""

    def make() -> SnpMachine:
        vendor = amd.vendor(**changes)
        return replace(MACHINE, vendor=vendor, leaf=amd.endorsement(vendor.ask), crl=amd.revocation_list(vendor.ark))

    return make


def listed(**changes: Any) -> Callable[[], SnpMachine]:
    """A machine beside another revocation list."""
    return lambda: replace(MACHINE, crl=amd.revocation_list(VENDOR.ark, **changes))


def item(label: str, data: bytes) -> NodeHooks:
    return NodeHooks(items=lambda items: {**items, label: (items[label][0], data)})


def without(label: str) -> NodeHooks:
    return NodeHooks(items=lambda items: {name: one for name, one in items.items() if name != label})


def added(label: str, media_type: str) -> NodeHooks:
    return NodeHooks(items=lambda items: {**items, label: (media_type, b"")})


def cut(label: str, start: int, data: bytes) -> NodeHooks:
    """Overwrite bytes of an item after everything was signed."""

    def change(items):
        media, old = items[label]
        return {**items, label: (media, old[:start] + data + old[start + len(data) :])}

    return NodeHooks(items=change)


def turin(**fields: Any) -> SnpMachine:
    """A Turin machine: another layout of the TCB, a chip identifier of 8 bytes."""
    certificate = amd.endorsement(VENDOR.ask, product="Turin-B0", levels=amd.TURIN_LEVELS, hwid=CHIP[:8])
    layout = {"cpuid": (0x1A, 2, 1), "reported": TURIN, "committed": TURIN, "launch": TURIN}
    return replace(
        MACHINE, leaf=certificate, chip_id=TURIN_CHIP, fields=lambda report: replace(report, **{**layout, **fields})
    )


def vlek(**changes: Any) -> SnpMachine:
    """A machine that signs with a key loaded for a cloud, its chip masked."""
    certificate = amd.endorsement(VENDOR.ask, hwid=None, cloud="CN=cloud.example", **changes)
    return replace(MACHINE, leaf=certificate, chip_id=bytes(64), fields=lambda report: replace(report, flags=1 << 2))


def extended(critical: bool) -> Callable[[x509.CertificateBuilder], x509.CertificateBuilder]:
    unknown = x509.UnrecognizedExtension(x509.ObjectIdentifier("1.2.3.4"), b"\5\0")
    return lambda builder: builder.add_extension(unknown, critical=critical)


def usage(**changes: bool) -> Callable[[x509.CertificateBuilder], x509.CertificateBuilder]:
    return lambda builder: builder.add_extension(
        x509.KeyUsage(
            **{
                **dict.fromkeys(
                    (
                        "digital_signature", "content_commitment", "key_encipherment", "data_encipherment",
                        "key_agreement", "key_cert_sign", "crl_sign", "encipher_only", "decipher_only",
                    ),
                    False,
                ),
                **changes,
            }
        ),
        critical=True,
    )  # fmt: skip


def bare(builder: x509.CertificateBuilder) -> x509.CertificateBuilder:
    return builder.add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)


def signing(builder: x509.CertificateBuilder) -> x509.CertificateBuilder:
    """An authority by its constraints, whatever its usage."""
    return builder.add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
