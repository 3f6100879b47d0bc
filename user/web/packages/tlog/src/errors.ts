/**
 * The closed list of reasons for which something of a log is not believed, and the one error that carries them.
 *
 * Source: specs/log-reasons.md; a test compares the two lists.
 */

export const GROUPS = {
  form: [
    "note_malformed", "key_malformed", "checkpoint_malformed", "cosignature_malformed", "proof_malformed",
    "policy_malformed", "tile_malformed", "log_too_large",
  ],
  log: ["log_unknown", "log_signature"],
  witness: ["witness_signature", "witness_quorum"],
  tree: ["inclusion", "consistency"],
  bulletin: ["leaf_missing", "leaf_repeated", "appraisal_policy"],
  view: ["checkpoint_rollback", "split_view", "leaf_rolled_back"],
  age: ["checkpoint_stale", "checkpoint_from_the_future"],
} as const;

export type LogReason = (typeof GROUPS)[keyof typeof GROUPS][number];

/** Something of a log does not hold: `reason` is of the closed list, `detail` names the line, key or number. */
export class TlogError extends Error {
  readonly reason: LogReason;
  readonly detail: string;

  constructor(reason: LogReason, detail = "") {
    super(detail === "" ? reason : `${reason}: ${detail}`);
    this.name = "TlogError";
    this.reason = reason;
    this.detail = detail;
  }
}
