"""The claims of a record: values that passed checks vouch for, each with the item it comes from."""

from collections.abc import Callable, Set
from hashlib import sha256
from typing import Final

from privity_attest.case import Case
from privity_attest.result import Claim, ClaimValue

_SIGNED: Final = frozenset(
    {"certificate_chain", "certificate_profile", "certificate_dates", "root", "document_signature"}
)
_BOUND: Final = _SIGNED | {"node_document", "report_data"}
_RELEASED: Final = _BOUND | {"release_form", "release_bound"}

# claim: item, checks that must have passed, value
_CLAIMS: Final[dict[str, tuple[str, frozenset[str], Callable[[Case], ClaimValue]]]] = {
    "kind": ("cpu", frozenset({"labels"}), lambda case: case.kind),
    # Not vouched for by anything: shown so that a person can compare it with the root they were given.
    "offered_root": ("cpu", frozenset({"certificate_form"}), lambda case: case.path[-1].pin.hex()),
    "registers": (
        "cpu",
        _SIGNED,
        lambda case: {str(index): value.hex() for index, value in case.document.registers.items()},
    ),
    "platform": ("node-document", _BOUND | {"platform_bound"}, lambda case: case.node_document.plat.id.hex()),
    "key": ("node-document", _BOUND, lambda case: sha256(case.node_document.pk).hexdigest()),
    "deployment": ("node-document", _BOUND, lambda case: case.node_document.deploy),
    "egress": ("node-document", _BOUND, lambda case: case.node_document.egress),
    "profiles": ("node-document", _BOUND, lambda case: list(case.node_document.prof)),
    "not_before": ("node-document", _BOUND, lambda case: case.node_document.nbf),
    "expires": ("node-document", _BOUND, lambda case: case.node_document.exp),
    "release": ("release", _RELEASED, lambda case: f"{case.release.name} {case.release.version}"),
    "release_leaf": ("release", _RELEASED, lambda case: case.release.leaf_hash.hex()),
    "source": ("release", _RELEASED, lambda case: case.release.source),
    "configuration": (
        "configuration",
        _BOUND | {"configuration_bound"},
        lambda case: sha256(case.item("configuration")).hexdigest(),
    ),
    "models": ("models", _BOUND | {"models_form", "models_bound"}, lambda case: [model.id for model in case.models]),
}


def claims_of(case: Case, passed: Set[str]) -> dict[str, Claim]:
    """Return the claims whose checks all are in `passed`."""
    return {name: Claim(value(case), item) for name, (item, needs, value) in _CLAIMS.items() if needs <= passed}
