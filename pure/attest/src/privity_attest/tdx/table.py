"""The checks of the kind `tdx`, and the values that they vouch for."""

from collections.abc import Callable
from typing import Final

from privity_attest.case import Case
from privity_attest.checks import RUNTIME_EVENTS, RUNTIME_LOG_FORM, check
from privity_attest.dcap.body import TdBody
from privity_attest.dcap.table import CLAIMS as COMMON
from privity_attest.dcap.table import COLLATERAL, DEBUG, GENUINE, LEVEL, RATED, SIGNED, rating_claims
from privity_attest.kind import LOGGED, ClaimOf, Kind
from privity_attest.result import ClaimValue
from privity_attest.tdx import acceptable

_BOOT: Final = ("boot_log_form",)
_RELEASED: Final = (*SIGNED, "release_form")
CHECKS: Final = (
    *GENUINE,
    check("boot_log_form", "boot-log", "malformed", reads=("boot-log",)),
    RUNTIME_LOG_FORM,
    DEBUG,
    check("td_attributes", "cpu", "td_attributes", needs=SIGNED),
    check("xfam", "cpu", "xfam", needs=SIGNED),
    check("service_td", "cpu", "service_td_present", needs=SIGNED),
    check("pck_type", "cpu", "pck_configuration", needs=SIGNED),
    check("pck_configuration", "cpu", "pck_configuration", needs=SIGNED),
    *COLLATERAL,
    check("module_identity", "cpu", "module_identity", needs=RATED),
    LEVEL,
    check("tcb_status", "cpu", "tcb_status", needs=("tcb_level",)),
    check("tcb_advisory", "cpu", "tcb_advisory", needs=("tcb_level",)),
    check("tcb_floor", "dcap-collateral", "tcb_below_floor", needs=RATED),
    check("module_floor", "cpu", "tcb_below_floor", needs=SIGNED),
    check("mrseam", "cpu", "measurement_mismatch", needs=SIGNED),
    check("shape", "cpu", "measurement_mismatch", needs=_RELEASED),
    check("rtmr1", "cpu", "measurement_mismatch", needs=_RELEASED),
    check("rtmr2", "cpu", "measurement_mismatch", needs=_RELEASED),
    check("mrconfigid", "cpu", "measurement_mismatch", needs=_RELEASED),
    check("zero_registers", "cpu", "register_not_zero", needs=SIGNED),
    check("boot_registers", "boot-log", "event_log_replay", reads=("boot-log",), needs=(*SIGNED, *_BOOT)),
    check("boot_payloads", "boot-log", "event_log_payload", reads=("boot-log",), needs=_BOOT),
    check(
        "runtime_register",
        "runtime-log",
        "event_log_replay",
        reads=("runtime-log",),
        needs=(*SIGNED, RUNTIME_LOG_FORM.name),
    ),
    RUNTIME_EVENTS,
)
_SIGNED: Final = frozenset(SIGNED)


def _td(value: Callable[[TdBody], ClaimValue]) -> ClaimOf:
    def of_case(case: Case) -> ClaimValue:
        body = case.dcap.quote.body
        return value(body) if isinstance(body, TdBody) else None

    return ClaimOf("cpu", _SIGNED, of_case)


def _optional(data: bytes | None) -> str | None:
    return None if data is None else data.hex()


CLAIMS: Final = {
    **COMMON,
    "mr_td": _td(lambda body: body.mrtd.hex()),
    "rt_mr0": _td(lambda body: body.rtmr[0].hex()),
    "rt_mr1": _td(lambda body: body.rtmr[1].hex()),
    "rt_mr2": _td(lambda body: body.rtmr[2].hex()),
    "rt_mr3": _td(lambda body: body.rtmr[3].hex()),
    "td_attributes": _td(lambda body: body.tdattributes.hex()),
    "xfam": _td(lambda body: body.xfam.hex()),
    "mr_seam": _td(lambda body: body.mrseam.hex()),
    "mr_config_id": _td(lambda body: body.mrconfigid.hex()),
    "mr_owner": _td(lambda body: body.mrowner.hex()),
    "mr_owner_config": _td(lambda body: body.mrownerconfig.hex()),
    "tee_tcb_svn": _td(lambda body: body.tee_tcb_svn.hex()),
    "tee_tcb_svn2": _td(lambda body: _optional(body.tee_tcb_svn2)),
    "mr_service_td": _td(lambda body: _optional(body.mrservicetd)),
    **rating_claims("module_identity"),
}
TDX: Final = Kind(
    "tdx",
    CHECKS,
    acceptable.CHECKS,
    CLAIMS,
    lambda policy: LOGGED | {"dcap-collateral", "boot-log", "runtime-log"},
    optional=lambda policy: frozenset(),
)
