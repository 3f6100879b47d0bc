"""The table of checks: what every kind has in common, and how a kind's own checks join it.

A check whose input is unusable is not checked, `blocked_by` the check that spoiled it. The verdict demands exactly one
record per check of the table, so that nothing is skipped by silence.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

from privity_attest.errors import STAGE_OF

GENUINE_STAGES: Final = range(2, 6)
"""Parse, chain, revocation and signature: what evidence says is believed only when these passed for its item."""

LOGS: Final = frozenset({"boot-log", "runtime-log"})
"""Items that explain registers: a log that cannot be read says nothing about who signed the evidence."""


@dataclass(frozen=True, slots=True)
class Check:
    """One check: the reasons it may give all belong to its stage; `reads` are labels, `needs` checks that must pass.

    A need names a check of the same item where there is one, else the check of that name.
    """

    name: str
    item: str
    stage: int
    reasons: frozenset[str]
    reads: tuple[str, ...]
    needs: tuple[str, ...]


def check(name: str, item: str, reasons: str, *, reads: tuple[str, ...] = (), needs: tuple[str, ...] = ()) -> Check:
    """Return the check `name` of `item` whose `reasons` are separated by spaces."""
    codes = reasons.split()
    return Check(name, item, STAGE_OF[codes[0]], frozenset(codes), reads, needs)


def genuine_names(own: tuple[Check, ...]) -> tuple[str, ...]:
    """Return which of a kind's own checks decide that its CPU evidence is genuine, in order."""
    names = (one.name for one in own if one.stage in GENUINE_STAGES and one.item not in LOGS)
    return tuple(dict.fromkeys(names))


BEFORE: Final = (
    check("policy_form", "policy", "policy_malformed"),
    check("policy_signature", "policy", "policy_signature"),
    check("policy_window", "policy", "policy_expired"),
    check("policy_version", "policy", "policy_rollback"),
    check("policy_floor", "policy", "policy_below_floor"),
    check("clock", "policy", "clock_behind_build"),
    check(
        "container",
        "bundle",
        "bundle_too_large bundle_not_canonical bundle_type label_unknown media_type indicator item_encoding "
        "item_too_large",
    ),
    check("labels", "bundle", "label_missing label_unknown", needs=("container",)),
)
KIND: Final = check("kind", "cpu", "tee_not_allowed simulated", reads=("cpu",))
COMPLETE: Final = check("complete", "bundle", "check_missing")
RUNTIME_LOG_FORM: Final = check("runtime_log_form", "runtime-log", "malformed", reads=("runtime-log",))
RUNTIME_EVENTS: Final = check(
    "runtime_events",
    "runtime-log",
    "event_log_missing event_log_payload",
    reads=("configuration", "models"),
    needs=("runtime_log_form",),
)
_FORMS: Final = (
    check("configuration_form", "configuration", "malformed", reads=("configuration",)),
    check("models_form", "models", "malformed", reads=("models",)),
    check("release_form", "release", "malformed", reads=("release",)),
)
_RELEASE: Final = (
    check("release_logged", "release", "release_not_logged release_proof_stale release_revoked"),
    check("release_allowed", "release", "release_unknown", needs=("release_form",)),
    check("release_time", "release", "release_not_yet_valid", needs=("release_form",)),
)
_ALLOWED: Final = (
    check(
        "configuration_allowed",
        "configuration",
        "configuration_not_allowed",
        reads=("configuration",),
        needs=("release_form",),
    ),
    check("models_allowed", "models", "model_not_allowed", needs=("release_form", "models_form")),
)
_DEVICES: Final = (
    check("device_count", "bundle", "device_count device_missing", needs=("container", "release_form")),
    check("device_keys", "bundle", "device_duplicate", needs=("container",)),
)
_FRESHNESS: Final = (
    check("key_window", "node-document", "key_expired key_not_yet_valid key_lifetime", needs=("node_document",)),
    check("evidence_age", "node-document", "evidence_stale", needs=("node_document",)),
    check("anchor", "node-document", "anchor_unknown anchor_conflict"),
    check("challenge", "node-document", "challenge_required", needs=("node_document",)),
)
# A kind whose verifier does not exist is refused by `kind`.
NOT_BUILT: Final = (*(one for one in BEFORE if one.name != "policy_signature"), KIND, COMPLETE)

NOT_APPLICABLE: Final = "not_applicable:simulated"
# Only a client that knows no log excuses the simulated kind from these; with one they are checked as for any other.
ALLOWANCES: Final[Mapping[str, str]] = MappingProxyType(
    dict.fromkeys(
        ("policy_signature", "platform_listed", "release_logged", "endorsement", "directory", "anchor"), NOT_APPLICABLE
    )
)
# These stay: a development root has no revocation list and an imitation has no trusted computing base to rate.
NEVER_APPLICABLE: Final[Mapping[str, str]] = MappingProxyType(
    {"revocation": "not_applicable:development_root", "tcb": "not_applicable:no_hardware"}
)


def table_of(own: tuple[Check, ...], devices: tuple[Check, ...] = ()) -> tuple[Check, ...]:
    """Return all checks of a kind in the order in which they run: `own` and `devices` between the common ones.

    `devices` are the checks of those devices that the bundle holds.
    """
    genuine = genuine_names(own)
    listed = check("platform_listed", "node-document", "platform_not_listed", needs=genuine)
    everything = (
        *BEFORE, KIND, *_RELEASE, *own, *_DEVICES, *devices, *_FORMS, listed, *_ALLOWED, *_binding(genuine),
        *_FRESHNESS,
    )  # fmt: skip
    return (*sorted(everything, key=lambda one: one.stage), COMPLETE)


def _binding(genuine: tuple[str, ...]) -> tuple[Check, ...]:
    bound = ("node_document",)
    return (
        check("node_document", "node-document", "node_document_malformed", reads=("node-document",)),
        check("report_data", "cpu", "binding_mismatch", reads=("node-document",), needs=genuine),
        check("platform_bound", "node-document", "platform_mismatch", needs=("node_document", *genuine)),
        check("release_bound", "node-document", "release_mismatch", reads=("release",), needs=bound),
        check("configuration_bound", "node-document", "configuration_mismatch", reads=("configuration",), needs=bound),
        check("models_bound", "node-document", "models_mismatch", reads=("models",), needs=bound),
        check("devices_bound", "node-document", "device_digest_mismatch", needs=bound),
        check("deployment", "node-document", "deployment_mismatch", needs=bound),
        check("nonce", "node-document", "nonce_mismatch", needs=bound),
        check("key", "node-document", "key_mismatch", needs=bound),
        check("egress", "node-document", "egress_not_allowed", needs=bound),
        check("endorsement", "node-document", "endorsement_missing endorsement_signature"),
        check("directory", "node-document", "directory_not_listed"),
    )
