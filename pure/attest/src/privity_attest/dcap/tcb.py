"""TCB info and QE identity: Intel's two signed documents as values.

Source: Intel "Provisioning Certification Service API" version 4 (TCB info version 3, enclave identity version 2).
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, Generic, TypeVar

from privity_attest.dcap.intel_json import (
    IntelJsonError,
    Object,
    bytes_of,
    decode,
    integer_of,
    list_of,
    member,
    text_of,
    time_of,
)

COMPONENTS: Final = 16
MAX_LEVELS: Final = 64
MAX_IDENTITIES: Final = 32
MAX_ADVISORIES: Final = 256
STATUS: Final = frozenset(
    {
        "UpToDate",
        "SWHardeningNeeded",
        "ConfigurationNeeded",
        "ConfigurationAndSWHardeningNeeded",
        "OutOfDate",
        "OutOfDateConfigurationNeeded",
        "Revoked",
    }
)
_LARGEST: Final = 2**32 - 1
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Level(Generic[T]):
    """One level: what it demands, its date in Unix seconds, its status, and advisories that concern it."""

    demands: T
    date: int
    status: str
    advisories: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Components:
    """SVNs that a platform level demands; `tdx` is empty for SGX."""

    sgx: bytes
    pcesvn: int
    tdx: bytes


@dataclass(frozen=True, slots=True)
class Module:
    """A TDX module: signer and masked attributes, and the levels of its SVN (none for the base module)."""

    id: str
    mrsigner: bytes
    attributes: bytes
    mask: bytes
    levels: tuple[Level[int], ...]


@dataclass(frozen=True, slots=True)
class TcbInfo:
    """TCB info of one platform type (FMSPC)."""

    id: str
    issued: int
    next_update: int
    evaluation: int
    fmspc: bytes
    pceid: bytes
    levels: tuple[Level[Components], ...]
    base_module: Module | None
    modules: tuple[Module, ...]


@dataclass(frozen=True, slots=True)
class QeIdentity:
    """The quoting enclave that Intel wants."""

    id: str
    issued: int
    next_update: int
    evaluation: int
    miscselect: bytes
    miscselect_mask: bytes
    attributes: bytes
    attributes_mask: bytes
    mrsigner: bytes
    prodid: int
    levels: tuple[Level[int], ...]


def tcb_info(text: bytes) -> TcbInfo:
    """Return the TCB info in `text`, whose signature the caller has checked. Raises IntelJsonError."""
    value = _document(text, version=3)
    if integer_of(member(value, "tcbType"), _LARGEST) != 0:
        raise IntelJsonError("tcbType")
    name = text_of(member(value, "id"), 16)
    tdx = name == "TDX"
    base = Module("TDX", *_signer(member(value, "tdxModule")), ()) if tdx else None
    modules = list_of(value.get("tdxModuleIdentities", []), MAX_IDENTITIES) if tdx else []
    return TcbInfo(
        id=name,
        issued=time_of(member(value, "issueDate")),
        next_update=time_of(member(value, "nextUpdate")),
        evaluation=integer_of(member(value, "tcbEvaluationDataNumber"), _LARGEST),
        fmspc=bytes_of(member(value, "fmspc"), 6),
        pceid=bytes_of(member(value, "pceId"), 2),
        levels=_levels(value, lambda tcb: _components(tcb, tdx)),
        base_module=base,
        modules=tuple(map(_module, modules)),
    )


def qe_identity(text: bytes) -> QeIdentity:
    """Return the QE identity in `text`, whose signature the caller has checked. Raises IntelJsonError."""
    value = _document(text, version=2)
    return QeIdentity(
        id=text_of(member(value, "id"), 16),
        issued=time_of(member(value, "issueDate")),
        next_update=time_of(member(value, "nextUpdate")),
        evaluation=integer_of(member(value, "tcbEvaluationDataNumber"), _LARGEST),
        miscselect=bytes_of(member(value, "miscselect"), 4),
        miscselect_mask=bytes_of(member(value, "miscselectMask"), 4),
        attributes=bytes_of(member(value, "attributes"), 16),
        attributes_mask=bytes_of(member(value, "attributesMask"), 16),
        mrsigner=bytes_of(member(value, "mrsigner"), 32),
        prodid=integer_of(member(value, "isvprodid"), 0xFFFF),
        levels=_levels(value, _isvsvn),
    )


def _document(text: bytes, version: int) -> Object:
    value = decode(text)
    if integer_of(member(value, "version"), _LARGEST) != version:
        raise IntelJsonError("version")
    return value


def _levels(value: object, demands: Callable[[object], T]) -> tuple[Level[T], ...]:
    return tuple(_level(one, demands) for one in list_of(member(value, "tcbLevels"), MAX_LEVELS))


def _level(value: object, demands: Callable[[object], T]) -> Level[T]:
    status = text_of(member(value, "tcbStatus"), 64)
    if status not in STATUS:
        raise IntelJsonError("tcbStatus")
    named = member(value, "advisoryIDs") if isinstance(value, dict) and "advisoryIDs" in value else []
    return Level(
        demands=demands(member(value, "tcb")),
        date=time_of(member(value, "tcbDate")),
        status=status,
        advisories=tuple(text_of(one, 64) for one in list_of(named, MAX_ADVISORIES)),
    )


def _components(tcb: object, tdx: bool) -> Components:
    return Components(
        sgx=_svns(member(tcb, "sgxtcbcomponents")),
        pcesvn=integer_of(member(tcb, "pcesvn"), 0xFFFF),
        tdx=_svns(member(tcb, "tdxtcbcomponents")) if tdx else b"",
    )


def _svns(value: object) -> bytes:
    entries = list_of(value, COMPONENTS)
    if len(entries) != COMPONENTS:
        raise IntelJsonError("components")
    found = [member(entry, "svn") for entry in entries]
    if {type(one) for one in found} != {int}:
        raise IntelJsonError("svn")
    try:
        return bytes(found)  # type: ignore[arg-type]
    except ValueError as error:
        raise IntelJsonError("svn") from error


def _isvsvn(tcb: object) -> int:
    return integer_of(member(tcb, "isvsvn"), 0xFFFF)


def _module(value: object) -> Module:
    return Module(text_of(member(value, "id"), 16), *_signer(value), _levels(value, _isvsvn))


def _signer(value: object) -> tuple[bytes, bytes, bytes]:
    return (
        bytes_of(member(value, "mrsigner"), 48),
        bytes_of(member(value, "attributes"), 8),
        bytes_of(member(value, "attributesMask"), 8),
    )
