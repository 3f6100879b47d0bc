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
  readonly rpId: string;
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

/** End what is being asked, if anything is: it is `passkey.cancelled`. */
export function cancel(): void {
  running?.abort();
  running = null;
}

/**
 * A new passkey, asked until two answers agree. `asked` fetches what it is for; `finish` waits for a click: "Finish with your
 * passkey". `label` is shown in the passkey picker and never sent.
 *
 * Raises Refusal `passkey.*`. A passkey without an answer, or with two that differ, is no error: it signs in, and words open.
 */
export async function enrol(
  asked: () => Promise<Challenge>, label: string, finish: () => Promise<void>,
): Promise<Enrolled> {
  const { made, rpId } = await gesture(async (environment) => {
    const { challenge, account, rpId: party, exclude } = await asked();
    wanted(environment);
    const creation = { challenge, account, rpId: party, rpName: "Privity", label, exclude };
    return { made: await create(environment, creation), rpId: party };
  });
  let state: Enrolment = begun(made);
  const { registration } = made;
  try {
    while (state.state === "again") {
      await finish();
      state = await again(state, rpId);
    }
  } catch (error) {
    if (error instanceof Refusal && error.reason === "opener.unstable") {
      return { rpId, registration, material: null, unopening: error.reason };
    }
    await forsake(rpId, registration.id);
    throw error;
  }
  const material = state.state === "ready" ? state.material.key : null;
  return { rpId, registration, material, unopening: material === null ? "passkey.opens_nothing" : null };
}

function again(before: Again, rpId: string): Promise<Enrolment> {
  return gesture(async (environment) => {
    const challenge = crypto.getRandomValues(new Uint8Array(32));
    return continued(before, await get(environment, { challenge, rpId, allow: [before.registration.id] }));
  });
}

/**
 * A passkey's use. `asked` fetches what it is for: the passkeys that it names are asked for, any one when `any`.
 *
 * Raises Refusal `passkey.*`, and whatever `asked` raises.
 */
export function use(asked: () => Promise<Challenge>, any: boolean): Promise<Proved> {
  return gesture(async (environment) => {
    const { challenge, rpId, exclude } = await asked();
    wanted(environment);
    const { assertion, material } = await get(environment, { challenge, rpId, allow: any ? [] : exclude });
    return { assertion, material: material === null ? null : material.key };
  });
}

/** The account of this passkey is not there: where a browser can be told, its picker no longer offers it. */
export async function forsake(rpId: string, credential: Bytes): Promise<void> {
  if ("PublicKeyCredential" in globalThis) await unknown(PublicKeyCredential, rpId, credential);
}

/** One question to a person, which replaces one that is still open. What a passkey refused becomes a Refusal. */
async function gesture<T>(step: (environment: Environment) => Promise<T>): Promise<T> {
  if (!("PublicKeyCredential" in globalThis)) throw new Refusal("passkey.unsupported", "no WebAuthn");
  cancel();
  const mine = new AbortController();
  running = mine;
  marking ??= crypto.getRandomValues(new Uint8Array(32));
  try {
    return await step({ credentials: navigator.credentials, marking, signal: mine.signal });
  } catch (error) {
    throw error instanceof PasskeyError ? new Refusal(error.reason, error.detail) : error;
  } finally {
    if (running === mine) running = null;
  }
}

/** Raises PasskeyError when the question was put away before it was asked. */
function wanted({ signal }: Environment): void {
  if (signal?.aborted === true) throw new PasskeyError("passkey.cancelled", "left");
}
