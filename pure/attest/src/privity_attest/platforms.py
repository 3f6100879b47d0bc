"""The policy's sections for hardware kinds. Source: specs/policy.md.

All of them are read in full, although only the simulated kind is appraised so far: a policy has one format.
"""

# ruff: noqa: RUF009 - required() and may_be_unchecked() return dataclass fields: the schema is the class

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from privity_protocol.binding import NAME

from privity_attest.schema import (
    Unchecked,
    boolean,
    digest,
    from_release_or,
    integer,
    list_of,
    map_of,
    may_be_unchecked,
    one_of,
    required,
    section,
    text,
)

TCB_STATUS: Final = (
    "UpToDate",
    "SWHardeningNeeded",
    "ConfigurationNeeded",
    "ConfigurationAndSWHardeningNeeded",
    "OutOfDate",
    "OutOfDateConfigurationNeeded",
)  # "Revoked" is no choice: it is never acceptable
_ADVISORY = r"INTEL-[A-Z]+-[0-9]{5}"
_STATUS = list_of(one_of(*TCB_STATUS))
_BITS = list_of(integer(most=63))
_DIGESTS_48 = list_of(digest(48))
_DIGESTS_32 = list_of(digest(32))
_MEASUREMENTS = list_of(digest(32, 48, 64))
_NAMES = list_of(text(64, NAME))
PART: Final = "[A-Za-z0-9][A-Za-z0-9._-]*"
"""How NVIDIA writes chips and versions: `GH100`, `550.90.07`, `96.00.9F.00.01`."""
_PARTS = list_of(text(64, PART))


@dataclass(frozen=True, slots=True)
class Attributes:
    """Bits of tdattributes: those that must be set, must not be set, and may be either; all others refuse."""

    must: tuple[int, ...] = required(_BITS)
    never: tuple[int, ...] = required(_BITS)
    may: tuple[int, ...] = required(_BITS)


@dataclass(frozen=True, slots=True)
class PckConfiguration:
    """What a multi-package or cloud PCK certificate may say of its platform."""

    dynamic_platform: bool = required(boolean)
    cached_keys: bool = required(boolean)
    smt: bool = required(boolean)


@dataclass(frozen=True, slots=True)
class Tdx:
    """Intel TDX."""

    allowed_status: tuple[str, ...] = required(_STATUS)
    grace_days: int = required(integer(most=90))
    refused_advisories: tuple[str, ...] = required(list_of(text(32, _ADVISORY)))
    min_tcb_evaluation: int | Unchecked = may_be_unchecked(integer())
    min_module_isvsvn: Mapping[str, int] | Unchecked = may_be_unchecked(map_of(integer(most=255), "TDX_[0-9A-F]{2}"))
    mrseam: tuple[bytes, ...] | Unchecked = may_be_unchecked(_DIGESTS_48)
    attributes: Attributes = required(section(Attributes))
    xfam_allowed: bytes = required(digest(8))
    require_zero: tuple[str, ...] = required(list_of(one_of("mrservicetd", "mrowner", "mrownerconfig")))
    shapes: str | tuple[str, ...] | Unchecked = may_be_unchecked(from_release_or(_NAMES))
    rtmr1: str | tuple[bytes, ...] | Unchecked = may_be_unchecked(from_release_or(_DIGESTS_48))
    rtmr2: str | tuple[bytes, ...] | Unchecked = may_be_unchecked(from_release_or(_DIGESTS_48))
    rtmr3: str | Unchecked = may_be_unchecked(one_of("by_replay"))
    mrconfigid: str | tuple[bytes, ...] | Unchecked = may_be_unchecked(from_release_or(_DIGESTS_48))
    pck_types: tuple[int, ...] | Unchecked = may_be_unchecked(list_of(integer(most=2)))
    pck_configuration: PckConfiguration | Unchecked = may_be_unchecked(section(PckConfiguration))


@dataclass(frozen=True, slots=True)
class Signer:
    """An SGX enclave named by its signer instead of its measurement."""

    mrsigner: bytes = required(digest(32))
    prodid: int = required(integer(most=0xFFFF))
    min_isvsvn: int = required(integer(most=0xFFFF))


