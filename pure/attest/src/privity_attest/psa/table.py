"""The checks of PSA, and the values that they vouch for."""

from collections.abc import Mapping
from typing import Final

from privity_attest.case import Case, Run
from privity_attest.checks import check
from privity_attest.kind import LOGGED, ClaimOf, Kind
from privity_attest.psa import acceptable, genuine
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
)
_SIGNED: Final = tuple(one.name for one in _GENUINE)
CHECKS: Final = (
    *_GENUINE,
    check("lifecycle", "cpu", "lifecycle", needs=_SIGNED),
    check("client_world", "cpu", "client_partition", needs=_SIGNED),
    check("client_partition", "cpu", "client_partition", needs=(*_SIGNED, "client_world")),
    check("implementation", "cpu", "measurement_mismatch", needs=_SIGNED),
    check("components", "cpu", "measurement_mismatch", needs=_SIGNED),
)
RUN: Final[Mapping[str, Run]] = {**genuine.CHECKS, **acceptable.CHECKS}


def _value(name: str) -> ClaimOf:
    def value(case: Case) -> ClaimValue:
        found = getattr(case.psa, name)
        return found.hex() if isinstance(found, bytes) else found

    return ClaimOf("cpu", frozenset(_SIGNED), value)


def _components(case: Case) -> list[str]:
    return [f"{one.name} {one.version} {one.value.hex()}" for one in case.psa.components]


CLAIMS: Final[Mapping[str, ClaimOf]] = {
    **{
        name: _value(name)
        for name in (
            "profile", "nonce", "instance", "client", "lifecycle", "implementation", "boot_seed", "certification",
            "service",
        )
    },
    "components": ClaimOf("cpu", frozenset(_SIGNED), _components),
}  # fmt: skip
PSA: Final = Kind("psa", CHECKS, RUN, CLAIMS, lambda policy: LOGGED, optional=lambda policy: frozenset())
