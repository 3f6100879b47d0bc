"""The closed list of appraisal reasons, by stage, and the one way an appraisal fails.

Source: specs/attestation-reasons.md; a test compares the two lists.
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from privity_attest.result import Record

STAGES: Final = (
    "policy",
    "bundle",
    "parse",
    "chain",
    "revocation",
    "signature",
    "platform",
    "tcb",
    "measurement",
    "event_log",
    "binding",
    "devices",
    "freshness",
    "verdict",
)

_CODES: Final = {
    "policy": "policy_malformed policy_signature policy_expired policy_rollback policy_below_floor clock_behind_build",
    "bundle": "bundle_too_large bundle_not_canonical bundle_type label_unknown label_missing media_type indicator "
    "item_encoding item_too_large",
    "parse": "malformed trailing_data unsupported_version unsupported_algorithm cose_mac0_not_verifiable "
    "collateral_missing",
    "chain": "certificate_malformed certificate_chain certificate_profile certificate_expired "
    "certificate_not_yet_valid root_not_pinned trust_anchor_not_pinned",
    "revocation": "crl_missing crl_signature crl_expired crl_not_yet_valid certificate_revoked certificate_on_hold "
    "ocsp_missing ocsp_signature ocsp_mismatch ocsp_expired ocsp_unknown",
    "signature": "quote_signature qe_report_signature qe_binding report_signature document_signature token_signature "
    "evidence_signature key_binding",
    "platform": "debug_enabled generation tee_not_allowed simulated guest_policy td_attributes xfam "
    "service_td_present report_version platform_info vmpl signing_key chip_id_mismatch pck_configuration lifecycle "
    "client_partition platform_not_listed",
    "tcb": "collateral_signature collateral_expired collateral_not_yet_valid collateral_too_old collateral_mismatch "
    "collateral_rollback qe_identity module_identity tcb_no_matching_level tcb_status tcb_advisory tcb_mismatch "
    "tcb_below_floor",
    "measurement": "release_not_logged release_proof_stale release_not_yet_valid release_revoked release_unknown "
    "measurement_mismatch register_not_zero configuration_not_allowed model_not_allowed",
    "event_log": "event_log_missing event_log_replay event_log_payload",
    "binding": "node_document_malformed binding_mismatch platform_mismatch release_mismatch configuration_mismatch "
    "models_mismatch device_digest_mismatch deployment_mismatch nonce_mismatch key_mismatch egress_not_allowed "
    "endorsement_missing endorsement_signature directory_not_listed",
    "devices": "device_missing device_count device_duplicate device_nonce device_kind firmware_identity "
    "driver_not_allowed vbios_not_allowed rim_missing rim_chain rim_signature rim_expired rim_conflict rim_mismatch",
    "freshness": "evidence_stale anchor_unknown anchor_conflict challenge_required key_expired key_not_yet_valid "
    "key_lifetime",
    "verdict": "check_missing",
}
REASONS: Final[Mapping[str, tuple[str, ...]]] = MappingProxyType(
    {stage: tuple(_CODES[stage].split()) for stage in STAGES}
)
STAGE_OF: Final[Mapping[str, int]] = MappingProxyType(
    {code: number for number, stage in enumerate(STAGES) for code in REASONS[stage]}
)


class Refused(Exception):
    """The evidence was not accepted; `record` says everything that was and was not checked.

    `str(e)` is the headline reason; `reasons` holds all failures in stage order.
    """

    def __init__(self, record: "Record") -> None:
        self.record = record
        super().__init__(record.reasons[0])

    @property
    def reasons(self) -> tuple[str, ...]:
        """Return all failures in stage order, each `code` or `code:detail`."""
        return self.record.reasons


class PolicyMalformed(Exception):
    """A policy document cannot be used; nothing was appraised. `reason` is one of stage 0, `detail` names fields."""

    def __init__(self, detail: str, *, reason: str = "policy_malformed") -> None:
        self.reason = reason
        self.detail = detail
        super().__init__(f"{reason}: {detail}")
