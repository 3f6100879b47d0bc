"""What an appraisal says: the record of every check, and the two types of acceptance. Source: specs/appraise.md."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Literal

from privity_protocol.binding import NodeDocument

from privity_attest.memory import Memory
from privity_attest.release import Model, Release

VERIFIER: Final = "privity-attest 0.1.0"
Outcome = Literal["accepted", "accepted_as_simulated", "refused"]
Checked = Literal["passed", "failed", "not_checked"]
ClaimValue = str | int | bool | list[str] | dict[str, str] | None


@dataclass(frozen=True, slots=True)
class CheckRecord:
    """One check: failed with at least one reason, not checked with exactly one, passed with none."""

    stage: int
    check: str
    item: str
    outcome: Checked
    reasons: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Claim:
    """A value and the item of the bundle it was taken from."""

    value: ClaimValue
    item: str


@dataclass(frozen=True, slots=True)
class Record:
    """Everything that was and was not checked; the interface builds its text from this alone. Times: Unix seconds."""

    outcome: Outcome
    reasons: tuple[str, ...]
    checks: tuple[CheckRecord, ...]
    claims: Mapping[str, Claim]
    hardware_backed: bool
    simulated: bool
    appraised_at: int
    valid_until: int | None
    policy_name: str
    policy_version: int
    policy_digest: bytes
    memory_after: Memory

    def to_json(self) -> dict[str, object]:
        """Return the record as JSON members, the same in every language."""
        return {
            "outcome": self.outcome,
            "reasons": list(self.reasons),
            "checks": [
                {
                    "stage": one.stage,
                    "check": one.check,
                    "item": one.item,
                    "outcome": one.outcome,
                    "reasons": list(one.reasons),
                }
                for one in self.checks
            ],
            "claims": {name: {"value": claim.value, "item": claim.item} for name, claim in self.claims.items()},
            "hardware_backed": self.hardware_backed,
            "simulated": self.simulated,
            "appraised_at": self.appraised_at,
            "valid_until": self.valid_until,
            "policy": {
                "name": self.policy_name,
                "version": self.policy_version,
                "digest": self.policy_digest.hex(),
            },
            "verifier": VERIFIER,
            "memory_after": self.memory_after.members(),
        }


@dataclass(frozen=True, slots=True)
class _Established:
    record: Record
    node_document: bytes
    document: NodeDocument
    release: Release
    models: tuple[Model, ...]


@dataclass(frozen=True, slots=True)
class Appraisal(_Established):
    """Accepted: vendor-signed hardware, a wanted release, and a key that lives inside."""


@dataclass(frozen=True, slots=True)
class SimulatedAppraisal(_Established):
    """Accepted as simulated: whoever runs this server can read the messages. Never usable as an Appraisal."""
