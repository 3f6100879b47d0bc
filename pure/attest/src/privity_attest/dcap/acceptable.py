"""Stage 7 of tdx and sgx, and what both policies say of it: is Intel's rating of this platform good enough?

Sources: Intel "Provisioning Certification Service API" version 4; specs/policy.md for what is demanded.
"""

from collections.abc import Mapping
from typing import Final

from privity_attest.case import Case, Finding, NotChecked, Remembered, Run, fails
from privity_attest.dcap import tcb
from privity_attest.dcap.body import TdBody
from privity_attest.dcap.collateral import TEXTS
from privity_attest.dcap.genuine import signed_by
from privity_attest.dcap.intel_json import IntelJsonError
from privity_attest.dcap.rating import (
    OUT_OF_DATE,
    QE,
    Rated,
    module_faults,
    module_id,
    module_of,
    qe_faults,
    rate_platform,
    rate_svn,
    rating,
    relaunch_advised,
    svns,
    worse,
)
from privity_attest.schema import Unchecked

DAY: Final = 86_400
_IDS: Final = {"tdx": ("TDX", "TD_QE"), "sgx": ("SGX", "QE")}
RELAUNCH: Final = "tcb_status:TDRelaunchAdvised"


def debug(case: Case) -> Finding:
    """What the host may read is no enclave."""
    return fails(case.dcap.quote.body.debug, "debug_enabled")


def collateral_signature(case: Case) -> Finding:
    """Intel signed both documents, byte for byte."""
    given = case.dcap.collateral
    return tuple(
        f"collateral_signature:{name}"
        for name in TEXTS
        if not signed_by(
            case.dcap.issuers[f"{name}_issuer_chain"][0].key, getattr(given, name), getattr(given, f"{name}_signature")
        )
    )


def collateral_content(case: Case) -> Finding:
    """Parse both documents, whose signatures passed; each is of the kind of this quote."""
    wanted_tcb, wanted_qe = _IDS[case.kind or ""]
    faults: list[str] = []
    try:
        case.dcap.tcb_info = tcb.tcb_info(case.dcap.collateral.tcb_info)
        faults += fails(case.dcap.tcb_info.id != wanted_tcb, "collateral_mismatch:tcb_info")
    except IntelJsonError:
        faults.append("collateral_mismatch:tcb_info")
    try:
        case.dcap.qe_identity = tcb.qe_identity(case.dcap.collateral.qe_identity)
        faults += fails(case.dcap.qe_identity.id != wanted_qe, "collateral_mismatch:qe_identity")
    except IntelJsonError:
        faults.append("collateral_mismatch:qe_identity")
    if not faults:
        case.ends += [case.dcap.tcb_info.next_update, case.dcap.qe_identity.next_update]
    return tuple(faults)


def collateral_dates(case: Case) -> Finding:
    """Both documents hold now."""
    documents = _documents(case)
    return (
        *(f"collateral_expired:{name}" for name, one in documents.items() if case.now > one.next_update),
        *(f"collateral_not_yet_valid:{name}" for name, one in documents.items() if case.now < one.issued),
    )


def collateral_age(case: Case) -> Finding:
    """Both documents are as young as the policy wants."""
    oldest = case.policy.max_collateral_age
    if isinstance(oldest, Unchecked):
        return NotChecked(f"unchecked_by_policy:{oldest.reason}")
    return tuple(
        f"collateral_too_old:{name}" for name, one in _documents(case).items() if case.now - one.issued > oldest
    )


def collateral_platform(case: Case) -> Finding:
    """The TCB info is that of this platform's type."""
    return (
        *fails(case.dcap.tcb_info.fmspc != case.dcap.pck.fmspc, "collateral_mismatch:fmspc"),
        *fails(case.dcap.tcb_info.pceid != case.dcap.pck.pceid, "collateral_mismatch:pceid"),
    )


