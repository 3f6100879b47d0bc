"""The checks of Nitro, and the values that they vouch for."""

from collections.abc import Mapping
from typing import Final

from privity_attest.case import Case, Run
from privity_attest.checks import RUNTIME_EVENTS, RUNTIME_LOG_FORM, check
from privity_attest.kind import LOGGED, ClaimOf, Kind
from privity_attest.nitro import acceptable, genuine

_FORM = ("certificate_form",)
_GENUINE: Final = (
    check(
        "document_form",
        "cpu",
        "malformed trailing_data unsupported_algorithm cose_mac0_not_verifiable",
        reads=("cpu",),
    ),
    check("leaf_form", "cpu", "certificate_malformed", needs=("document_form",)),
    check("certificate_form", "cpu", "certificate_malformed", needs=("leaf_form",)),
    check("certificate_chain", "cpu", "certificate_chain", needs=_FORM),
    check("certificate_profile", "cpu", "certificate_profile", needs=_FORM),
    check("certificate_dates", "cpu", "certificate_expired certificate_not_yet_valid", needs=_FORM),
    check("root", "cpu", "root_not_pinned", needs=_FORM),
    check("revocation", "cpu", "crl_missing"),
    check("document_signature", "cpu", "document_signature", needs=("leaf_form",)),
)
_SIGNED: Final = tuple(one.name for one in _GENUINE)
CHECKS: Final = (
    *_GENUINE,
    RUNTIME_LOG_FORM,
    check("debug", "cpu", "debug_enabled", needs=_SIGNED),
    check("tcb", "cpu", "tcb_status", needs=_SIGNED),
    check("registers", "cpu", "measurement_mismatch", needs=(*_SIGNED, "release_form")),
    check("registers_unchecked", "cpu", "measurement_mismatch", needs=_SIGNED),
    check("registers_zero", "cpu", "register_not_zero", needs=_SIGNED),
    check(
        "runtime_register",
        "runtime-log",
        "event_log_replay",
        reads=("runtime-log",),
        needs=(*_SIGNED, "runtime_log_form"),
    ),
    RUNTIME_EVENTS,
)
RUN: Final[Mapping[str, Run]] = {**genuine.CHECKS, **acceptable.CHECKS}


def _registers(case: Case) -> dict[str, str]:
    return {str(index): value.hex() for index, value in sorted(case.nitro.pcrs.items())}


def _hex(value: bytes | None) -> str | None:
    return None if value is None else value.hex()


_VOUCHED = frozenset(_SIGNED)
_VALUES: Final = {
    "module_id": lambda case: case.nitro.module_id,
    "timestamp": lambda case: case.nitro.timestamp,
    "registers": _registers,
    "public_key": lambda case: _hex(case.nitro.public_key),
    "user_data": lambda case: _hex(case.nitro.user_data),
    "nonce": lambda case: _hex(case.nitro.nonce),
}
CLAIMS: Final[Mapping[str, ClaimOf]] = {name: ClaimOf("cpu", _VOUCHED, value) for name, value in _VALUES.items()}
NITRO: Final = Kind(
    "nitro", CHECKS, RUN, CLAIMS, lambda policy: LOGGED | {"runtime-log"}, optional=lambda policy: frozenset()
)
