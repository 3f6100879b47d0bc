/**
 * Telling the passkey picker what changed, where a browser can be told (WebAuthn Level 3, signal methods).
 *
 * Without it a removed passkey stays in the picker and fails later. Nothing depends on it: failures are not reported.
 */

import { type Bytes } from "@privity/protocol/bytes";
import { base64urlEncode } from "@privity/protocol/canonical";

interface Signals {
  signalUnknownCredential?(options: { rpId: string; credentialId: string }): Promise<void>;
  signalAllAcceptedCredentials?(options: { rpId: string; userId: string; allAcceptedCredentialIds: string[] }): Promise<void>;
  signalCurrentUserDetails?(options: { rpId: string; userId: string; name: string; displayName: string }): Promise<void>;
}

/** The service refused this credential as unknown. */
export async function unknown(interface_: Signals, rpId: string, credential: Bytes): Promise<void> {
  await quietly(interface_.signalUnknownCredential?.({ rpId, credentialId: base64urlEncode(credential) }));
}

/** These are all passkeys of the account, and this is its label. */
export async function current(
  interface_: Signals, rpId: string, account: Bytes, credentials: readonly Bytes[], label: string,
): Promise<void> {
  const userId = base64urlEncode(account);
  const allAcceptedCredentialIds = credentials.map((one) => base64urlEncode(one));
  await quietly(interface_.signalAllAcceptedCredentials?.({ rpId, userId, allAcceptedCredentialIds }));
  await quietly(interface_.signalCurrentUserDetails?.({ rpId, userId, name: label, displayName: label }));
}

async function quietly(told: Promise<void> | undefined): Promise<void> {
  try {
    await told;
  } catch {
    // A picker that cannot be told keeps a stale entry, which fails with a reason when it is chosen.
  }
}
