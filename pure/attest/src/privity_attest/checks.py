"""The table of checks: kind, check, stage, item, reasons, and what each check's input depends on.

A check whose input is unusable is not checked, `blocked_by` the check that spoiled it. The verdict demands exactly one
record per check of this table, so that nothing is skipped by silence.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

from privity_attest.errors import STAGE_OF


@dataclass(frozen=True, slots=True)
class Check:
    """One check: the reasons it may give all belong to its stage; `reads` are labels, `needs` checks that must pass."""

    name: str
    item: str
    reasons: frozenset[str]
    reads: tuple[str, ...]
    needs: tuple[str, ...]

    @property
    def stage(self) -> int:
        """Return the number of the stage."""
        return STAGE_OF[next(iter(self.reasons))]


def _check(name: str, item: str, reasons: str, *, reads: tuple[str, ...] = (), needs: tuple[str, ...] = ()) -> Check:
    return Check(name, item, frozenset(reasons.split()), reads, needs)


_GENUINE: Final = (
    "document_form",
    "certificate_form",
    "certificate_chain",
    "certificate_profile",
    "certificate_dates",
    "root",
    "revocation",
    "document_signature",
)
BEFORE: Final = (
    _check("policy_form", "policy", "policy_malformed"),
    _check("policy_signature", "policy", "policy_signature"),
    _check("policy_window", "policy", "policy_expired"),
    _check("policy_version", "policy", "policy_rollback"),
    _check("policy_floor", "policy", "policy_below_floor"),
    _check("clock", "policy", "clock_behind_build"),
    _check(
        "container",
        "bundle",
        "bundle_too_large bundle_not_canonical bundle_type label_unknown media_type indicator item_encoding "
        "item_too_large",
    ),
    _check("labels", "bundle", "label_missing label_unknown", needs=("container",)),
)
KIND: Final = _check("kind", "cpu", "tee_not_allowed simulated", reads=("cpu",))
COMPLETE: Final = _check("complete", "bundle", "check_missing")
_PARSE: Final = (
    _check(
        "document_form",
        "cpu",
        "malformed trailing_data unsupported_algorithm cose_mac0_not_verifiable",
        reads=("cpu",),
    ),
    _check("runtime_log_form", "runtime-log", "malformed", reads=("runtime-log",)),
    _check("configuration_form", "configuration", "malformed", reads=("configuration",)),
    _check("models_form", "models", "malformed", reads=("models",)),
    _check("release_form", "release", "malformed", reads=("release",)),
)
_CHAIN: Final = (
    _check("certificate_form", "cpu", "certificate_malformed", needs=("document_form",)),
    _check("certificate_chain", "cpu", "certificate_chain", needs=("certificate_form",)),
    _check("certificate_profile", "cpu", "certificate_profile", needs=("certificate_form",)),
    _check("certificate_dates", "cpu", "certificate_expired certificate_not_yet_valid", needs=("certificate_form",)),
    _check("root", "cpu", "root_not_pinned", needs=("certificate_form",)),
    _check("revocation", "cpu", "crl_missing"),
    _check("document_signature", "cpu", "document_signature", needs=("certificate_form",)),
)
_PLATFORM: Final = (
    KIND,
    _check("debug", "cpu", "debug_enabled", needs=_GENUINE),
    _check("platform_listed", "node-document", "platform_not_listed"),
    _check("tcb", "cpu", "tcb_status"),
)
_MEASUREMENT: Final = (
    _check("release_logged", "release", "release_not_logged release_proof_stale release_revoked"),
    _check("release_allowed", "release", "release_unknown", needs=("release_form",)),
    _check("release_time", "release", "release_not_yet_valid", needs=("release_form",)),
    _check("registers", "cpu", "measurement_mismatch", needs=(*_GENUINE, "release_form")),
    _check(
        "configuration_allowed",
        "configuration",
        "configuration_not_allowed",
        reads=("configuration",),
        needs=("release_form",),
    ),
    _check("models_allowed", "models", "model_not_allowed", needs=("release_form", "models_form")),
    _check("runtime_register", "runtime-log", "event_log_replay", needs=(*_GENUINE, "runtime_log_form")),
    _check(
        "runtime_events",
        "runtime-log",
        "event_log_missing event_log_payload",
        reads=("configuration", "models"),
        needs=("runtime_log_form",),
    ),
)
_BINDING: Final = (
    _check("node_document", "node-document", "node_document_malformed", reads=("node-document",)),
    _check("report_data", "cpu", "binding_mismatch", reads=("node-document",), needs=_GENUINE),
    _check("platform_bound", "node-document", "platform_mismatch", needs=("node_document", *_GENUINE)),
    _check("release_bound", "node-document", "release_mismatch", reads=("release",), needs=("node_document",)),
    _check(
        "configuration_bound",
        "node-document",
        "configuration_mismatch",
        reads=("configuration",),
        needs=("node_document",),
    ),
    _check("models_bound", "node-document", "models_mismatch", reads=("models",), needs=("node_document",)),
    _check("devices_bound", "node-document", "device_digest_mismatch", needs=("node_document",)),
    _check("deployment", "node-document", "deployment_mismatch", needs=("node_document",)),
    _check("nonce", "node-document", "nonce_mismatch", needs=("node_document",)),
    _check("key", "node-document", "key_mismatch", needs=("node_document",)),
    _check("egress", "node-document", "egress_not_allowed", needs=("node_document",)),
    _check("endorsement", "node-document", "endorsement_missing endorsement_signature"),
    _check("directory", "node-document", "directory_not_listed"),
)
_DEVICES: Final = (
    _check("device_count", "bundle", "device_count device_missing", needs=("container",)),
    _check("device_evidence", "bundle", "device_nonce", needs=("container",)),
)
_FRESHNESS: Final = (
    _check("key_window", "node-document", "key_expired key_not_yet_valid key_lifetime", needs=("node_document",)),
    _check("evidence_age", "node-document", "evidence_stale", needs=("node_document",)),
    _check("anchor", "node-document", "anchor_unknown anchor_conflict"),
    _check("challenge", "node-document", "challenge_required", needs=("node_document",)),
)
SIMULATED: Final = (
    *BEFORE, *_PARSE, *_CHAIN, *_PLATFORM, *_MEASUREMENT, *_BINDING, *_DEVICES, *_FRESHNESS, COMPLETE,
)  # fmt: skip
# Kinds whose verifier does not exist yet are refused by `kind`; the table grows with them.
NOT_BUILT: Final = (*(check for check in BEFORE if check.name != "policy_signature"), KIND, COMPLETE)
TABLE: Final[Mapping[str, tuple[Check, ...]]] = MappingProxyType({"simulated": SIMULATED})

NOT_APPLICABLE: Final = "not_applicable:simulated"
# Each of these goes when the log (C) exists: then the simulated kind proves them like any other.
ALLOWANCES: Final[Mapping[str, str]] = MappingProxyType(
    dict.fromkeys(
        ("policy_signature", "platform_listed", "release_logged", "endorsement", "directory", "anchor"), NOT_APPLICABLE
    )
)
# These stay: a development root has no revocation list and an imitation has no trusted computing base to rate.
NEVER_APPLICABLE: Final[Mapping[str, str]] = MappingProxyType(
    {"revocation": "not_applicable:development_root", "tcb": "not_applicable:no_hardware"}
)


def for_kind(kind: str | None) -> tuple[Check, ...]:
    """Return the checks of `kind`, in order; of an unknown or unreadable kind those that need no kind."""
    return TABLE.get(kind or "", NOT_BUILT)
