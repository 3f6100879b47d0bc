"""The checks of SEV-SNP, and the values that they vouch for."""

from collections.abc import Mapping
from typing import Final

from privity_attest.case import Case, Run
from privity_attest.checks import Check, check
from privity_attest.kind import LOGGED, ClaimOf, Kind
from privity_attest.policy import Policy
from privity_attest.sev_snp import acceptable, genuine
from privity_attest.sev_snp.endorsement import parts
from privity_attest.sev_snp.genuine import CRL, ISSUERS, LEAF
from privity_attest.sev_snp.report import VLEK

_FORM = ("certificate_form",)
_GENUINE: Final = (
    check(
        "report_form",
        "cpu",
        "malformed trailing_data unsupported_version unsupported_algorithm",
        reads=("cpu",),
    ),
    check("collateral", LEAF, "collateral_missing"),
    check("crl_form", CRL, "malformed"),
    check("certificate_form", LEAF, "certificate_malformed", needs=("collateral",)),
    check("certificate_chain", LEAF, "certificate_chain", needs=_FORM),
    check("certificate_profile", LEAF, "certificate_profile", needs=_FORM),
    check("certificate_dates", LEAF, "certificate_expired certificate_not_yet_valid", needs=_FORM),
    check("root", ISSUERS, "root_not_pinned", needs=_FORM),
    check(
        "revocation",
        CRL,
        "crl_missing crl_signature crl_expired crl_not_yet_valid certificate_revoked certificate_on_hold",
        needs=(*_FORM, "crl_form"),
    ),
    check("report_signature", "cpu", "report_signature", needs=("report_form", *_FORM)),
)
_SIGNED: Final = tuple(one.name for one in _GENUINE)


def _own(name: str, reasons: str, *needs: str, item: str = "cpu") -> Check:
    return check(name, item, reasons, needs=(*_SIGNED, *needs))


CHECKS: Final = (
    *_GENUINE,
    _own("debug", "debug_enabled"),
    _own("generation", "generation"),
    _own("report_version", "report_version"),
    _own("guest_policy", "guest_policy"),
    _own("platform_info", "platform_info"),
    _own("platform_info_clear", "platform_info"),
    _own("vmpl", "vmpl"),
    _own("signing_key", "signing_key"),
    _own("id_key", "signing_key"),
    _own("author_key", "signing_key"),
    _own("chip_id", "chip_id_mismatch"),
    _own("tcb", "tcb_mismatch"),
    _own("tcb_floor", "tcb_below_floor"),
    _own("abi_floor", "tcb_below_floor"),
    _own("crl_rollback", "collateral_rollback", item=CRL),
    _own("measurement", "measurement_mismatch", "release_form"),
    _own("host_data", "measurement_mismatch", "release_form"),
    _own("runtime_register", "event_log_replay"),
)
RUN: Final[Mapping[str, Run]] = {**genuine.CHECKS, **acceptable.CHECKS}


def _levels(case: Case, tcb: bytes) -> dict[str, str]:
    return {name: str(level) for name, level in parts(case.endorsement.product, tcb).items()}


def _platform(case: Case) -> dict[str, str]:
    report = case.snp_report
    cpuid = {} if report.cpuid is None else {"cpuid": ".".join(map(str, report.cpuid))}
    mitigations = zip(("launch", "current"), report.mitigations or (), strict=False)
    return {
        "product": case.endorsement.product,
        "platform_info": hex(report.platform_info),
        "signing_key": "vlek" if report.signing_key == VLEK else "vcek",
        "current_firmware": ".".join(map(str, report.current_firmware)),
        "committed_firmware": ".".join(map(str, report.committed_firmware)),
        **cpuid,
        **{f"{when}_mitigations": hex(vector) for when, vector in mitigations},
    }


_VOUCHED = frozenset(_SIGNED)
_VALUES: Final = {
    "report_version": lambda case: case.snp_report.version,
    "platform_details": _platform,
    "guest_policy": lambda case: hex(case.snp_report.policy),
    "vmpl": lambda case: case.snp_report.vmpl,
    "report_data": lambda case: case.snp_report.report_data.hex(),
    "measurement": lambda case: case.snp_report.measurement.hex(),
    "host_data": lambda case: case.snp_report.host_data.hex(),
    "id_key_digest": lambda case: case.snp_report.id_key_digest.hex(),
    "author_key_digest": lambda case: case.snp_report.author_key_digest.hex(),
    "chip_id": lambda case: case.snp_report.chip_id.hex(),
    "reported_tcb": lambda case: _levels(case, case.snp_report.reported_tcb),
    "committed_tcb": lambda case: _levels(case, case.snp_report.committed_tcb),
    "launch_tcb": lambda case: _levels(case, case.snp_report.launch_tcb),
}
CLAIMS: Final[Mapping[str, ClaimOf]] = {name: ClaimOf("cpu", _VOUCHED, value) for name, value in _VALUES.items()}


def _required(policy: Policy) -> frozenset[str]:
    return LOGGED | {LEAF, ISSUERS} | ({CRL} if policy.require_crl.sev_snp is True else frozenset())


def _optional(policy: Policy) -> frozenset[str]:
    return frozenset({CRL})


SEV_SNP: Final = Kind("sev_snp", CHECKS, RUN, CLAIMS, _required, _optional)
