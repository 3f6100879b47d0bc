"""Stages 6 to 9 of CCA: is the platform secured, is firmware and realm wanted, does the log explain the register?"""

from collections.abc import Mapping
from hashlib import sha384
from typing import Final

from privity_attest.arm import pinned
from privity_attest.arm.claims import HASHES
from privity_attest.case import Case, Finding, NotChecked, Run, fails
from privity_attest.schema import Unchecked

RUNTIME: Final = 0
"""The extensible measurement that the enclave extends before it serves."""


def lifecycle(case: Case) -> Finding:
    """The platform is secured: in other states its maker or owner can look in."""
    return pinned.lifecycle_fault(case.cca_platform.lifecycle, case.policy.cca.lifecycle)


def implementation(case: Case) -> Finding:
    """The chip is one that the policy names."""
    return pinned.implementation_fault(case.cca_platform.implementation, case.policy.cca.implementation_ids)


def components(case: Case) -> Finding:
    """All firmware that was measured is named by the policy."""
    return pinned.component_faults(case.cca_platform.components, case.policy.cca.components)


def initial_measurement(case: Case) -> Finding:
    """The realm was started from an image that the policy names."""
    wanted = case.policy.cca.rim
    if isinstance(wanted, Unchecked):
        return NotChecked(f"unchecked_by_policy:{wanted.reason}")
    return fails(case.realm.rim not in wanted, "measurement_mismatch:rim")


def extensible_measurements(case: Case) -> Finding:
    """What else the realm measured is named by the policy; the register of the runtime log is replayed instead."""
    wanted = case.policy.cca.rem
    if isinstance(wanted, Unchecked):
        return NotChecked(f"unchecked_by_policy:{wanted.reason}")
    others = list(enumerate(case.realm.rem))[RUNTIME + 1 :]
    return tuple(f"measurement_mismatch:rem{index}" for index, value in others if value not in wanted)


def runtime_register(case: Case) -> Finding:
    """Replaying the log gives the runtime register: each event's SHA-384 extends it by the realm's own hash."""
    digest = HASHES[case.realm.hash]
    register = bytes(digest().digest_size)
    for event in case.events:
        register = digest(register + sha384(event.encoded).digest()).digest()
    return fails(register != case.realm.rem[RUNTIME], f"event_log_replay:rem{RUNTIME}")


CHECKS: Final[Mapping[str, Run]] = {
    "lifecycle": lifecycle,
    "implementation": implementation,
    "components": components,
    "initial_measurement": initial_measurement,
    "extensible_measurements": extensible_measurements,
    "runtime_register": runtime_register,
}
