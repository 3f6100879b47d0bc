"""The attestation report, versions 2 to 5. Source: AMD 56860, SEV-SNP Firmware ABI, table ATTESTATION_REPORT.

Version 3 added the processor's CPUID, version 5 two vectors of mitigations. Version 4 is in the field but not in the
ABI; its fields are those of version 3. Reserved bytes that the firmware signed are left to the firmware; those after
the signature are signed by nobody and must be zero.
"""

from dataclasses import dataclass
from typing import Final

SIZE: Final = 1184
VERSIONS: Final = range(2, 6)
WITH_CPUID: Final = 3
"""Version from which the report names family, model and stepping."""
WITH_MITIGATIONS: Final = 5
ECDSA_P384_SHA384: Final = 1
VCEK, VLEK = 0, 1
HALF: Final = 48  # bytes of r and s that are used of the 72 each has
_SIGNED: Final = 0x2A0
_FIELD: Final = 72


class ReportError(Exception):
    """The bytes are no report that this reader knows; `code` is the appraisal reason of stage 2."""

    def __init__(self, code: str) -> None:
        self.code = code
        super().__init__(code)


@dataclass(frozen=True, slots=True)
class Report:
    """A parsed, unverified report. TCB versions are their 8 bytes, whose layout depends on the product.

    `cpuid` is family, model and stepping, None before version 3. Firmware versions are major, minor and build.
    `mitigations` are the vectors at launch and now, None before version 5. `signature` is r and s, big-endian.
    """

    version: int
    guest_svn: int
    policy: int
    vmpl: int
    current_tcb: bytes
    platform_info: int
    author_key_enabled: bool
    signing_key: int
    report_data: bytes
    measurement: bytes
    host_data: bytes
    id_key_digest: bytes
    author_key_digest: bytes
    reported_tcb: bytes
    cpuid: tuple[int, int, int] | None
    chip_id: bytes
    committed_tcb: bytes
    current_firmware: tuple[int, int, int]
    committed_firmware: tuple[int, int, int]
    launch_tcb: bytes
    mitigations: tuple[int, int] | None
    signed: bytes
    signature: bytes


def decode(data: bytes) -> Report:
    """Return the report whose bytes are exactly `data`.

    Raises ReportError: `malformed`, `trailing_data`, `unsupported_version`, `unsupported_algorithm`.
    """
    if len(data) != SIZE:
        raise ReportError("trailing_data" if len(data) > SIZE else "malformed")
    version, flags = _u32(data, 0x00), _u32(data, 0x48)
    if version not in VERSIONS:
        raise ReportError("unsupported_version")
    if _u32(data, 0x34) != ECDSA_P384_SHA384:
        raise ReportError("unsupported_algorithm")
    return Report(
        version=version,
        guest_svn=_u32(data, 0x04),
        policy=_u64(data, 0x08),
        vmpl=_u32(data, 0x30),
        current_tcb=data[0x38:0x40],
        platform_info=_u64(data, 0x40),
        author_key_enabled=bool(flags & 1),
        signing_key=flags >> 2 & 7,
        report_data=data[0x50:0x90],
        measurement=data[0x90:0xC0],
        host_data=data[0xC0:0xE0],
        id_key_digest=data[0xE0:0x110],
        author_key_digest=data[0x110:0x140],
        reported_tcb=data[0x180:0x188],
        cpuid=(data[0x188], data[0x189], data[0x18A]) if version >= WITH_CPUID else None,
        chip_id=data[0x1A0:0x1E0],
        committed_tcb=data[0x1E0:0x1E8],
        current_firmware=(data[0x1EA], data[0x1E9], data[0x1E8]),
        committed_firmware=(data[0x1EE], data[0x1ED], data[0x1EC]),
        launch_tcb=data[0x1F0:0x1F8],
        mitigations=(_u64(data, 0x1F8), _u64(data, 0x200)) if version >= WITH_MITIGATIONS else None,
        signed=data[:_SIGNED],
        signature=_signature(data[_SIGNED:]),
    )


def _signature(area: bytes) -> bytes:
    """Return r and s as ECDSA signatures are written elsewhere; the ABI writes them little-endian in 72 bytes each."""
    r, s, rest = area[:_FIELD], area[_FIELD : 2 * _FIELD], area[2 * _FIELD :]
    if any(r[HALF:]) or any(s[HALF:]) or any(rest):
        raise ReportError("malformed")
    return r[:HALF][::-1] + s[:HALF][::-1]


def _u32(data: bytes, at: int) -> int:
    return int.from_bytes(data[at : at + 4], "little")


def _u64(data: bytes, at: int) -> int:
    return int.from_bytes(data[at : at + 8], "little")
