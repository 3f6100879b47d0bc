/** What may come of a synchronisation that is no failure of the service's or of a device's making. */

import { VaultError, type VaultReason } from "@privity/vault/errors";

/** Whether a device that met this stops writing until a person repairs: nothing heals silently. */
export function halts(error: unknown): VaultReason | null {
  if (!(error instanceof VaultError)) return null;
  const { reason } = error;
  return reason.startsWith("log.") || reason.startsWith("keyring.") || reason === "page.malformed" ? reason : null;
}

/** This device stopped writing for `reason`; reading goes on. */
export class Halted extends Error {
  readonly reason: VaultReason;

  constructor(reason: VaultReason) {
    super(`stopped writing: ${reason}`);
    this.name = "Halted";
    this.reason = reason;
  }
}