@dataclass(frozen=True, slots=True)
class Sgx:
    """Intel SGX. Debug is always refused."""

    allowed_status: tuple[str, ...] = required(_STATUS)
    mrenclave: str | tuple[bytes, ...] | Unchecked = may_be_unchecked(from_release_or(_DIGESTS_32))
    signers: tuple[Signer, ...] | Unchecked = may_be_unchecked(list_of(section(Signer)))


@dataclass(frozen=True, slots=True)
class Snp:
    """AMD SEV-SNP."""

    generations: tuple[str, ...] = required(list_of(one_of("milan", "genoa", "turin")))
    min_report_version: int | Unchecked = may_be_unchecked(integer(least=2, most=16))
    min_tcb: Mapping[str, Mapping[str, int]] | Unchecked = may_be_unchecked(
        map_of(map_of(integer(most=255), "fmc|bootloader|tee|snp|microcode"), "milan|genoa|turin")
    )
    min_abi: Mapping[str, tuple[int, ...]] | Unchecked = may_be_unchecked(
        map_of(list_of(integer(most=255), most=2), "milan|genoa|turin")
    )
    policy_must: tuple[int, ...] = required(_BITS)
    policy_must_not: tuple[int, ...] = required(_BITS)
    platform_info_must: tuple[int, ...] | Unchecked = may_be_unchecked(_BITS)
    platform_info_must_not: tuple[int, ...] | Unchecked = may_be_unchecked(_BITS)
    vmpl: tuple[int, ...] = required(list_of(integer(most=3)))
    allow_vlek: bool = required(boolean)
    allow_masked_chip: bool = required(boolean)
    measurement: str | tuple[bytes, ...] = required(from_release_or(_DIGESTS_48))
    host_data: str | tuple[bytes, ...] | Unchecked = may_be_unchecked(from_release_or(_DIGESTS_32))
    id_keys: tuple[bytes, ...] | Unchecked = may_be_unchecked(_DIGESTS_48)
    author_keys: tuple[bytes, ...] | Unchecked = may_be_unchecked(_DIGESTS_48)


@dataclass(frozen=True, slots=True)
class Nitro:
    """AWS Nitro Enclaves: PCR index to how it is judged."""

    pcrs: Mapping[str, str | tuple[bytes, ...] | Unchecked] = required(
        map_of(lambda value, what: _pcr(value, what), "[0-9]|[12][0-9]|3[01]")
    )


@dataclass(frozen=True, slots=True)
class Gpu:
    """NVIDIA GPUs and switches; none is an explicit 0."""

    count: str | int = required(from_release_or(integer(most=16)))
    switches: str | int = required(from_release_or(integer(most=16)))
    device_kinds: str | tuple[str, ...] | Unchecked = may_be_unchecked(from_release_or(_PARTS))
    drivers: str | tuple[str, ...] | Unchecked = may_be_unchecked(from_release_or(_PARTS))
    vbios: str | tuple[str, ...] | Unchecked = may_be_unchecked(from_release_or(_PARTS))
    firmware_ids: str | tuple[bytes, ...] | Unchecked = may_be_unchecked(from_release_or(_DIGESTS_48))
    golden: str | tuple[bytes, ...] | Unchecked = may_be_unchecked(from_release_or(_DIGESTS_32))
    require_ocsp: bool | Unchecked = may_be_unchecked(boolean)
    allow_hold: bool = required(boolean)
    rim_expired_days: int | Unchecked = may_be_unchecked(integer(most=3650))


@dataclass(frozen=True, slots=True)
class Arm:
    """PSA and CCA tokens: nothing is accepted until it is named."""

    implementation_ids: tuple[bytes, ...] | Unchecked = may_be_unchecked(_DIGESTS_32)
    lifecycle: tuple[int, ...] = required(list_of(integer(most=0xFFFF)))
    components: tuple[bytes, ...] | Unchecked = may_be_unchecked(_MEASUREMENTS)
    partitions: tuple[int, ...] | Unchecked = may_be_unchecked(list_of(integer()))
    rim: tuple[bytes, ...] | Unchecked = may_be_unchecked(_MEASUREMENTS)
    rem: tuple[bytes, ...] | Unchecked = may_be_unchecked(_MEASUREMENTS)


def _pcr(value: object, what: str) -> object:
    if isinstance(value, dict) and value.keys() == {"unchecked"}:
        return Unchecked(str(text(200)(value["unchecked"], what)))
    return value if value == "by_replay" else from_release_or(_DIGESTS_48)(value, what)
