/** The closed list of reasons for which a passkey gives nothing. Source: specs/passkey.md; a test compares the lists. */

export const REASONS = [
  "passkey.unsupported", "passkey.cancelled", "passkey.known", "passkey.not_verified", "passkey.failed", "opener.unstable",
] as const;

export type PasskeyReason = (typeof REASONS)[number];

/** A ceremony ended without what it was for; nothing was written anywhere. `detail` never holds what a passkey answered. */
export class PasskeyError extends Error {
  readonly reason: PasskeyReason;
  readonly detail: string;

  constructor(reason: PasskeyReason, detail = "") {
    super(detail === "" ? reason : `${reason}: ${detail}`);
    this.name = "PasskeyError";
    this.reason = reason;
    this.detail = detail;
  }
}

const BY_NAME: Readonly<Record<string, PasskeyReason>> = {
  NotAllowedError: "passkey.cancelled",
  AbortError: "passkey.cancelled",
  InvalidStateError: "passkey.known",
  NotSupportedError: "passkey.unsupported",
  SecurityError: "passkey.unsupported",
  ConstraintError: "passkey.unsupported",
};

/** Whether a browser failed in the one way that is mended by asking without the PRF extension. */
export function failsOfPrf(error: unknown): boolean {
  return nameOf(error) === "UnknownError";
}

/** What the browser's exception means. An unknown one is `passkey.failed` with its name, never with its words. */
export function meaning(error: unknown): PasskeyError {
  if (error instanceof PasskeyError) return error;
  const name = nameOf(error);
  return new PasskeyError(BY_NAME[name] ?? "passkey.failed", name);
}

function nameOf(error: unknown): string {
  return error instanceof Error ? error.name : "no exception";
}
