"""The claims of a record: values that passed checks vouch for, each with the item it comes from."""

from collections.abc import Mapping, Set
from hashlib import sha256
from typing import Final

from privity_attest.case import Case
from privity_attest.kind import ClaimOf, Kind
from privity_attest.result import Claim

_ND: Final = frozenset({"node_document", "report_data"})
_RELEASED: Final = _ND | {"release_form", "release_bound"}

# What each kind claims beyond its own: vouched for by genuine evidence and these checks.
_BOUND: Final[Mapping[str, ClaimOf]] = {
    "platform": ClaimOf("node-document", _ND | {"platform_bound"}, lambda case: case.node_document.plat.id.hex()),
    "key": ClaimOf("node-document", _ND, lambda case: sha256(case.node_document.pk).hexdigest()),
    "deployment": ClaimOf("node-document", _ND, lambda case: case.node_document.deploy),
    "egress": ClaimOf("node-document", _ND, lambda case: case.node_document.egress),
    "profiles": ClaimOf("node-document", _ND, lambda case: list(case.node_document.prof)),
    "not_before": ClaimOf("node-document", _ND, lambda case: case.node_document.nbf),
    "expires": ClaimOf("node-document", _ND, lambda case: case.node_document.exp),
    "release": ClaimOf("release", _RELEASED, lambda case: f"{case.release.name} {case.release.version}"),
    "release_leaf": ClaimOf("release", _RELEASED, lambda case: case.release.leaf_hash.hex()),
    "source": ClaimOf("release", _RELEASED, lambda case: case.release.source),
    "configuration": ClaimOf(
        "configuration", _ND | {"configuration_bound"}, lambda case: sha256(case.item("configuration")).hexdigest()
    ),
    "models": ClaimOf(
        "models", _ND | {"models_form", "models_bound"}, lambda case: [model.id for model in case.models]
    ),
}


def claims_of(case: Case, kind: Kind | None, passed: Set[str]) -> dict[str, Claim]:
    """Return the claims whose checks all are in `passed`."""
    found = {"kind": Claim(case.kind, "cpu")} if "labels" in passed else {}
    if kind is None:
        return found
    vouched = {name: one for name, one in kind.claims.items() if one.needs <= passed}
    if set(kind.genuine) <= passed:
        vouched |= {name: one for name, one in _BOUND.items() if one.needs <= passed}
    return found | {name: Claim(one.value(case), one.item) for name, one in vouched.items()}
