/**
 * The closed list of reasons for which something of an account is not believed, and the one error that carries them.
 *
 * Source: specs/vault-reasons.md; a test compares the two lists.
 */

import { Malformed } from "@privity/protocol/errors";

export const GROUPS = {
  opener: [
    "opener.malformed", "opener.parameters", "opener.unstable", "opener.wrong_key", "opener.foreign", "opener.not_sealed",
    "opener.unlisted",
  ],
  code: ["recovery.malformed", "recovery.mistyped", "passphrase.malformed"],
  keyring: [
    "keyring.malformed", "keyring.foreign", "keyring.rolled_back", "keyring.bad_mac", "keyring.bad_signature",
    "keyring.broken_chain",
  ],
  object: [
    "object.malformed", "object.too_large", "object.wrong_key", "object.damaged", "object.wrong_kind", "object.swapped",
    "object.missing",
  ],
  page: ["page.malformed"],
  log: [
    "log.foreign", "log.rolled_back", "log.forked", "log.omitted", "log.keyring", "log.device", "log.bad_signature",
    "log.sequence", "log.version", "log.resurrected",
  ],
  pairing: [
    "pairing.malformed", "pairing.card_changed", "pairing.expired", "pairing.commitment", "pairing.burnt",
    "pairing.foreign",
  ],
  share: ["share.malformed", "share.expired", "share.wrong_key"],
  export: [
    "export.malformed", "export.wrong_key", "export.damaged", "export.truncated", "export.too_large", "export.path",
    "export.differs",
  ],
} as const;

export type VaultReason = (typeof GROUPS)[keyof typeof GROUPS][number];

/** Something of an account does not hold: `reason` is of the closed list, `detail` carries no secret. */
export class VaultError extends Error {
  readonly reason: VaultReason;
  readonly detail: string;

  constructor(reason: VaultReason, detail = "") {
    super(detail === "" ? reason : `${reason}: ${detail}`);
    this.name = "VaultError";
    this.reason = reason;
    this.detail = detail;
  }
}

/** What `step` reads; a Malformed of the protocol becomes a VaultError of `reason`. */
export function reading<Result>(reason: VaultReason, step: () => Result): Result {
  try {
    return step();
  } catch (error) {
    throw named(error, reason);
  }
}

/** The same of what takes time. */
export async function readingLater<Result>(reason: VaultReason, step: () => Promise<Result>): Promise<Result> {
  try {
    return await step();
  } catch (error) {
    throw named(error, reason);
  }
}

function named(error: unknown, reason: VaultReason): unknown {
  return error instanceof Malformed ? new VaultError(reason, error.message) : error;
}
