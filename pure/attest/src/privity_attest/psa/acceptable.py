"""Stages 6 to 8 of PSA: is the device secured, did the enclave's own partition ask, is the firmware wanted?"""

from collections.abc import Mapping
from typing import Final

from privity_attest.arm import pinned
from privity_attest.case import Case, Finding, NotChecked, Run, fails
from privity_attest.schema import Unchecked


def lifecycle(case: Case) -> Finding:
    """The device is secured: in other states its maker or owner can look in."""
    return pinned.lifecycle_fault(case.psa.lifecycle, case.policy.psa.lifecycle)


def client_world(case: Case) -> Finding:
    """The token was asked for from the secure world: any program of the normal world can have a nonce signed."""
    return fails(case.psa.client <= 0, f"client_partition:{case.psa.client}")


def client_partition(case: Case) -> Finding:
    """The partition that asked is one that the policy names."""
    wanted = case.policy.psa.partitions
    if isinstance(wanted, Unchecked):
        return NotChecked(f"unchecked_by_policy:{wanted.reason}")
    return fails(case.psa.client not in wanted, f"client_partition:{case.psa.client}")


def implementation(case: Case) -> Finding:
    """The chip's immutable code is one that the policy names."""
    return pinned.implementation_fault(case.psa.implementation, case.policy.psa.implementation_ids)


def components(case: Case) -> Finding:
    """All firmware that was measured is named by the policy."""
    return pinned.component_faults(case.psa.components, case.policy.psa.components)


CHECKS: Final[Mapping[str, Run]] = {
    "lifecycle": lifecycle,
    "client_world": client_world,
    "client_partition": client_partition,
    "implementation": implementation,
    "components": components,
}
