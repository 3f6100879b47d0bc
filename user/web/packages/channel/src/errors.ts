/**
 * What can go wrong between a question and its answer, beside what bytes, logs and evidence say for themselves.
 *
 * Source: specs/admission.md; a test compares the two lists. Python has the same codes among the reasons of its client.
 */

import { PolicyMalformed } from "@privity/attest/errors";
import { type Bytes } from "@privity/protocol/bytes";
import { type JsonObject } from "@privity/protocol/canonical";
import { PrivityError } from "@privity/protocol/errors";
import { TlogError } from "@privity/tlog/errors";
import { TrustError } from "@privity/trust/errors";

export const REASONS = [
  "unreachable", "not_privity", "too_much", "no_node", "refused", "simulated_not_allowed", "answer_cut", "answer_gone",
  "busy", "slow_down", "too_large", "session_refused", "token_invalid", "token_spent", "token_expired", "policy",
  "internal", "model_unavailable", "view_conflict", "bad_request",
] as const;

export type ChannelReason = (typeof REASONS)[number];

/** Whether a text is one of the reasons. */
export function isReason(text: string): text is ChannelReason {
  return (REASONS as readonly string[]).includes(text);
}

/** `reason` is of the closed list; `detail` adds particulars and never carries what the user typed. */
export class ChannelError extends Error {
  readonly reason: ChannelReason;
  readonly detail: string;

  constructor(reason: ChannelReason, detail = "") {
    super(detail === "" ? reason : `${reason}: ${detail}`);
    this.name = "ChannelError";
    this.reason = reason;
    this.detail = detail;
  }
}

/**
 * A node's evidence was refused and nothing was sent: `record` says every check, `bundle` is what was judged.
 *
 * The reason is `simulated_not_allowed` where only the consent to a test enclave is missing, else `refused`.
 */
export class EvidenceRefused extends ChannelError {
  readonly record: JsonObject;
  readonly bundle: Bytes;

  constructor(reason: "refused" | "simulated_not_allowed", detail: string, record: JsonObject, bundle: Bytes) {
    super(reason, detail);
    this.name = "EvidenceRefused";
    this.record = record;
    this.bundle = bundle;
  }
}

/** A failure that a specification describes: every one has a `reason` of a closed list. */
export type Documented = ChannelError | PolicyMalformed | PrivityError | TlogError | TrustError;

/** Whether a failure is a described one; anything else is a fault of ours. */
export function isDocumented(error: unknown): error is Documented {
  return [ChannelError, PolicyMalformed, PrivityError, TlogError, TrustError].some((kind) => error instanceof kind);
}