def collateral_rollback(case: Case) -> Finding:
    """Nothing is older than what this client has already accepted."""
    authority = f"dcap/{case.path[-1].pin.hex()}"
    names = {
        "tcb_info": f"{authority}/{case.dcap.tcb_info.id}/{case.dcap.tcb_info.fmspc.hex()}",
        "qe_identity": f"{authority}/{case.dcap.qe_identity.id}",
    }
    seen: list[tuple[Remembered, str, int]] = list(case.seen)
    for name, one in _documents(case).items():
        seen += [("tcb_evaluation", names[name], one.evaluation), ("issue_dates", names[name], one.issued)]
    case.seen = seen
    older = dict.fromkeys(
        f"collateral_rollback:{member}"
        for member, name, number in seen
        if number < getattr(case.memory, member).get(name, 0)
    )
    return tuple(older)


def qe_identity(case: Case) -> Finding:
    """The quoting enclave is the one that Intel describes."""
    return tuple(f"qe_identity:{fault}" for fault in qe_faults(case.dcap.qe_identity, case.dcap.quote.qe))


def module_identity(case: Case) -> Finding:
    """The TDX module is one that Intel describes; one that it does not know fails."""
    body = case.dcap.quote.body
    if not isinstance(body, TdBody):
        return NotChecked("not_applicable:sgx")
    faults: dict[str, None] = {}
    for svn in svns(body):
        module = module_of(case.dcap.tcb_info, svn)
        if module is None:
            faults[f"module_identity:{module_id(svn)}"] = None
        else:
            faults |= dict.fromkeys(f"module_identity:{fault}" for fault in module_faults(module, body))
    return tuple(faults)


def tcb_level(case: Case) -> Finding:
    """Platform, module and quoting enclave each reach a level; what reaches none is not rated at all."""
    body = case.dcap.quote.body
    missing: dict[str, None] = {}
    parts: list[Rated] = []
    for svn in svns(body):
        rated = [("", rate_platform(case.dcap.tcb_info, case.dcap.pck, svn))]
        module = module_of(case.dcap.tcb_info, svn) if svn else None
        if module is not None and module is not case.dcap.tcb_info.base_module:
            rated.append((f":{module_id(svn)}", rate_svn(module_id(svn), module.levels, svn[0])))
        for detail, one in rated:
            if one is None:
                missing[f"tcb_no_matching_level{detail}"] = None
            else:
                parts.append(one)
    quoting = rate_svn(QE, case.dcap.qe_identity.levels, case.dcap.quote.qe.isvsvn)
    if quoting is None:
        missing[f"tcb_no_matching_level:{QE}"] = None
    else:
        parts.append(quoting)
    relaunch = relaunch_advised(case.dcap.tcb_info, case.dcap.pck, body, quoting)
    case.dcap.rating = rating(parts, relaunch=relaunch)
    return tuple(missing)


def status_of(case: Case, allowed: tuple[str, ...], grace_days: int) -> Finding:
    """The worst status is allowed; a part that Intel calls out of date counts as up to date for `grace_days`.

    They begin at the date of the level that the part reaches. Where a relaunch would help, that is said as well.
    """
    status = "UpToDate"
    for part in case.dcap.rating.parts:
        excused = part.status == OUT_OF_DATE and case.now <= part.date + grace_days * DAY and grace_days > 0
        status = worse(status, "UpToDate" if excused else part.status)
    if status in allowed:
        return ()
    return (f"tcb_status:{status}", *fails(case.dcap.rating.relaunch, RELAUNCH))


def _documents(case: Case) -> "dict[str, tcb.TcbInfo | tcb.QeIdentity]":
    return {"tcb_info": case.dcap.tcb_info, "qe_identity": case.dcap.qe_identity}


CHECKS: Final[Mapping[str, Run]] = {
    "debug": debug,
    "collateral_signature": collateral_signature,
    "collateral_content": collateral_content,
    "collateral_dates": collateral_dates,
    "collateral_age": collateral_age,
    "collateral_platform": collateral_platform,
    "collateral_rollback": collateral_rollback,
    "qe_identity": qe_identity,
    "tcb_level": tcb_level,
}
