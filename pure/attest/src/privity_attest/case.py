"""The case under appraisal: what was given, and what the checks have established so far.

Established attributes start unset: reading one that no check has set is an error of this package, never a pass.
"""

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from privity_protocol.binding import NodeDocument
from privity_protocol.evidence import Bundle

from privity_attest.cose import Sign1
from privity_attest.event_log import Event
from privity_attest.logged import Logged
from privity_attest.memory import Memory
from privity_attest.policy import Policy
from privity_attest.release import Model, Release
from privity_attest.x509 import Certificate

if TYPE_CHECKING:
    from privity_attest.simulated.document import SimDocument

KINDS: Final = {
    "tdx-quote": "tdx",
    "sgx-quote": "sgx",
    "snp-report": "sev_snp",
    "nitro-document": "nitro",
    "psa-token": "psa",
    "cca-token": "cca",
    "sim-document": "simulated",
    "sim-tpm-quote+cbor": "sim_tpm",
}


@dataclass(frozen=True, slots=True)
class NotChecked:
    """Why a check was not made: `blocked_by:`, `unchecked_by_policy:` or `not_applicable:` and a text."""

    text: str


# What a check returns: its failures, none when it passed, or why it was not made.
Finding = tuple[str, ...] | NotChecked


@dataclass(slots=True)
class Case:
    """Inputs of one appraisal; the rest is set by the check named after it."""

    data: bytes
    now: int
    policy: Policy
    logged: Logged
    nonce: bytes | None
    memory: Memory
    container_fault: str | None = None
    bundle: Bundle | None = None
    sign1: Sign1 = field(init=False)
    document: "SimDocument" = field(init=False)
    path: tuple[Certificate, ...] = field(init=False)
    events: tuple[Event, ...] = field(init=False)
    release: Release = field(init=False)
    models: tuple[Model, ...] = field(init=False)
    node_document: NodeDocument = field(init=False)

    def has(self, label: str) -> bool:
        """Return whether the bundle holds `label`."""
        return self.bundle is not None and label in self.bundle.items

    def item(self, label: str) -> bytes:
        """Return the bytes of item `label`, which the check's table entry reads."""
        if self.bundle is None:
            raise AssertionError("no bundle")
        return self.bundle.items[label].data

    @property
    def kind(self) -> str | None:
        """Return the kind that the media type of the CPU item names, None without one."""
        if self.bundle is None or "cpu" not in self.bundle.items:
            return None
        return KINDS[self.bundle.items["cpu"].media_type]


def fails(condition: bool, reason: str) -> tuple[str, ...]:
    """Return `reason` as the only failure if `condition` holds."""
    return (reason,) if condition else ()
