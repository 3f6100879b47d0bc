"""Stages 0 and 1, and the kind: may this policy be used now, is the container sound, is its kind wanted?"""

from collections.abc import Mapping
from typing import Final

from privity_protocol import evidence
from privity_protocol.errors import Malformed

from privity_attest.case import SIMULATED_KINDS, Case, Finding, Run, fails
from privity_attest.kind import PROOFS, Kind
from privity_attest.kinds import KINDS
from privity_attest.nvidia.device import is_device
from privity_attest.nvidia.genuine import OCSP
from privity_attest.policy import below_floor


def open_container(case: Case) -> None:
    """Read the container once; `container` reports how that went."""
    try:
        case.bundle = evidence.decode(case.data)
    except Malformed as error:
        label = f":{error.detail}" if error.reason in _OF_AN_ITEM else ""
        case.container_fault = error.reason + label


_OF_AN_ITEM: Final = frozenset({"media_type", "indicator", "item_encoding", "item_too_large"})


def policy_form(case: Case) -> Finding:
    """Only `policy.decode` sets the digest: a policy made otherwise has not been checked."""
    return fails(len(case.policy.digest) != 32, "policy_malformed")


def policy_window(case: Case) -> Finding:
    """The policy has been issued and has not expired."""
    policy = case.policy
    early = case.now < policy.issued_at - policy.clock_skew
    return (*fails(case.now >= policy.expires_at, "policy_expired"), *fails(early, "policy_expired:not_yet_issued"))


def policy_version(case: Case) -> Finding:
    """A policy's version only grows."""
    return fails(case.policy.version < case.memory.policy_versions.get(case.policy.name, 0), "policy_rollback")


def policy_floor(case: Case) -> Finding:
    """A policy may be stricter than the client was built with, never looser."""
    return tuple(f"policy_below_floor:{name}" for name in below_floor(case.policy))


def clock(case: Case) -> Finding:
    """The clock is not behind this verifier's build, unless a person looks back."""
    return fails(case.now < case.logged.earliest, "clock_behind_build")


def container(case: Case) -> Finding:
    """The container was read."""
    return () if case.container_fault is None else (case.container_fault,)


def labels(case: Case) -> Finding:
    """What the kind must carry is there, and nothing that nobody would look at."""
    present = case.bundle.items.keys() if case.bundle else frozenset[str]()
    judged = KINDS.get(case.kind or "")
    due = _due(case, judged)
    # Devices are counted in their own stage; of a kind that is not built nothing is looked at anyway.
    read = due | judged.optional(case.policy) | (PROOFS if case.logged.knows_a_log else set()) if judged else present
    devices = {label for label in present if is_device(label)}
    unread = present - read - devices - ({OCSP} if devices else set())
    return (
        *(f"label_missing:{label}" for label in sorted(due - present)),
        *(f"label_unknown:{label}" for label in sorted(unread)),
    )


def _due(case: Case, judged: Kind | None) -> frozenset[str]:
    """Return what must be there. The endorsed and logged document of a challenged node is the one that traffic uses."""
    if judged is None:
        return frozenset({"cpu"})
    due = judged.required(case.policy)
    return due - PROOFS if case.nonce is not None and case.logged.knows_a_log else due


def kind(case: Case) -> Finding:
    """The kind is built and wanted."""
    if case.kind not in KINDS:
        return (f"tee_not_allowed:{case.kind}",)
    if case.kind in SIMULATED_KINDS:
        return fails(not case.policy.allow_simulated, "simulated")
    return fails(case.kind not in case.policy.kinds, f"tee_not_allowed:{case.kind}")


CHECKS: Final[Mapping[str, Run]] = {
    "policy_form": policy_form,
    "policy_window": policy_window,
    "policy_version": policy_version,
    "policy_floor": policy_floor,
    "clock": clock,
    "container": container,
    "labels": labels,
    "kind": kind,
}
