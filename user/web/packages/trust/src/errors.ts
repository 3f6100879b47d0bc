/**
 * Why a client does not go on with a server, beside what its log and its evidence say. Source: specs/trust.md.
 *
 * A test compares the two lists; Python has the same codes among the reasons of its client.
 */

export const REASONS = [
  "unreachable", "not_privity", "too_much", "not_pinned", "pin_unusable", "no_quorum", "memory_unusable", "log_outdated",
  "log_unreadable", "held_back", "auditor_missing", "relay_bypassed",
] as const;

export type TrustReason = (typeof REASONS)[number];

/** Nothing was sent. `reason` is of the closed list, `detail` names the number, the file or the name. */
export class TrustError extends Error {
  readonly reason: TrustReason;
  readonly detail: string;

  constructor(reason: TrustReason, detail = "") {
    super(detail === "" ? reason : `${reason}: ${detail}`);
    this.name = "TrustError";
    this.reason = reason;
    this.detail = detail;
  }
}
