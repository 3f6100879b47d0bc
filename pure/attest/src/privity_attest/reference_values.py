"""What a release says of the platforms it runs on: values that genuine evidence must show. Source: specs/release.md.

Each kind has its own closed section; a kind without a section is not part of the release.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from typing import Final

from privity_protocol.binding import NAME
from privity_protocol.errors import Malformed

from privity_attest.platforms import PART
from privity_attest.schema import ascending, digest, integer, list_of, map_of, required, section, text

_DIGESTS_32: Final = ascending(digest(32))
_DIGESTS_48: Final = ascending(digest(48))
_REGISTER: Final = "[0-9]|[12][0-9]|3[01]"
_PARTS: Final = ascending(text(64, PART))


@dataclass(frozen=True, slots=True)
class Shape:
    """A machine shape of a TDX release: MRTD and RTMR0 belong together, for firmware and machine decide both."""

    name: str = required(text(64, NAME))
    mrtd: bytes = required(digest(48))
    rtmr0: bytes = required(digest(48))


@dataclass(frozen=True, slots=True)
class TdxValues:
    """Intel TDX: shapes, and the registers that the image decides."""

    shapes: tuple[Shape, ...] = required(list_of(section(Shape)))
    rtmr1: tuple[bytes, ...] = required(_DIGESTS_48)
    rtmr2: tuple[bytes, ...] = required(_DIGESTS_48)
    mrconfigid: tuple[bytes, ...] = required(_DIGESTS_48)


@dataclass(frozen=True, slots=True)
class SgxValues:
    """Intel SGX."""

    mrenclave: tuple[bytes, ...] = required(_DIGESTS_32)


@dataclass(frozen=True, slots=True)
class SnpValues:
    """AMD SEV-SNP: launch digests per vCPU type and count, and HOST_DATA where the image sets it."""

    measurement: tuple[bytes, ...] = required(_DIGESTS_48)
    host_data: tuple[bytes, ...] = required(_DIGESTS_32)


@dataclass(frozen=True, slots=True)
class NitroValues:
    """AWS Nitro: the image's registers by index."""

    pcrs: Mapping[str, tuple[bytes, ...]] = required(map_of(_DIGESTS_48, _REGISTER))


@dataclass(frozen=True, slots=True)
class SimTpmValues:
    """A measured boot under emulation: SHA-256 registers by index."""

    pcrs: Mapping[str, tuple[bytes, ...]] = required(map_of(_DIGESTS_32, _REGISTER))


@dataclass(frozen=True, slots=True)
class Golden:
    """Golden measurements of one RIM file (by the SHA-256 of its XML): SPDM index to the hashes that are active.

    The file describes `device` (a chip) in `version` of its driver or VBIOS; its signers end at `expires` (Unix
    seconds).
    """

    device: str = required(text(64, PART))
    version: str = required(text(64, PART))
    expires: int = required(integer())
    rim: bytes = required(digest(32))
    values: Mapping[str, tuple[bytes, ...]] = required(map_of(_DIGESTS_48, "[1-9][0-9]{0,2}", most=255))


@dataclass(frozen=True, slots=True)
class GpuValues:
    """NVIDIA GPUs and switches that belong to the machine."""

    count: int = required(integer(most=16))
    switches: int = required(integer(most=16))
    device_kinds: tuple[str, ...] = required(_PARTS)
    drivers: tuple[str, ...] = required(_PARTS)
    vbios: tuple[str, ...] = required(_PARTS)
    firmware_ids: tuple[bytes, ...] = required(_DIGESTS_48)
    golden: tuple[Golden, ...] = required(list_of(section(Golden), most=16))


@dataclass(frozen=True, slots=True)
class Platforms:
    """The sections of a release, None where it does not run on that kind."""

    simulated: Mapping[int, bytes] | None = field(default=None, metadata={"read": map_of(digest(48), _REGISTER)})
    tdx: TdxValues | None = field(default=None, metadata={"read": section(TdxValues)})
    sgx: SgxValues | None = field(default=None, metadata={"read": section(SgxValues)})
    sev_snp: SnpValues | None = field(default=None, metadata={"read": section(SnpValues)})
    nitro: NitroValues | None = field(default=None, metadata={"read": section(NitroValues)})
    sim_tpm: SimTpmValues | None = field(default=None, metadata={"read": section(SimTpmValues)})
    gpu: GpuValues | None = field(default=None, metadata={"read": section(GpuValues)})


def decode(value: object) -> Platforms:
    """Return the platforms in `value` (decoded JSON), at least one. Raises Malformed."""
    readers = {one.name: one.metadata["read"] for one in fields(Platforms)}
    if not isinstance(value, dict) or not value or not value.keys() <= readers.keys():
        raise Malformed("member_value", "platforms")
    found = {name: readers[name](one, f"platforms.{name}") for name, one in value.items()}
    if "simulated" in found:
        if not found["simulated"]:
            raise Malformed("member_value", "registers")
        found["simulated"] = {int(index): register for index, register in found["simulated"].items()}
    return Platforms(**found)
