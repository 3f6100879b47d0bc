"""Stages 6 to 9 of tdx: is this trust domain, on this platform, the one that policy and release want?

Sources: Intel "TDX Module ABI" (TD attributes and XFAM), Intel "SGX PCK Certificate and CRL Profile"; specs/policy.md.
"""

from collections.abc import Mapping
from typing import Final

from privity_attest import event_log, measured_boot
from privity_attest.case import Case, Finding, NotChecked, Run, fails
from privity_attest.dcap import acceptable, genuine
from privity_attest.dcap.body import RTMRS, TD_DEBUG, TdBody
from privity_attest.dcap.rating import module_id, svns
from privity_attest.measured_boot import CCEL_REGISTERS, SHA384, BootLogError
from privity_attest.schema import Unchecked

BOOT_LOG: Final = "boot-log"
RUNTIME_LOG: Final = "runtime-log"
RUNTIME_RTMR: Final = 3
_ATTRIBUTE_BITS: Final = 64


def _body(case: Case) -> TdBody:
    body = case.dcap.quote.body
    if not isinstance(body, TdBody):
        raise AssertionError("quote_form lets only trust domains through")
    return body


def boot_log_form(case: Case) -> Finding:
    """Parse the log that firmware and boot loader left."""
    if not case.has(BOOT_LOG):
        return NotChecked("not_applicable:item")
    try:
        case.boot_events = measured_boot.decode(case.item(BOOT_LOG), SHA384)
    except BootLogError:
        return (f"malformed:{BOOT_LOG}",)
    strange = any(one.register > CCEL_REGISTERS[-1] for one in case.boot_events)
    return fails(strange or not _is_ccel(case), f"malformed:{BOOT_LOG}")


def _is_ccel(case: Case) -> bool:
    return case.bundle is not None and case.bundle.items[BOOT_LOG].media_type == "ccel"


def td_attributes(case: Case) -> Finding:
    """Every bit is one that the policy demands or admits; debug has a check of its own."""
    wanted = case.policy.tdx.attributes
    value = int.from_bytes(_body(case).tdattributes, "little")
    found = {bit for bit in range(_ATTRIBUTE_BITS) if value >> bit & 1}
    refused = found - {*wanted.must, *wanted.may} | found & {*wanted.never}
    faults = sorted((refused | {*wanted.must} - found) - {TD_DEBUG})
    return tuple(f"td_attributes:{bit}" for bit in faults)


def xfam(case: Case) -> Finding:
    """No processor state is enabled that the policy does not admit."""
    allowed = int.from_bytes(case.policy.tdx.xfam_allowed, "little")
    extra = int.from_bytes(_body(case).xfam, "little") & ~allowed
    return tuple(f"xfam:{bit}" for bit in range(_ATTRIBUTE_BITS) if extra >> bit & 1)


def service_td(case: Case) -> Finding:
    """No service domain is bound to this one, which could migrate it."""
    if "mrservicetd" not in case.policy.tdx.require_zero:
        return NotChecked("unchecked_by_policy:require_zero")
    return fails(any(_body(case).mrservicetd or b""), "service_td_present")


def pck_type(case: Case) -> Finding:
    """The platform is of a type that the policy names."""
    types = case.policy.tdx.pck_types
    if isinstance(types, Unchecked):
        return NotChecked(f"unchecked_by_policy:{types.reason}")
    return fails(case.dcap.pck.type not in types, f"pck_configuration:type-{case.dcap.pck.type}")


def pck_configuration(case: Case) -> Finding:
    """The certificate says nothing of the platform that the policy does not admit."""
    allowed = case.policy.tdx.pck_configuration
    if isinstance(allowed, Unchecked):
        return NotChecked(f"unchecked_by_policy:{allowed.reason}")
    names = ("dynamic_platform", "cached_keys", "smt")
    return tuple(
        f"pck_configuration:{name}"
        for name in names
        if getattr(case.dcap.pck, name) is True and not getattr(allowed, name)
    )


def tcb_floor(case: Case) -> Finding:
    """Intel's documents rest on a recent enough evaluation."""
    least = case.policy.tdx.min_tcb_evaluation
    if isinstance(least, Unchecked):
        return NotChecked(f"unchecked_by_policy:{least.reason}")
    numbers = {"tcb_info": case.dcap.tcb_info.evaluation, "qe_identity": case.dcap.qe_identity.evaluation}
    return tuple(f"tcb_below_floor:{name}" for name, number in numbers.items() if number < least)


def module_floor(case: Case) -> Finding:
    """The TDX module has at least the SVN that the policy demands of its version."""
    least = case.policy.tdx.min_module_isvsvn
    if isinstance(least, Unchecked):
        return NotChecked(f"unchecked_by_policy:{least.reason}")
    names = (module_id(svn) for svn in svns(_body(case)) if svn[0] < least.get(module_id(svn), 0))
    return tuple(f"tcb_below_floor:{name}" for name in dict.fromkeys(names))


