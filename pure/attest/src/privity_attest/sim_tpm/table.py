"""The checks of a measured boot, and the values that they vouch for."""

from collections.abc import Mapping
from typing import Final

from privity_attest.case import Case, Run
from privity_attest.checks import RUNTIME_EVENTS, RUNTIME_LOG_FORM, check
from privity_attest.kind import ALWAYS, ClaimOf, Kind
from privity_attest.sim_tpm import acceptable, genuine
from privity_attest.sim_tpm.genuine import BOOT_LOG

_FORM = ("quote_form",)
_BOOT = ("boot_log_form",)
_SIGNED: Final = (*_FORM, "root", "revocation", "quote_signature")
CHECKS: Final = (
    check("quote_form", "cpu", "malformed trailing_data", reads=("cpu",)),
    check("boot_log_form", BOOT_LOG, "malformed", reads=(BOOT_LOG,)),
    RUNTIME_LOG_FORM,
    check("root", "cpu", "root_not_pinned", needs=_FORM),
    check("revocation", "cpu", "crl_missing"),
    check("quote_signature", "cpu", "quote_signature", needs=_FORM),
    check("tcb", "cpu", "tcb_status"),
    check("registers", "cpu", "measurement_mismatch", reads=(BOOT_LOG,), needs=(*_SIGNED, *_BOOT, "release_form")),
    check("registers_zero", "cpu", "register_not_zero", needs=_SIGNED),
    check("boot_registers", BOOT_LOG, "event_log_replay", reads=(BOOT_LOG,), needs=(*_SIGNED, *_BOOT)),
    check("boot_payloads", BOOT_LOG, "event_log_payload", reads=(BOOT_LOG,), needs=_BOOT),
    check(
        "runtime_register",
        "runtime-log",
        "event_log_replay",
        reads=(BOOT_LOG, "runtime-log"),
        needs=(*_SIGNED, *_BOOT, "runtime_log_form"),
    ),
    RUNTIME_EVENTS,
)
RUN: Final[Mapping[str, Run]] = {**genuine.CHECKS, **acceptable.CHECKS}


def _registers(case: Case) -> dict[str, str]:
    return {str(index): value.hex() for index, value in case.tpm_quote.registers.items()}


CLAIMS: Final[Mapping[str, ClaimOf]] = {
    # Not vouched for by anything: shown so that a person can compare it with the key they were given.
    "offered_root": ClaimOf("cpu", frozenset(_FORM), lambda case: case.tpm_quote.pin.hex()),
    "registers": ClaimOf("cpu", frozenset(_SIGNED), _registers),
    "qualifying_data": ClaimOf("cpu", frozenset(_SIGNED), lambda case: case.tpm_quote.qualifying.hex()),
}
SIM_TPM: Final = Kind(
    "sim_tpm",
    CHECKS,
    RUN,
    CLAIMS,
    lambda policy: ALWAYS | {BOOT_LOG, "runtime-log"},
    # With the log this kind proves itself like the hardware ones; a client that has none proves nothing and refuses.
    optional=lambda policy: frozenset({"release-proof", "endorsement"}),
)
