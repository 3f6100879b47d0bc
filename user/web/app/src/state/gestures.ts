/** WebAuthn: the one thing that the main thread does itself. What a passkey answered is a key before anybody sees it. */

import { type Again, begun, continued, type Enrolment } from "@privity/passkeys/enrolment";
import { PasskeyError } from "@privity/passkeys/errors";
import { type Assertion, create, type Environment, get, type Registration } from "@privity/passkeys/passkey";
import { unknown } from "@privity/passkeys/signals";
import type { Bytes } from "@privity/protocol/bytes";

import { Refusal } from "../bridge/line.ts";
import type { Challenge } from "../bridge/vault.ts";

/** Why a passkey that signs in cannot open. */
export type Unopening = "passkey.opens_nothing" | "opener.unstable";

export interface Enrolled {
  readonly registration: Registration;
  /** Null: the passkey only signs in, for the reason `unopening`. */
  readonly material: CryptoKey | null;
  readonly unopening: Unopening | null;
}

export interface Proved {
  readonly assertion: Assertion;
  readonly material: CryptoKey | null;
}

/** By these 32 bytes two answers are compared; they never leave the page. */
let marking: Bytes | null = null;
let running: AbortController | null = null;

/** End the browser's question, if one is open: it is `passkey.cancelled`. */
export function cancel(): void {
  running?.abort();
  running = null;
}

/** A question that replaces one that is still open. Raises Refusal `passkey.unsupported` where there is no WebAuthn. */
function environment(): Environment {
  if (!("PublicKeyCredential" in globalThis)) throw new Refusal("passkey.unsupported", "no WebAuthn");
  cancel();
  running = new AbortController();
  marking ??= crypto.getRandomValues(new Uint8Array(32));
  return { credentials: navigator.credentials, marking, signal: running.signal };
}

/**
 * A new passkey, asked until two answers agree. `finish` waits for a click: "Finish with your passkey". `label` is shown in
 * the passkey picker and never sent.
 *
 * Raises Refusal `passkey.*`. A passkey without an answer, or with two that differ, is no error: it signs in, and words open.
 */
export async function enrol(
  { challenge, account, rpId, exclude }: Challenge, label: string, finish: () => Promise<void>,
): Promise<Enrolled> {
  const made = await asked(() => create(environment(), { challenge, account, rpId, rpName: "Privity", label, exclude }));
  let state: Enrolment = begun(made);
  const { registration } = made;
  try {
    while (state.state === "again") {
      await finish();
      const local = crypto.getRandomValues(new Uint8Array(32));
      const before: Again = state;
      state = await asked(async () => {
        return continued(before, await get(environment(), { challenge: local, rpId, allow: [registration.id] }));
      });
    }
  } catch (error) {
    if (error instanceof Refusal && error.reason === "opener.unstable") {
      return { registration, material: null, unopening: error.reason };
    }
    await forsake(rpId, registration.id);
    throw error;
  }
  const material = state.state === "ready" ? state.material.key : null;
  return { registration, material, unopening: material === null ? "passkey.opens_nothing" : null };
}

/** A passkey's use. Raises Refusal `passkey.*`. */
export async function use({ challenge, rpId }: Challenge): Promise<Proved> {
  const { assertion, material } = await asked(() => get(environment(), { challenge, rpId, allow: [] }));
  return { assertion, material: material === null ? null : material.key };
}

/** The account of this passkey was not made: where a browser can be told, its picker no longer offers it. */
export async function forsake(rpId: string, credential: Bytes): Promise<void> {
  if ("PublicKeyCredential" in globalThis) await unknown(PublicKeyCredential, rpId, credential);
}

/** What a passkey refused, as everything else that is refused here. */
async function asked<T>(step: () => Promise<T>): Promise<T> {
  try {
    return await step();
  } catch (error) {
    throw error instanceof PasskeyError ? new Refusal(error.reason, error.detail) : error;
  } finally {
    running = null;
  }
}
