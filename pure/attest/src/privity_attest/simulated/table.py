"""The checks of the simulated kind, and the values that they vouch for."""

from collections.abc import Mapping
from typing import Final

from privity_attest.case import Case, Run
from privity_attest.checks import RUNTIME_EVENTS, RUNTIME_LOG_FORM, check
from privity_attest.kind import ALWAYS, ClaimOf, Kind
from privity_attest.simulated import acceptable, genuine

_FORM = ("certificate_form",)
_SIGNED = (
    "document_form",
    *_FORM,
    "certificate_chain",
    "certificate_profile",
    "certificate_dates",
    "root",
    "revocation",
    "document_signature",
)
CHECKS: Final = (
    check(
        "document_form",
        "cpu",
        "malformed trailing_data unsupported_algorithm cose_mac0_not_verifiable",
        reads=("cpu",),
    ),
    RUNTIME_LOG_FORM,
    check("certificate_form", "cpu", "certificate_malformed", needs=("document_form",)),
    check("certificate_chain", "cpu", "certificate_chain", needs=_FORM),
    check("certificate_profile", "cpu", "certificate_profile", needs=_FORM),
    check("certificate_dates", "cpu", "certificate_expired certificate_not_yet_valid", needs=_FORM),
    check("root", "cpu", "root_not_pinned", needs=_FORM),
    check("revocation", "cpu", "crl_missing"),
    check("document_signature", "cpu", "document_signature", needs=_FORM),
    check("debug", "cpu", "debug_enabled", needs=_SIGNED),
    check("tcb", "cpu", "tcb_status"),
    check("registers", "cpu", "measurement_mismatch", needs=(*_SIGNED, "release_form")),
    check("runtime_register", "runtime-log", "event_log_replay", needs=(*_SIGNED, "runtime_log_form")),
    RUNTIME_EVENTS,
)
RUN: Final[Mapping[str, Run]] = {**genuine.CHECKS, **acceptable.CHECKS}


def _registers(case: Case) -> dict[str, str]:
    return {str(index): value.hex() for index, value in case.document.registers.items()}


CLAIMS: Final[Mapping[str, ClaimOf]] = {
    # Not vouched for by anything: shown so that a person can compare it with the root they were given.
    "offered_root": ClaimOf("cpu", frozenset({"certificate_form"}), lambda case: case.path[-1].pin.hex()),
    "registers": ClaimOf("cpu", frozenset(_SIGNED), _registers),
}
SIMULATED: Final = Kind(
    "simulated", CHECKS, RUN, CLAIMS, lambda policy: ALWAYS | {"runtime-log"}, optional=lambda policy: frozenset()
)
