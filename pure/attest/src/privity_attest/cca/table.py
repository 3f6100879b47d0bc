"""The checks of CCA, and the values that they vouch for."""

from collections.abc import Callable, Mapping
from typing import Final

from privity_attest.case import Case, Run
from privity_attest.cca import acceptable, genuine
from privity_attest.checks import RUNTIME_EVENTS, RUNTIME_LOG_FORM, check
from privity_attest.kind import LOGGED, ClaimOf, Kind
from privity_attest.result import ClaimValue

_GENUINE: Final = (
    check(
        "token_form",
        "cpu",
        "malformed trailing_data unsupported_version unsupported_algorithm cose_mac0_not_verifiable",
        reads=("cpu",),
    ),
    check("trust_anchor", "cpu", "trust_anchor_not_pinned"),
    check("token_signature", "cpu", "token_signature", needs=("token_form", "trust_anchor")),
    check("realm_signature", "cpu", "token_signature", needs=("token_form",)),
    check("key_binding", "cpu", "key_binding", needs=("token_form",)),
)
_SIGNED: Final = tuple(one.name for one in _GENUINE)
CHECKS: Final = (
    *_GENUINE,
    RUNTIME_LOG_FORM,
    check("lifecycle", "cpu", "lifecycle", needs=_SIGNED),
    check("implementation", "cpu", "measurement_mismatch", needs=_SIGNED),
    check("components", "cpu", "measurement_mismatch", needs=_SIGNED),
    check("initial_measurement", "cpu", "measurement_mismatch", needs=_SIGNED),
    check("extensible_measurements", "cpu", "measurement_mismatch", needs=_SIGNED),
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
_VALUES: Final[Mapping[str, Callable[[Case], ClaimValue]]] = {
    "profile": lambda case: case.cca_platform.profile,
    "instance": lambda case: case.cca_platform.instance.hex(),
    "implementation": lambda case: case.cca_platform.implementation.hex(),
    "lifecycle": lambda case: case.cca_platform.lifecycle,
    "configuration": lambda case: case.cca_platform.configuration.hex(),
    "components": lambda case: [f"{one.name} {one.version} {one.value.hex()}" for one in case.cca_platform.components],
    "service": lambda case: case.cca_platform.service,
    "platform_challenge": lambda case: case.cca_platform.challenge.hex(),
    "challenge": lambda case: case.realm.challenge.hex(),
    "personalisation": lambda case: case.realm.personalisation.hex(),
    "hash": lambda case: case.realm.hash,
    "realm_key": lambda case: case.realm.encoded_key.hex(),
    "rim": lambda case: case.realm.rim.hex(),
    "rem": lambda case: [one.hex() for one in case.realm.rem],
}
CLAIMS: Final[Mapping[str, ClaimOf]] = {
    name: ClaimOf("cpu", frozenset(_SIGNED), value) for name, value in _VALUES.items()
}
CCA: Final = Kind(
    "cca", CHECKS, RUN, CLAIMS, lambda policy: LOGGED | {"runtime-log"}, optional=lambda policy: frozenset()
)
