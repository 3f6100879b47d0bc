"""The case under appraisal: what was given, and what the checks have established so far.

Established attributes start unset: reading one that no check has set is an error of this package, never a pass.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final, Literal

from privity_protocol.binding import NodeDocument
from privity_protocol.evidence import Bundle

from privity_attest.cose import Sign1
from privity_attest.event_log import Event
from privity_attest.logged import Logged
from privity_attest.memory import Memory
from privity_attest.nvidia.device import Devices
from privity_attest.nvidia.ocsp import Response
from privity_attest.policy import Policy
from privity_attest.release import Model, Release
from privity_attest.x509 import Certificate

if TYPE_CHECKING:
    from privity_attest.cca.token import Platform, Realm
    from privity_attest.crl import Crl
    from privity_attest.dcap.established import Established
    from privity_attest.measured_boot import BootEvent
    from privity_attest.nitro.document import NitroDocument
    from privity_attest.psa.token import PsaToken
    from privity_attest.sev_snp.endorsement import Endorsement
    from privity_attest.sev_snp.report import Report
    from privity_attest.sim_tpm.quote import Quote as TpmQuote
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
SIMULATED_KINDS: Final = frozenset({"simulated", "sim_tpm"})


@dataclass(frozen=True, slots=True)
class NotChecked:
    """Why a check was not made: `blocked_by:`, `unchecked_by_policy:` or `not_applicable:` and a text."""

    text: str


# What a check returns: its failures, none when it passed, or why it was not made.
Finding = tuple[str, ...] | NotChecked
Remembered = Literal["tcb_evaluation", "crl_numbers", "issue_dates"]


@dataclass(slots=True)
class Case:
    """Inputs of one appraisal; the rest is set by the check named after it, or by the kind's own checks.

    A kind sets `report_data` (what its evidence commits to, 64 bytes), `platform_id` (SHA-256 of the platform's
    identifier), `production` or `foreign_root` when its root check passes, and adds the last second of everything that
    ends to `ends` and the highest numbers it met to `seen` (kept only after acceptance).
    """

    data: bytes
    now: int
    policy: Policy
    logged: Logged
    nonce: bytes | None
    memory: Memory
    container_fault: str | None = None
    bundle: Bundle | None = None
    report_data: bytes = field(init=False)
    platform_id: bytes = field(init=False)
    production: bool = False
    foreign_root: bool = False
    ends: list[int] = field(default_factory=list)
    seen: list[tuple[Remembered, str, int]] = field(default_factory=list)
    devices: Devices = field(default_factory=Devices)
    ocsp: tuple[Response, ...] = ()
    sign1: Sign1 = field(init=False)
    document: "SimDocument" = field(init=False)
    path: tuple[Certificate, ...] = field(init=False)
    snp_report: "Report" = field(init=False)
    snp_crl: "Crl | None" = field(init=False)
    endorsement: "Endorsement" = field(init=False)
    nitro: "NitroDocument" = field(init=False)
    tpm_quote: "TpmQuote" = field(init=False)
    psa: "PsaToken" = field(init=False)
    cca_platform: "Platform" = field(init=False)
    realm: "Realm" = field(init=False)
    realm_sign1: Sign1 = field(init=False)
    dcap: "Established" = field(init=False)
    boot_events: "tuple[BootEvent, ...]" = field(init=False)
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


Run = Callable[[Case], Finding]
DeviceRun = Callable[[Case, str], Finding]
"""A check of the device under a label."""


def fails(condition: bool, reason: str) -> tuple[str, ...]:
    """Return `reason` as the only failure if `condition` holds."""
    return (reason,) if condition else ()
