/** Real WebAuthn in Chromium against virtual authenticators: what they answer, and what becomes of it. */

import { type Bytes } from "@privity/protocol/bytes";
import { afterEach, beforeAll, describe, expect, test } from "vitest";
import { cdp } from "vitest/browser";

import { begun, continued, type Enrolment } from "../src/enrolment.ts";
import { PasskeyError } from "../src/errors.ts";
import { create, type Creation, type Environment, get, type Use } from "../src/passkey.ts";

/** What of the DevTools protocol is needed here; the real session knows much more. */
interface Session {
  send(method: string, parameters?: Readonly<Record<string, unknown>>): Promise<Readonly<Record<string, unknown>>>;
}

const session = (): Session => cdp();
const random = (size: number): Bytes => crypto.getRandomValues(new Uint8Array(size));
const environment = (signal?: AbortSignal): Environment => ({
  credentials: navigator.credentials, marking: random(32), ...(signal === undefined ? {} : { signal }),
});
const rpId = location.hostname;
const account = random(16);
const creation = (exclude: readonly Bytes[] = []): Creation => ({
  challenge: random(32), account, rpId, rpName: "Privity", label: "History", exclude,
});
const use = (): Use => ({ challenge: random(32), rpId, allow: [] });
let present: string | null = null;

async function plugIn(options: Readonly<Record<string, unknown>> = {}): Promise<string> {
  const found = await session().send("WebAuthn.addVirtualAuthenticator", {
    options: {
      protocol: "ctap2", ctap2Version: "ctap2_1", transport: "internal", hasResidentKey: true, hasUserVerification: true,
      isUserVerified: true, hasPrf: true, automaticPresenceSimulation: true, ...options,
    },
  });
  present = found["authenticatorId"] as string;
  return present;
}

beforeAll(async () => {
  await session().send("WebAuthn.enable");
});

afterEach(async () => {
  if (present !== null) await session().send("WebAuthn.removeVirtualAuthenticator", { authenticatorId: present });
  present = null;
});

async function enrolled(page: Environment): Promise<Enrolment> {
  let state: Enrolment = begun(await create(page, creation()));
  for (let gestures = 0; state.state === "again" && gestures < 2; gestures += 1) {
    state = continued(state, await get(page, use()));
  }
  return state;
}

async function reason(outcome: Promise<unknown>): Promise<string> {
  try {
    await outcome;
  } catch (error) {
    if (error instanceof PasskeyError) return error.reason;
    throw error;
  }
  return "nothing was refused";
}

describe("a passkey with PRF", () => {
  test("two answers agree, the key derives and cannot be read", async () => {
    await plugIn();
    const state = await enrolled(environment());
    if (state.state !== "ready") throw new Error(state.state);
    const { key } = state.material;
    const parameters = { name: "HKDF", hash: "SHA-256", salt: account, info: random(4) };
    expect((await crypto.subtle.deriveBits(parameters, key, 256)).byteLength).toBe(32);
    await expect(crypto.subtle.exportKey("raw", key)).rejects.toThrow();
  });

  test("every later use gives the same key, and names the account", async () => {
    await plugIn();
    const state = await enrolled(environment());
    const later = await get(environment(), use());
    if (state.state !== "ready" || later.material === null) throw new Error("no answer");
    const parameters = { name: "HKDF", hash: "SHA-256", salt: account, info: account };
    const [first, second] = [state.material.key, later.material.key];
    const derived = await crypto.subtle.deriveBits(parameters, first, 256);
    expect(new Uint8Array(derived)).toEqual(new Uint8Array(await crypto.subtle.deriveBits(parameters, second, 256)));
    expect(later.assertion.userHandle).toEqual(account);
    expect(later.assertion.id).toEqual(state.registration.id);
  });

  test("an authenticator that forgot its secret in between is not trusted to open", async () => {
    const first = await plugIn();
    const page = environment();
    const state = begun(await create(page, creation()));
    const { material } = await get(page, use());
    const answered = { state: "again" as const, registration: state.registration, first: material };
    await session().send("WebAuthn.removeVirtualAuthenticator", { authenticatorId: first });
    await plugIn();
    await create(page, creation());
    const other = await get(page, use());
    expect(() => continued(answered, other)).toThrow("opener.unstable");
  });
});

describe("a passkey without PRF", () => {
  test("signs in and opens nothing", async () => {
    await plugIn({ hasPrf: false });
    expect((await enrolled(environment())).state).toBe("signs_in");
  });
});

describe("a ceremony that ends early", () => {
  test("when the person goes away", async () => {
    await plugIn({ automaticPresenceSimulation: false });
    const ends = new AbortController();
    const outcome = reason(create(environment(ends.signal), creation()));
    ends.abort();
    expect(await outcome).toBe("passkey.cancelled");
  });

  test("when the person is not who they say", async () => {
    await plugIn({ isUserVerified: false });
    expect(await reason(create(environment(), creation()))).toBe("passkey.cancelled");
  });

  test("when the authenticator has a passkey of this account", async () => {
    await plugIn();
    const { registration } = await create(environment(), creation());
    expect(await reason(create(environment(), creation([registration.id])))).toBe("passkey.known");
  });

  test("when the relying party is another's", async () => {
    await plugIn();
    expect(await reason(get(environment(), { ...use(), rpId: "example.com" }))).toBe("passkey.unsupported");
  });
});
