/**
 * The closed list of appraisal reasons, by stage, and the one way an appraisal fails.
 *
 * Source: specs/attestation-reasons.md; a test compares the two lists.
 */

import type { Record } from "./result.ts";

const LISTED = [
  ["policy",
    "policy_malformed policy_signature policy_expired policy_rollback policy_below_floor clock_behind_build"],
  ["bundle",
    "bundle_too_large bundle_not_canonical bundle_type label_unknown label_missing media_type indicator item_encoding "
    + "item_too_large"],
  ["parse",
    "malformed trailing_data unsupported_version unsupported_algorithm cose_mac0_not_verifiable collateral_missing"],
  ["chain",
    "certificate_malformed certificate_chain certificate_profile certificate_expired certificate_not_yet_valid "
    + "root_not_pinned trust_anchor_not_pinned"],
  ["revocation",
    "crl_missing crl_signature crl_expired crl_not_yet_valid certificate_revoked certificate_on_hold ocsp_missing "
    + "ocsp_signature ocsp_mismatch ocsp_expired ocsp_unknown"],
  ["signature",
    "quote_signature qe_report_signature qe_binding report_signature document_signature token_signature "
    + "evidence_signature key_binding"],
  ["platform",
    "debug_enabled generation tee_not_allowed simulated guest_policy td_attributes xfam service_td_present "
    + "report_version platform_info vmpl signing_key chip_id_mismatch pck_configuration lifecycle client_partition "
    + "platform_not_listed"],
  ["tcb",
    "collateral_signature collateral_expired collateral_not_yet_valid collateral_too_old collateral_mismatch "
    + "collateral_rollback qe_identity module_identity tcb_no_matching_level tcb_status tcb_advisory tcb_mismatch "
    + "tcb_below_floor"],
  ["measurement",
    "release_not_logged release_proof_stale release_not_yet_valid release_revoked release_unknown "
    + "measurement_mismatch register_not_zero configuration_not_allowed model_not_allowed"],
  ["event_log", "event_log_missing event_log_replay event_log_payload"],
  ["binding",
    "node_document_malformed binding_mismatch platform_mismatch release_mismatch configuration_mismatch "
    + "models_mismatch device_digest_mismatch deployment_mismatch nonce_mismatch key_mismatch egress_not_allowed "
    + "endorsement_missing endorsement_signature directory_not_listed"],
  ["devices",
    "device_missing device_count device_duplicate device_nonce device_kind firmware_identity driver_not_allowed "
    + "vbios_not_allowed rim_missing rim_chain rim_signature rim_expired rim_conflict rim_mismatch"],
  ["freshness",
    "evidence_stale anchor_unknown anchor_conflict challenge_required key_expired key_not_yet_valid key_lifetime"],
  ["verdict", "check_missing"],
] as const;

/** Stage to its reason codes, both in order. */
export const REASONS: ReadonlyMap<string, readonly string[]> = new Map(
  LISTED.map(([stage, codes]) => [stage, codes.split(" ")]),
);
export const STAGES: readonly string[] = [...REASONS.keys()];
/** Reason code to the number of its stage. */
export const STAGE_OF: ReadonlyMap<string, number> = new Map(
  [...REASONS.values()].flatMap((codes, stage) => codes.map((code): [string, number] => [code, stage])),
);

/**
 * The evidence was not accepted; `record` says everything that was and was not checked.
 *
 * The message is the headline reason; `reasons` holds all failures in stage order, each `code` or `code:detail`.
 */
export class Refused extends Error {
  readonly record: Record;

  constructor(record: Record) {
    super(record.reasons[0]);
    this.name = "Refused";
    this.record = record;
  }

  get reasons(): readonly string[] {
    return this.record.reasons;
  }
}

/** A policy document cannot be used; nothing was appraised. `reason` is one of stage 0, `detail` names fields. */
export class PolicyMalformed extends Error {
  readonly reason: "policy_malformed" | "policy_below_floor";
  readonly detail: string;

  constructor(detail: string, reason: PolicyMalformed["reason"] = "policy_malformed") {
    super(`${reason}: ${detail}`);
    this.name = "PolicyMalformed";
    this.reason = reason;
    this.detail = detail;
  }
}

/** A mistake of this package, never of the evidence: it stops the appraisal, and nothing is accepted. */
export class Fault extends Error {}
