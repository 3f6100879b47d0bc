/**
 * Why a step of an account's way ends here, beside what the vault, the passkey and the service say.
 *
 * Source: specs/account.md; a test compares the lists.
 */

export const REASONS = [
  "ceremony.open", "ceremony.differs", "access.stale", "device.absent", "passkey.opens_nothing", "opener.in_use",
] as const;

export type AccountReason = (typeof REASONS)[number];

/** Nothing was written anywhere. */
export class AccountError extends Error {
  readonly reason: AccountReason;

  constructor(reason: AccountReason) {
    super(reason);
    this.name = "AccountError";
    this.reason = reason;
  }
}
