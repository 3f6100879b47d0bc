"""Which of two policies is stricter, field by field: a policy may be stricter than its floor, never looser.

One rule per field of the policy, in one table; a test walks the schema and finds each field here. Used for the floor
that a client is built with, and for a user's policy against the operator's.
"""

from collections.abc import Callable, Mapping
from operator import attrgetter
from types import MappingProxyType
from typing import Any, Final

from privity_attest.schema import Unchecked

Rule = Callable[[Any, Any], bool]
"""Whether the first value is at least as strict as the second."""


def _free(value: Any, floor: Any) -> bool:
    return True


def _at_most(value: Any, floor: Any) -> bool:
    return bool(value <= floor)


def _at_least(value: Any, floor: Any) -> bool:
    return bool(value >= floor)


def _subset(value: Any, floor: Any) -> bool:
    return set(value) <= set(floor)


def _superset(value: Any, floor: Any) -> bool:
    return set(value) >= set(floor)


def _same(value: Any, floor: Any) -> bool:
    return bool(value == floor)


def _release_and(value: Any, floor: Any) -> bool:
    """A list of digests is judged in addition to the release, so it is stricter."""
    return value == "from_release" or floor != "from_release" or isinstance(value, tuple)


def _later(value: Any, floor: Any) -> bool:
    order = ("on_demand", "first_contact", "always")
    return order.index(value) >= order.index(floor)


def _mask(value: Any, floor: Any) -> bool:
    return not int.from_bytes(value) & ~int.from_bytes(floor)


def _each_at_least(value: Any, floor: Any) -> bool:
    return all(name in value and _number_or_map(value[name], least) for name, least in floor.items())


def _number_or_map(value: Any, floor: Any) -> bool:
    if isinstance(floor, Mapping):
        return _each_at_least(value, floor)
    return bool(value >= floor)


def _each_same(value: Any, floor: Any) -> bool:
    return all(name in value and strict_enough(value[name], one, _same) for name, one in floor.items())


def _permitted(value: Any, floor: Any) -> bool:
    """Something is permitted only where the floor permits it."""
    return bool(floor) or not value


def _demanded(value: Any, floor: Any) -> bool:
    """Something is demanded wherever the floor demands it."""
    return bool(value) or not floor


_NAMED: Final[Mapping[str, str]] = MappingProxyType(
    {
        **dict.fromkeys(
            ("format", "name", "version", "issued_at", "expires_at", "deployment", "trust_anchors"), "free"
        ),
        **dict.fromkeys(("kinds", "release_allow", "models", "egress"), "subset"),
        **dict.fromkeys(("max_release_proof_age", "max_anchor_age", "max_key_lifetime", "clock_skew"), "at_most"),
        "allow_simulated": "permitted",
        **{f"require_crl.{kind}": "demanded" for kind in ("tdx", "sgx", "sev_snp", "nitro")},
        "configuration": "release_and",
        "challenge": "later",
        "fleet": "free",
        "max_collateral_age": "at_most",
        "tdx.allowed_status": "subset",
        "tdx.grace_days": "at_most",
        "tdx.refused_advisories": "superset",
        "tdx.min_tcb_evaluation": "at_least",
        "tdx.min_module_isvsvn": "each_at_least",
        "tdx.mrseam": "subset",
        "tdx.attributes.must": "superset",
        "tdx.attributes.never": "superset",
        "tdx.attributes.may": "subset",
        "tdx.xfam_allowed": "mask",
        "tdx.require_zero": "superset",
        **{f"tdx.{name}": "same" for name in ("shapes", "rtmr1", "rtmr2", "rtmr3", "mrconfigid")},
        "tdx.pck_types": "subset",
        **{f"tdx.pck_configuration.{name}": "permitted" for name in ("dynamic_platform", "cached_keys", "smt")},
        "sgx.allowed_status": "subset",
        "sgx.mrenclave": "same",
        "sgx.signers": "subset",
        "snp.generations": "subset",
        "snp.min_report_version": "at_least",
        "snp.min_tcb": "each_at_least",
        "snp.min_abi": "each_at_least",
        **{f"snp.{name}": "superset" for name in ("policy_must", "policy_must_not")},
        **{f"snp.{name}": "superset" for name in ("platform_info_must", "platform_info_must_not")},
        "snp.vmpl": "subset",
        **{f"snp.{name}": "permitted" for name in ("allow_vlek", "allow_masked_chip")},
        **{f"snp.{name}": "same" for name in ("measurement", "host_data")},
        **{f"snp.{name}": "subset" for name in ("id_keys", "author_keys")},
        "nitro.pcrs": "each_same",
        **{f"gpu.{name}": "free" for name in ("count", "switches")},
        **{f"gpu.{name}": "same" for name in ("device_kinds", "drivers", "vbios", "firmware_ids")},
        "gpu.golden": "release_and",
        "gpu.require_ocsp": "demanded",
        "gpu.allow_hold": "permitted",
        "gpu.rim_expired_days": "at_most",
        **{
            f"{kind}.{name}": "subset"
            for kind in ("psa", "cca")
            for name in ("implementation_ids", "lifecycle", "components", "partitions", "rim", "rem")
        },
    }
)
_RULES: Final[Mapping[str, Rule]] = MappingProxyType(
    {
        "free": _free,
        "at_most": _at_most,
        "at_least": _at_least,
        "subset": _subset,
        "superset": _superset,
        "same": _same,
        "release_and": _release_and,
        "later": _later,
        "mask": _mask,
        "each_at_least": _each_at_least,
        "each_same": _each_same,
        "permitted": _permitted,
        "demanded": _demanded,
    }
)
FIELDS: Final = tuple(_NAMED)


def strict_enough(value: Any, floor: Any, rule: Rule) -> bool:
    """Return whether `value` is at least as strict: checking anything is stricter than leaving it unchecked."""
    if isinstance(floor, Unchecked):
        return True
    return not isinstance(value, Unchecked) and rule(value, floor)


def looser(policy: object, floor: object) -> tuple[str, ...]:
    """Return the fields, as dotted names, in which `policy` is looser than `floor`; both are policies."""
    return tuple(
        name
        for name, read, rule in _FIELDS
        if not strict_enough(_field(policy, name, read), _field(floor, name, read), rule)
    )


def _field(policy: object, name: str, read: Callable[[object], Any]) -> Any:
    try:
        return read(policy)
    except AttributeError:  # a section above the field is unchecked as a whole
        return _unchecked_above(policy, name)


def _unchecked_above(policy: object, name: str) -> object:
    value = policy
    for part in name.split("."):
        if isinstance(value, Unchecked):
            return value
        value = getattr(value, part)
    return value


_FIELDS: Final = tuple((name, attrgetter(name), _RULES[rule]) for name, rule in _NAMED.items())
