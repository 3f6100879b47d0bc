/** WebAuthn: the one thing that the main thread does itself. What a passkey answered is a key before anybody sees it. */

import { begun, continued } from "@privity/passkeys/enrolment";
import { type Assertion, create, type Environment, get, type Registration } from "@privity/passkeys/passkey";
import type { Bytes } from "@privity/protocol/bytes";

const page: Environment = { credentials: navigator.credentials, marking: crypto.getRandomValues(new Uint8Array(32)) };

export interface Enrolled {
  readonly registration: Registration;
  readonly material: CryptoKey | null;
}

export interface Asked {
  readonly challenge: Bytes;
  readonly account: Bytes;
  readonly rpId: string;
}

/**
 * A new passkey, asked until two answers agree. `finish` waits for a click: "Finish with your passkey".
 *
 * Raises PasskeyError, among them `opener.unstable`.
 */
export async function enrol({ challenge, account, rpId }: Asked, finish: () => Promise<void>): Promise<Enrolled> {
  let state: ReturnType<typeof continued> = begun(await create(page, {
    challenge, account, rpId, rpName: "Privity", label: "Privity", exclude: [],
  }));
  while (state.state === "again") {
    await finish();
    const local = crypto.getRandomValues(new Uint8Array(32));
    state = continued(state, await get(page, { challenge: local, rpId, allow: [state.registration.id] }));
  }
  return { registration: state.registration, material: state.state === "ready" ? state.material.key : null };
}

export interface Proved {
  readonly assertion: Assertion;
  readonly material: CryptoKey | null;
}

/** A passkey's use. Raises PasskeyError. */
export async function use({ challenge, rpId }: Asked): Promise<Proved> {
  const { assertion, material } = await get(page, { challenge, rpId, allow: [] });
  return { assertion, material: material === null ? null : material.key };
}