def tcb_status(case: Case) -> Finding:
    """The status is one that the policy allows."""
    return acceptable.status_of(case, case.policy.tdx.allowed_status, case.policy.tdx.grace_days)


def tcb_advisory(case: Case) -> Finding:
    """No advisory that the policy refuses concerns this platform."""
    refused = case.policy.tdx.refused_advisories
    return tuple(f"tcb_advisory:{one}" for one in case.dcap.rating.advisories if one in refused)


def mrseam(case: Case) -> Finding:
    """The TDX module's measurement is one that the policy names."""
    named = case.policy.tdx.mrseam
    if isinstance(named, Unchecked):
        return NotChecked(f"unchecked_by_policy:{named.reason}")
    return fails(_body(case).mrseam not in named, "measurement_mismatch:mrseam")


def shape(case: Case) -> Finding:
    """Firmware and machine are a pair that the release lists and the policy admits."""
    named, values = case.policy.tdx.shapes, case.release.platforms.tdx
    if isinstance(named, Unchecked):
        return NotChecked(f"unchecked_by_policy:{named.reason}")
    if values is None:
        return ("measurement_mismatch:platform",)
    admitted = [one for one in values.shapes if isinstance(named, str) or one.name in named]
    of_firmware = [one for one in admitted if one.mrtd == _body(case).mrtd]
    if not of_firmware:
        return ("measurement_mismatch:mrtd",)
    return fails(all(one.rtmr0 != _body(case).rtmr[0] for one in of_firmware), "measurement_mismatch:rtmr0")


def _named(case: Case, name: str, value: bytes) -> Finding:
    wanted, values = getattr(case.policy.tdx, name), case.release.platforms.tdx
    if isinstance(wanted, Unchecked):
        return NotChecked(f"unchecked_by_policy:{wanted.reason}")
    named = getattr(values, name, ()) if isinstance(wanted, str) else wanted
    return fails(value not in named, f"measurement_mismatch:{name}")


def rtmr1(case: Case) -> Finding:
    """The register of boot loader and kernel is one that release or policy names."""
    return _named(case, "rtmr1", _body(case).rtmr[1])


def rtmr2(case: Case) -> Finding:
    """The register of command line and initrd is one that release or policy names."""
    return _named(case, "rtmr2", _body(case).rtmr[2])


def mrconfigid(case: Case) -> Finding:
    """What the host configured is what release or policy names."""
    return _named(case, "mrconfigid", _body(case).mrconfigid)


def zero_registers(case: Case) -> Finding:
    """What nobody is to set is not set."""
    owners = [name for name in case.policy.tdx.require_zero if name != "mrservicetd"]
    return tuple(f"register_not_zero:{name}" for name in owners if any(getattr(_body(case), name)))


def boot_registers(case: Case) -> Finding:
    """Replaying the boot log gives the quoted registers; beside a runtime log it extends none of the last one."""
    found = measured_boot.replay(case.boot_events, SHA384)
    faults = []
    for index in range(RTMRS):
        replayed = found.get(index + 1, bytes(SHA384.size))
        runtime = index == RUNTIME_RTMR and case.has(RUNTIME_LOG)
        if replayed != (bytes(SHA384.size) if runtime else _body(case).rtmr[index]):
            faults.append(f"event_log_replay:rtmr{index}")
    return tuple(faults)


def boot_payloads(case: Case) -> Finding:
    """Where the event type says so, a digest is the hash of what the log shows."""
    places = measured_boot.payload_faults(case.boot_events, SHA384)
    return tuple(f"event_log_payload:{BOOT_LOG}-{place}" for place in places)


def runtime_register(case: Case) -> Finding:
    """Replaying the runtime log gives the quoted runtime register."""
    wanted = case.policy.tdx.rtmr3
    if isinstance(wanted, Unchecked):
        return NotChecked(f"unchecked_by_policy:{wanted.reason}")
    replayed = event_log.replay(case.events)
    return fails(replayed != _body(case).rtmr[RUNTIME_RTMR], f"event_log_replay:rtmr{RUNTIME_RTMR}")


CHECKS: Final[Mapping[str, Run]] = {
    **genuine.CHECKS,
    **acceptable.CHECKS,
    "boot_log_form": boot_log_form,
    "td_attributes": td_attributes,
    "xfam": xfam,
    "service_td": service_td,
    "pck_type": pck_type,
    "pck_configuration": pck_configuration,
    "tcb_floor": tcb_floor,
    "module_floor": module_floor,
    "module_identity": acceptable.module_identity,
    "tcb_status": tcb_status,
    "tcb_advisory": tcb_advisory,
    "mrseam": mrseam,
    "shape": shape,
    "rtmr1": rtmr1,
    "rtmr2": rtmr2,
    "mrconfigid": mrconfigid,
    "zero_registers": zero_registers,
    "boot_registers": boot_registers,
    "boot_payloads": boot_payloads,
    "runtime_register": runtime_register,
}
