"""Genuine evidence of Intel that is not acceptable: platform, collateral, rating, measurements, logs."""

from dataclasses import replace

from intel_attack import (
    AUTHORITY,
    ISSUER_PIN,
    SGX,
    TDX,
    WIDE,
    Attack,
    Document,
    bits,
    body,
    flipped,
    identity,
    level,
    module,
    platform,
    qe,
    svn,
    tcb,
    with_event,
    without,
    without_last,
)
from privity_attest.memory import Memory
from privity_attest.testing.bundle import NOW
from privity_attest.testing.intel import MRENCLAVE, MRSIGNER, stamp
from privity_attest.testing.intel_pki import DAY
from privity_attest.testing.node import NodeHooks

UNCHECKED = {"unchecked": "a test"}


def old_and_unconfigured(document: Document) -> None:
    level(document, tcbStatus="ConfigurationNeeded")
    module(document, tcbStatus="OutOfDate")


PLATFORM = {
    "debug": Attack(("debug_enabled",), body(tdattributes=bits(0, 28))),
    "debug of an enclave": Attack(("debug_enabled",), body(SGX, attributes=b"\7" + bytes(15))),
    "without SEPT_VE_DISABLE": Attack(("td_attributes:28",), body(tdattributes=bits())),
    "may be migrated": Attack(("td_attributes:29",), body(tdattributes=bits(28, 29))),
    "may be migrated although the policy admits it": Attack(
        ("td_attributes:29",),
        body(tdattributes=bits(28, 29)),
        {"tdx.attributes": {"must": [28], "never": [0, 29, 63], "may": [29]}},
    ),
    "performance monitoring": Attack(("td_attributes:63",), body(tdattributes=bits(28, 63))),
    "attribute that nobody knows": Attack(("td_attributes:5", "td_attributes:40"), body(tdattributes=bits(28, 5, 40))),
    "attributes that may be": Attack((), body(tdattributes=bits(27, 28, 30, 31))),
    "processor state beyond the mask": Attack(("xfam:62",), body(xfam=bits(0, 1, 62))),
    "service domain": Attack(("service_td_present",), body(WIDE, mrservicetd=b"\1" + bytes(47))),
    "service domain where the policy allows it": Attack(
        (), body(WIDE, mrservicetd=b"\1" + bytes(47)), {"tdx.require_zero": []}
    ),
    "platform of standard type": Attack(("pck_configuration:type-0",), platform(type=0)),
    "type unchecked by policy": Attack((), platform(type=0), {"tdx.pck_types": UNCHECKED}),
    "SMT where the policy refuses it": Attack(
        ("pck_configuration:smt",),
        policy={"tdx.pck_configuration": {"dynamic_platform": True, "cached_keys": True, "smt": False}},
    ),
    "configuration unchecked by policy": Attack((), policy={"tdx.pck_configuration": UNCHECKED}),
    "no configuration": Attack(
        (),
        platform(configuration=None),
        {"tdx.pck_configuration": dict.fromkeys(("dynamic_platform", "cached_keys", "smt"), False)},
    ),
    "nothing of it allowed": Attack(
        ("pck_configuration:dynamic_platform", "pck_configuration:cached_keys", "pck_configuration:smt"),
        policy={"tdx.pck_configuration": dict.fromkeys(("dynamic_platform", "cached_keys", "smt"), False)},
    ),
    "not one of the fleet": Attack(("platform_not_listed",), policy={"fleet.platforms": []}),
}
COLLATERAL = {
    "TCB info changed": Attack(("collateral_signature:tcb_info",), flipped("tcb_info", 300)),
    "QE identity changed": Attack(("collateral_signature:qe_identity",), flipped("qe_identity", 300)),
    "signature of TCB info changed": Attack(("collateral_signature:tcb_info",), flipped("tcb_info_signature")),
    "documents exchanged": Attack(
        ("collateral_mismatch:tcb_info",),
        replace(
            TDX,
            collateral=lambda m: {**m, "tcb_info": m["qe_identity"], "tcb_info_signature": m["qe_identity_signature"]},
        ),
    ),
    "TCB info of SGX": Attack(("collateral_mismatch:tcb_info",), tcb(lambda d: d.update(id="SGX"))),
    "QE identity of SGX": Attack(("collateral_mismatch:qe_identity",), identity(lambda d: d.update(id="QE"))),
    "TCB info of another version": Attack(("collateral_mismatch:tcb_info",), tcb(lambda d: d.update(version=2))),
    "QE identity of another version": Attack(
        ("collateral_mismatch:qe_identity",), identity(lambda d: d.update(version=3))
    ),
    "TCB info of another type": Attack(("collateral_mismatch:tcb_info",), tcb(lambda d: d.update(tcbType=1))),
    "TCB info without modules": Attack(("collateral_mismatch:tcb_info",), tcb(lambda d: d.pop("tdxModule"))),
    "status that nobody knows": Attack(("collateral_mismatch:tcb_info",), tcb(lambda d: level(d, tcbStatus="Fine"))),
    "member twice": Attack(
        ("collateral_mismatch:tcb_info",),
        replace(TDX, texts={"tcb_info": lambda text: text.replace('"id":', '"id":"SGX","id":', 1)}),
    ),
    "fraction": Attack(
        ("collateral_mismatch:tcb_info",),
        replace(TDX, texts={"tcb_info": lambda text: text.replace('"version":3', '"version":3.0')}),
    ),
    "escape": Attack(
        ("collateral_mismatch:tcb_info",),
        replace(TDX, texts={"tcb_info": lambda text: text.replace("TDX", "\\u0054DX", 1)}),
    ),
    "TCB info expired": Attack(("collateral_expired:tcb_info",), tcb(lambda d: d.update(nextUpdate=stamp(NOW - 1)))),
    "QE identity expired": Attack(
        ("collateral_expired:qe_identity",), identity(lambda d: d.update(nextUpdate=stamp(NOW - 1)))
    ),
    "TCB info of the future": Attack(
        ("collateral_not_yet_valid:tcb_info",), tcb(lambda d: d.update(issueDate=stamp(NOW + 1)))
    ),
    "QE identity of the future": Attack(
        ("collateral_not_yet_valid:qe_identity",), identity(lambda d: d.update(issueDate=stamp(NOW + 1)))
    ),
    "TCB info too old": Attack(
        ("collateral_too_old:tcb_info",), tcb(lambda d: d.update(issueDate=stamp(NOW - 7 * DAY - 1)))
    ),
    "QE identity too old": Attack(
        ("collateral_too_old:qe_identity",), identity(lambda d: d.update(issueDate=stamp(NOW - 7 * DAY - 1)))
    ),
    "age unchecked by policy": Attack(
        (), tcb(lambda d: d.update(issueDate=stamp(NOW - 9 * DAY))), {"max_collateral_age": UNCHECKED}
    ),
    "TCB info of another platform": Attack(("collateral_mismatch:fmspc",), platform(fmspc=bytes(6))),
    "TCB info of another PCE": Attack(("collateral_mismatch:pceid",), platform(pceid=b"\0\1")),
    "evaluation below the floor": Attack(
        ("tcb_below_floor:tcb_info",), tcb(lambda d: d.update(tcbEvaluationDataNumber=17))
    ),
    "evaluation of the QE below the floor": Attack(
        ("tcb_below_floor:qe_identity",), identity(lambda d: d.update(tcbEvaluationDataNumber=17))
    ),
    "evaluation unchecked by policy": Attack(
        (), tcb(lambda d: d.update(tcbEvaluationDataNumber=17)), {"tdx.min_tcb_evaluation": UNCHECKED}
    ),
    "older evaluation than was seen": Attack(
        ("collateral_rollback:tcb_evaluation",), memory=Memory(tcb_evaluation={f"{AUTHORITY}/TDX/00806f050000": 19})
    ),
    "older evaluation of the QE than was seen": Attack(
        ("collateral_rollback:tcb_evaluation",), memory=Memory(tcb_evaluation={f"{AUTHORITY}/TD_QE": 19})
    ),
    "older document than was seen": Attack(
        ("collateral_rollback:issue_dates",),
        memory=Memory(issue_dates={f"{AUTHORITY}/TDX/00806f050000": NOW - DAY + 1}),
    ),
    "older list than was seen": Attack(
        ("collateral_rollback:crl_numbers",), memory=Memory(crl_numbers={f"dcap/{ISSUER_PIN.hex()}": 6})
    ),
    "older root's list than was seen": Attack(
        ("collateral_rollback:crl_numbers",), memory=Memory(crl_numbers={AUTHORITY: 6})
    ),
}
RATING = {
    "QE of another signer": Attack(("qe_identity:mrsigner",), qe(mrsigner=bytes(32))),
    "QE of another product": Attack(("qe_identity:prodid",), qe(prodid=b"\1\0")),
    "QE with another attribute": Attack(("qe_identity:attributes",), qe(attributes=b"\x13" + bytes(15))),
    "QE with an attribute beyond the mask": Attack((), qe(attributes=b"\x15" + bytes(15))),
    "QE with another selection": Attack(("qe_identity:miscselect",), qe(miscselect=b"\1\0\0\0")),
    "QE out of date": Attack(("tcb_status:OutOfDate",), qe(isvsvn=b"\3\0")),
    "QE below every level": Attack(("tcb_no_matching_level:QE",), qe(isvsvn=b"\2\0")),
    "QE out of date, of an enclave": Attack(("tcb_status:OutOfDate",), qe(SGX, isvsvn=b"\3\0")),
    "module out of date": Attack(("tcb_status:OutOfDate",), body(tee_tcb_svn=svn(3, 1, 7))),
    "module below every level": Attack(("tcb_no_matching_level:TDX_01",), body(tee_tcb_svn=svn(1, 1, 7))),
    "module that nobody describes": Attack(("module_identity:TDX_03",), body(tee_tcb_svn=svn(9, 3, 7))),
    "module of another signer": Attack(("module_identity:mrsigner",), body(mrsignerseam=b"\1" * 48)),
    "module with another attribute": Attack(("module_identity:attributes",), body(seamattributes=b"\1" + bytes(7))),
    "base module of another signer": Attack(
        ("module_identity:mrsigner",), body(tee_tcb_svn=svn(5, 0, 7), mrsignerseam=b"\1" * 48)
    ),
    "module without version out of date": Attack(("tcb_status:OutOfDate",), body(tee_tcb_svn=svn(4, 0, 7))),
    "microcode out of date": Attack(("tcb_status:OutOfDate",), body(tee_tcb_svn=svn(4, 1, 6))),
    "microcode below every level": Attack(("tcb_no_matching_level",), body(tee_tcb_svn=svn(4, 1, 4))),
    "module of today out of date": Attack(("tcb_status:OutOfDate",), body(WIDE, tee_tcb_svn2=svn(3, 1, 7))),
    "module of the launch out of date": Attack(
        ("tcb_status:OutOfDate", "tcb_status:TDRelaunchAdvised"), body(WIDE, tee_tcb_svn=svn(3, 1, 7))
    ),
    "module of the launch and platform out of date": Attack(
        ("tcb_status:OutOfDate", "tcb_status:TDRelaunchAdvised"), body(WIDE, tee_tcb_svn=svn(3, 1, 6))
    ),
    "module of the launch and SGX components out of date": Attack(
        ("tcb_status:OutOfDate",), replace(platform(WIDE, pcesvn=10), body={"tee_tcb_svn": svn(3, 1, 7)})
    ),
    "module of the launch and QE out of date": Attack(
        ("tcb_status:OutOfDate",), replace(WIDE, body={"tee_tcb_svn": svn(3, 1, 7)}, qe={"isvsvn": b"\3\0"})
    ),
    "module of today out of date as that of the launch": Attack(
        ("tcb_status:OutOfDate",), body(WIDE, tee_tcb_svn=svn(3, 1, 7), tee_tcb_svn2=svn(3, 1, 8))
    ),
    "module of today that nobody describes": Attack(("module_identity:TDX_02",), body(WIDE, tee_tcb_svn2=svn(4, 2, 7))),
    "components out of date": Attack(
        ("tcb_status:OutOfDate",), platform(components=bytes([6, 6, 1, 1, 2, 0, 0, 2]) + bytes(8))
    ),
    "one component out of date": Attack(
        ("tcb_status:OutOfDate",), platform(components=bytes([7, 7, 2, 2, 3, 1, 0, 2]) + bytes(8))
    ),
    "components below every level": Attack(("tcb_no_matching_level",), platform(components=bytes(16))),
    "PCE out of date": Attack(("tcb_status:OutOfDate",), platform(pcesvn=10)),
    "PCE below every level": Attack(("tcb_no_matching_level",), platform(pcesvn=4)),
    "components of an enclave out of date": Attack(("tcb_status:OutOfDate",), platform(SGX, pcesvn=10)),
    "revoked": Attack(
        ("tcb_status:Revoked",),
        tcb(lambda d: level(d, tcbStatus="Revoked")),
        {"tdx.allowed_status": ["UpToDate", "OutOfDate"]},
    ),
    "module revoked": Attack(("tcb_status:Revoked",), tcb(lambda d: module(d, tcbStatus="Revoked"))),
    "QE revoked": Attack(("tcb_status:Revoked",), identity(lambda d: level(d, tcbStatus="Revoked"))),
    "configuration needed": Attack(
        ("tcb_status:ConfigurationNeeded",), tcb(lambda d: level(d, tcbStatus="ConfigurationNeeded"))
    ),
    "hardening needed": Attack(
        ("tcb_status:SWHardeningNeeded",), tcb(lambda d: level(d, tcbStatus="SWHardeningNeeded"))
    ),
    "configuration needed and module out of date": Attack(
        ("tcb_status:OutOfDateConfigurationNeeded",),
        tcb(old_and_unconfigured),
        {"tdx.allowed_status": ["OutOfDate", "ConfigurationNeeded"]},
    ),
    "grace over": Attack(
        ("tcb_status:OutOfDate",),
        tcb(lambda d: module(d, tcbStatus="OutOfDate", tcbDate=stamp(NOW - 2 * DAY - 1))),
        {"tdx.grace_days": 2},
    ),
    "no grace for a missing configuration": Attack(
        ("tcb_status:OutOfDateConfigurationNeeded",),
        tcb(lambda d: level(d, tcbStatus="OutOfDateConfigurationNeeded", tcbDate=stamp(NOW))),
        {"tdx.grace_days": 90},
    ),
    "no grace without days": Attack(
        ("tcb_status:OutOfDate",), tcb(lambda d: level(d, tcbStatus="OutOfDate", tcbDate=stamp(NOW + DAY)))
    ),
    "advisory that the policy refuses": Attack(
        ("tcb_advisory:INTEL-SA-00002",),
        tcb(lambda d: level(d, advisoryIDs=["INTEL-SA-00001", "INTEL-SA-00002"])),
        {"tdx.refused_advisories": ["INTEL-SA-00002"]},
    ),
    "module below the policy's floor": Attack(
        ("tcb_below_floor:TDX_01",), policy={"tdx.min_module_isvsvn": {"TDX_01": 5}}
    ),
    "module at the policy's floor": Attack((), policy={"tdx.min_module_isvsvn": {"TDX_01": 4, "TDX_03": 9}}),
    "module floor unchecked by policy": Attack((), policy={"tdx.min_module_isvsvn": UNCHECKED}),
}
MEASURED = {
    "another firmware": Attack(("measurement_mismatch:mrtd",), body(mrtd=bytes(48))),
    "firmware and machine of two shapes": Attack(
        ("measurement_mismatch:rtmr0", "event_log_replay:rtmr0"), body(rtmr0=bytes(48))
    ),
    "shape that the policy does not name": Attack(("measurement_mismatch:mrtd",), policy={"tdx.shapes": ["another"]}),
    "another kernel": Attack(("measurement_mismatch:rtmr1", "event_log_replay:rtmr1"), body(rtmr1=bytes(48))),
    "another command line": Attack(("measurement_mismatch:rtmr2", "event_log_replay:rtmr2"), body(rtmr2=bytes(48))),
    "host's configuration": Attack(("measurement_mismatch:mrconfigid",), body(mrconfigid=b"\1" * 48)),
    "kernel that the policy does not name": Attack(
        ("measurement_mismatch:rtmr1",), policy={"tdx.rtmr1": [bytes(48).hex()]}
    ),
    "module's measurement that the policy does not name": Attack(
        ("measurement_mismatch:mrseam",), policy={"tdx.mrseam": []}
    ),
    "owner": Attack(
        ("register_not_zero:mrowner", "register_not_zero:mrownerconfig"),
        body(mrowner=b"\1" * 48, mrownerconfig=b"\1" * 48),
    ),
    "owner where the policy allows it": Attack((), body(mrowner=b"\1" * 48), {"tdx.require_zero": ["mrservicetd"]}),
    "release for other platforms": Attack(
        (
            "measurement_mismatch:platform",
            "measurement_mismatch:rtmr1",
            "measurement_mismatch:rtmr2",
            "measurement_mismatch:mrconfigid",
        ),
        hooks=NodeHooks(release=lambda leaf: {**leaf, "platforms": {"sgx": {"mrenclave": [bytes(32).hex()]}}}),
    ),
    "release for other platforms than SGX": Attack(
        ("measurement_mismatch:platform",),
        SGX,
        hooks=NodeHooks(release=lambda leaf: {**leaf, "platforms": {"simulated": {"0": bytes(48).hex()}}}),
    ),
    "another enclave": Attack(("measurement_mismatch:mrenclave",), body(SGX, mrenclave=bytes(32))),
    "enclave that the policy does not name": Attack(
        ("measurement_mismatch:mrenclave",), SGX, {"sgx.mrenclave": [bytes(32).hex()]}
    ),
    "enclave below the version of its signer": Attack(
        ("measurement_mismatch:mrsigner",),
        SGX,
        {"sgx.mrenclave": UNCHECKED, "sgx.signers": [{"mrsigner": MRSIGNER.hex(), "prodid": 0, "min_isvsvn": 1}]},
    ),
    "enclave of another product": Attack(
        ("measurement_mismatch:mrsigner",),
        SGX,
        {"sgx.mrenclave": UNCHECKED, "sgx.signers": [{"mrsigner": MRSIGNER.hex(), "prodid": 1, "min_isvsvn": 0}]},
    ),
    "enclave of another signer": Attack(
        ("measurement_mismatch:mrsigner",),
        SGX,
        {"sgx.mrenclave": UNCHECKED, "sgx.signers": [{"mrsigner": MRENCLAVE.hex(), "prodid": 0, "min_isvsvn": 0}]},
    ),
    "enclave unchecked by policy": Attack((), body(SGX, mrenclave=bytes(32)), {"sgx.mrenclave": UNCHECKED}),
    "configuration needed of an enclave": Attack(
        ("tcb_status:ConfigurationNeeded",), tcb(lambda d: level(d, tcbStatus="ConfigurationNeeded"), SGX)
    ),
    "configuration needed of an enclave, allowed": Attack(
        (),
        tcb(lambda d: level(d, tcbStatus="ConfigurationNeeded"), SGX),
        {"sgx.allowed_status": ["ConfigurationNeeded"]},
    ),
}
LOGS = {
    "no boot log": Attack(("label_missing:boot-log",), hooks=without("boot-log")),
    "no runtime log": Attack(("label_missing:runtime-log", "event_log_replay:rtmr3"), hooks=without("runtime-log")),
    "boot log that is none": Attack(("malformed:boot-log",), replace(TDX, boot_log=lambda log: log[:40])),
    "boot log of a TPM": Attack(
        ("malformed:boot-log",),
        hooks=NodeHooks(items=lambda items: {**items, "boot-log": ("tcg-log", items["boot-log"][1])}),
    ),
    "boot log without an event": Attack(
        ("event_log_replay:rtmr2",), replace(TDX, boot_log=lambda log: without_last(log))
    ),
    "boot log with another register": Attack(
        ("malformed:boot-log",), replace(TDX, boot_log=lambda log: with_event(log, 6))
    ),
    "boot log that extends the runtime register": Attack(
        ("event_log_replay:rtmr3",), replace(TDX, boot_log=lambda log: with_event(log, 4))
    ),
    "boot log that shows something else": Attack(
        ("event_log_payload:boot-log-1",),
        replace(TDX, boot_log=lambda log: log.replace(b"boot loader", b"good loader")),
    ),
    "payload that nothing vouches for": Attack(
        (), replace(TDX, boot_log=lambda log: log.replace(b"described", b"DESCRIBED"))
    ),
    "event that extends nothing": Attack((), replace(TDX, boot_log=lambda log: with_event(log, 4, kind=3))),
    "another runtime register": Attack(("event_log_replay:rtmr3",), body(rtmr3=bytes(48))),
    "runtime register unchecked by policy": Attack((), body(rtmr3=bytes(48)), {"tdx.rtmr3": UNCHECKED}),
    "runtime event left out": Attack(
        ("event_log_missing:privity/closed",), hooks=NodeHooks(events=lambda log: log[:2])
    ),
}
