"""How Intel rates a platform: levels in order, the module rule, and the worse of platform, module and quoting enclave.

Source: Intel "Provisioning Certification Service API" version 4, "Get TDX TCB Info" (the algorithm below the response);
the module rule as in Intel's Quote Verification Library. Judging tee_tcb_svn2 as well is ours.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from privity_attest.dcap.body import SgxReport, TdBody
from privity_attest.dcap.pck import Pck
from privity_attest.dcap.tcb import Components, Level, Module, QeIdentity, TcbInfo

UP_TO_DATE: Final = "UpToDate"
OUT_OF_DATE: Final = "OutOfDate"
REVOKED: Final = "Revoked"
PLATFORM: Final = "platform"
QE: Final = "QE"
_OLD, _CONFIGURATION, _SOFTWARE = 4, 2, 1
# A status is a set of shortcomings; the worse of two is their union. Software hardening is not named once it is old.
_SHORTCOMINGS: Final = {
    UP_TO_DATE: 0,
    "SWHardeningNeeded": _SOFTWARE,
    "ConfigurationNeeded": _CONFIGURATION,
    "ConfigurationAndSWHardeningNeeded": _CONFIGURATION | _SOFTWARE,
    OUT_OF_DATE: _OLD,
    "OutOfDateConfigurationNeeded": _OLD | _CONFIGURATION,
}
_NAMED: Final = {bits: name for name, bits in _SHORTCOMINGS.items()}


@dataclass(frozen=True, slots=True)
class Rated:
    """One part that has a level: its name, its status, the level's date, its advisories."""

    part: str
    status: str
    date: int
    advisories: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Rating:
    """`status` is the worst of `parts`, `advisories` all of theirs without repetition, in order.

    `relaunch` is Intel's TDRelaunchAdvised: only the module that launched the domain is old, today's is current.
    """

    status: str
    advisories: tuple[str, ...]
    parts: tuple[Rated, ...]
    relaunch: bool


def worse(first: str, second: str) -> str:
    """Return the status of something of which one part has status `first` and another `second`."""
    if REVOKED in (first, second):
        return REVOKED
    bits = _SHORTCOMINGS[first] | _SHORTCOMINGS[second]
    return _NAMED[bits & ~_SOFTWARE if bits & _OLD else bits]


def rating(parts: Sequence[Rated], *, relaunch: bool) -> Rating:
    """Return the rating of a platform with these parts."""
    status = UP_TO_DATE
    for part in parts:
        status = worse(status, part.status)
    advisories = dict.fromkeys(advisory for part in parts for advisory in part.advisories)
    return Rating(status, tuple(advisories), tuple(parts), relaunch)


def relaunch_advised(info: TcbInfo, pck: Pck, body: TdBody | SgxReport, qe: Rated | None) -> bool:
    """Return whether a domain is out of date only because its module was replaced after its launch.

    As Intel does, the platform is judged by its SGX components alone: the others are those of the launch.
    """
    if isinstance(body, SgxReport) or body.tee_tcb_svn2 is None:
        return False
    launched, now = module_of(info, body.tee_tcb_svn), module_of(info, body.tee_tcb_svn2)
    if launched is None or now is None or not info.levels:
        return False
    module = rate_svn(launched.id, launched.levels, body.tee_tcb_svn[0])
    platform = rate_platform(info, pck, b"")
    if module is None or module.status != OUT_OF_DATE or any(map(_is_old, (platform, qe))):
        return False
    newest = info.levels[0].demands.tdx
    least = now.levels[0].demands if now.levels else newest[0]
    return body.tee_tcb_svn2[0] >= least and body.tee_tcb_svn2[2] >= newest[2]


def _is_old(part: Rated | None) -> bool:
    return part is None or part.status == REVOKED or bool(_SHORTCOMINGS[part.status] & _OLD)


def module_id(svn: bytes) -> str:
    """Return the identity that judges the module of `svn`, the 16 bytes of a TEE_TCB_SVN."""
    return f"TDX_{svn[1]:02X}"


def module_of(info: TcbInfo, svn: bytes) -> Module | None:
    """Return the module that the document describes for `svn`: the base one where byte 1 is zero."""
    if svn[1] == 0:
        return info.base_module
    wanted = module_id(svn)
    return next((one for one in info.modules if one.id.upper() == wanted), None)


def module_faults(module: Module, body: TdBody) -> tuple[str, ...]:
    """Return in what the module of `body` differs from the one that Intel describes."""
    masked = bytes(byte & mask for byte, mask in zip(body.seamattributes, module.mask, strict=True))
    faults = {"mrsigner": body.mrsignerseam != module.mrsigner, "attributes": masked != module.attributes}
    return tuple(name for name, wrong in faults.items() if wrong)


def qe_faults(identity: QeIdentity, qe: SgxReport) -> tuple[str, ...]:
    """Return in what the quoting enclave differs from the one that Intel describes."""
    faults = {
        "miscselect": _masked(qe.miscselect, identity.miscselect_mask) != identity.miscselect,
        "attributes": _masked(qe.attributes, identity.attributes_mask) != identity.attributes,
        "mrsigner": qe.mrsigner != identity.mrsigner,
        "prodid": qe.prodid != identity.prodid,
    }
    return tuple(name for name, wrong in faults.items() if wrong)


def _masked(value: bytes, mask: bytes) -> bytes:
    return bytes(byte & bit for byte, bit in zip(value, mask, strict=True))


def rate_platform(info: TcbInfo, pck: Pck, svn: bytes) -> Rated | None:
    """Return the first level that the platform reaches; `svn` is its TEE_TCB_SVN, empty for SGX."""
    for level in info.levels:
        if _reaches(level.demands, pck, svn):
            return _rated(PLATFORM, level)
    return None


def rate_svn(part: str, levels: Sequence[Level[int]], isvsvn: int) -> Rated | None:
    """Return the first level of `part` (a module or the quoting enclave) that `isvsvn` reaches."""
    for level in levels:
        if isvsvn >= level.demands:
            return _rated(part, level)
    return None


def svns(body: TdBody | SgxReport) -> Iterator[bytes]:
    """Yield the TEE_TCB_SVNs of a trust domain, one of TD 1.0 and two of TD 1.5; one empty for an enclave."""
    if isinstance(body, SgxReport):
        yield b""
        return
    yield body.tee_tcb_svn
    if body.tee_tcb_svn2 is not None and body.tee_tcb_svn2 != body.tee_tcb_svn:
        yield body.tee_tcb_svn2


def _reaches(demands: Components, pck: Pck, svn: bytes) -> bool:
    if pck.pcesvn < demands.pcesvn or not _at_least(pck.components, demands.sgx):
        return False
    if not svn:
        return True
    # The module is judged by its own identity where it has one: its two bytes say nothing of the platform then.
    first = 2 if svn[1] > 0 else 0
    return _at_least(svn[first:], demands.tdx[first:])


def _at_least(found: bytes, demanded: bytes) -> bool:
    return all(one >= least for one, least in zip(found, demanded, strict=True))


def _rated(part: str, level: "Level[int] | Level[Components]") -> Rated:
    return Rated(part, level.status, level.date, level.advisories)
