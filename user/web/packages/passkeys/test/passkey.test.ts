/** What is asked of a browser, what is copied from its answer, and what its exceptions mean; the browser is a strict fake. */

import { type Bytes, toHex } from "@privity/protocol/bytes";
import { describe, expect, test } from "vitest";

import { begun, continued } from "../src/enrolment.ts";
import { PasskeyError, REASONS } from "../src/errors.ts";
import { create, type Created, type Creation, type Environment, get, type Use } from "../src/passkey.ts";
import { agreed, question, SALT, take } from "../src/prf.ts";
import * as signals from "../src/signals.ts";

const SALT_LABEL = new TextEncoder().encode("privity/1/prf");
const filled = (byte: number, size = 32): Bytes => new Uint8Array(size).fill(byte);
const CREATION: Creation = {
  challenge: filled(1), account: filled(2, 16), rpId: "localhost", rpName: "Privity", label: "History", exclude: [filled(9, 4)],
};
const USE: Use = { challenge: filled(3), rpId: "localhost", allow: [] };
const VERIFIED = 0x05;
const PRESENT_ONLY = 0x01;

interface Answer {
  readonly prf?: Bytes;
  readonly flags?: number;
  readonly handle?: Bytes | null;
}

/** A credential as a browser makes it. Its toJSON must never be called. */
function credential({ prf, flags = VERIFIED, handle = filled(2, 16) }: Answer): Credential {
  const data = filled(0, 37);
  data[32] = flags;
  const response = {
    clientDataJSON: filled(4).buffer, attestationObject: filled(5).buffer, authenticatorData: data.buffer,
    signature: filled(6).buffer, userHandle: handle?.buffer ?? null, getAuthenticatorData: () => data.buffer,
  };
  const results = prf === undefined ? {} : { prf: { enabled: true, results: { first: prf.buffer } } };
  const whole = {
    id: "", type: "public-key", rawId: filled(7).buffer, response, getClientExtensionResults: () => results,
    toJSON: () => { throw new Error("toJSON was called"); },
  };
  return whole;
}

class Browser {
  readonly asked: (CredentialCreationOptions | CredentialRequestOptions)[] = [];
  readonly environment: Environment = { credentials: this, marking: filled(8) };
  readonly #answers: (Answer | string)[];

  constructor(...answers: (Answer | string)[]) {
    this.#answers = answers;
  }

  create(options?: CredentialCreationOptions): Promise<Credential | null> {
    return this.#next(options ?? {});
  }

  get(options?: CredentialRequestOptions): Promise<Credential | null> {
    return this.#next(options ?? {});
  }

  #next(options: CredentialCreationOptions | CredentialRequestOptions): Promise<Credential | null> {
    this.asked.push(options);
    const answer = this.#answers.shift();
    if (answer === undefined) return Promise.reject(new Error("asked once too often"));
    if (typeof answer === "string") return Promise.reject(new DOMException("words of the browser", answer));
    return Promise.resolve(credential(answer));
  }
}

async function reason(outcome: Promise<unknown>): Promise<string> {
  try {
    await outcome;
  } catch (error) {
    if (error instanceof PasskeyError) return error.message;
    throw error;
  }
  return "nothing was refused";
}

test("the salt is the constant of the specification", async () => {
  expect(toHex(new Uint8Array(await crypto.subtle.digest("SHA-256", SALT_LABEL)))).toBe(toHex(SALT));
  expect(question()).toEqual({ eval: { first: SALT } });
});

describe("what is asked", () => {
  test("a new passkey is resident, verified, without attestation, with the constant question", async () => {
    const browser = new Browser({ prf: filled(1) });
    await create(browser.environment, CREATION);
    const options = browser.asked[0] as { publicKey: PublicKeyCredentialCreationOptions };
    expect(options.publicKey).toMatchObject({
      challenge: CREATION.challenge,
      rp: { id: "localhost", name: "Privity" },
      user: { id: CREATION.account, name: "History", displayName: "History" },
      authenticatorSelection: { residentKey: "required", requireResidentKey: true, userVerification: "required" },
      attestation: "none",
      excludeCredentials: [{ type: "public-key", id: filled(9, 4) }],
      extensions: { prf: { eval: { first: SALT } } },
    });
    expect(options.publicKey.pubKeyCredParams.map((one) => one.alg)).toEqual([-8, -7, -257]);
  });

  test("a use names the relying party, demands verification, and asks the same question", async () => {
    const browser = new Browser({ prf: filled(1) });
    await get(browser.environment, USE);
    const options = browser.asked[0] as { publicKey: PublicKeyCredentialRequestOptions };
    expect(options.publicKey).toMatchObject({
      challenge: USE.challenge, rpId: "localhost", allowCredentials: [], userVerification: "required",
      extensions: { prf: { eval: { first: SALT } } },
    });
  });

  test("when the extension breaks the browser, it is asked once more without, and that passkey only signs in", async () => {
    const browser = new Browser("UnknownError", {});
    const created = await create(browser.environment, CREATION);
    expect((browser.asked[1] as { publicKey: PublicKeyCredentialCreationOptions }).publicKey.extensions).toBeUndefined();
    expect(begun(created).state).toBe("signs_in");
    expect(await reason(create(new Browser("UnknownError", "UnknownError").environment, CREATION)))
      .toBe("passkey.failed: UnknownError");
  });
});

describe("what is taken", () => {
  test("an answer becomes a key that cannot be read, and its buffer is zero afterwards", async () => {
    const answer = filled(7);
    const material = await take({ prf: { results: { first: answer.buffer } } }, filled(8));
    if (material === null) throw new Error("no answer");
    expect(toHex(answer)).toBe("00".repeat(32));
    expect(material.key.extractable).toBe(false);
    await expect(crypto.subtle.exportKey("raw", material.key)).rejects.toThrow();
  });

  test("an answer inside a larger buffer is zeroed, and nothing else of it", async () => {
    const larger = filled(7, 64);
    await take({ prf: { results: { first: larger.subarray(16, 48) } } }, filled(8));
    expect(toHex(larger)).toBe(`${"07".repeat(16)}${"00".repeat(32)}${"07".repeat(16)}`);
  });

  test("an answer of another length is refused and zeroed", async () => {
    const answer = filled(7, 16);
    expect(await reason(take({ prf: { results: { first: answer.buffer } } }, filled(8)))).toContain("passkey.failed");
    expect(toHex(answer)).toBe("00".repeat(16));
  });

  test("fields are copied one by one", async () => {
    const { assertion } = await get(new Browser({}).environment, USE);
    expect(Object.keys(assertion)).toEqual(["id", "clientDataJson", "authenticatorData", "signature", "userHandle"]);
    const { registration } = await create(new Browser({}).environment, CREATION);
    expect(Object.keys(registration)).toEqual(["id", "clientDataJson", "attestationObject"]);
  });
});

describe("what is refused", () => {
  const exceptions = [
    ["NotAllowedError", "passkey.cancelled"], ["AbortError", "passkey.cancelled"], ["InvalidStateError", "passkey.known"],
    ["NotSupportedError", "passkey.unsupported"], ["SecurityError", "passkey.unsupported"],
    ["ConstraintError", "passkey.unsupported"], ["DataError", "passkey.failed"],
  ] as const;
  test.each(exceptions)("%s is %s, without the browser's words", async (name, expected) => {
    for (const outcome of [create(new Browser(name).environment, CREATION), get(new Browser(name).environment, USE)]) {
      expect(await reason(outcome)).toBe(`${expected}: ${name}`);
    }
  });

  test("a browser that did not verify the user", async () => {
    expect(await reason(get(new Browser({ flags: PRESENT_ONLY }).environment, USE))).toBe("passkey.not_verified");
    expect(await reason(create(new Browser({ flags: PRESENT_ONLY }).environment, CREATION))).toBe("passkey.not_verified");
  });

  test("a passkey that names no account", async () => {
    expect(await reason(get(new Browser({ handle: null }).environment, USE))).toBe("passkey.failed: no account");
  });

  test("no credential at all", async () => {
    const none = (): Promise<null> => Promise.resolve(null);
    const nothing: Environment = { credentials: { create: none, get: none }, marking: filled(8) };
    expect(await reason(get(nothing, USE))).toContain("passkey.failed");
    expect(await reason(create(nothing, CREATION))).toContain("passkey.failed");
  });
});

describe("enrolment", () => {
  const answered = async (byte: number | null): Promise<Created> =>
    create(new Browser(byte === null ? {} : { prf: filled(byte) }).environment, CREATION);
  const again = async (byte: number | null): ReturnType<typeof get> =>
    get(new Browser(byte === null ? {} : { prf: filled(byte) }).environment, USE);

  test("create and get", async () => {
    const first = begun(await answered(1));
    expect(first.state).toBe("again");
    expect(first.state === "again" && continued(first, await again(1)).state).toBe("ready");
  });

  test("get and get, when create gives nothing", async () => {
    const first = begun(await answered(null));
    const second = first.state === "again" ? continued(first, await again(1)) : first;
    expect(second).toMatchObject({ state: "again" });
    expect(second.state === "again" && continued(second, await again(1)).state).toBe("ready");
  });

  test("a passkey without answers signs in", async () => {
    const first = begun(await answered(null));
    expect(first.state === "again" && continued(first, await again(null)).state).toBe("signs_in");
  });

  test("a passkey that answers once and then no more signs in", async () => {
    const first = begun(await answered(1));
    expect(first.state === "again" && continued(first, await again(null)).state).toBe("signs_in");
  });

  test("two answers that differ are refused", async () => {
    const first = begun(await answered(1));
    const second = await again(2);
    expect(() => first.state === "again" && continued(first, second)).toThrow("opener.unstable");
  });

  test("the marks of two pages do not compare", async () => {
    const one = await take({ prf: { results: { first: filled(1).buffer } } }, filled(8));
    const other = await take({ prf: { results: { first: filled(1).buffer } } }, filled(9));
    expect(() => one !== null && other !== null && agreed(one, other)).toThrow("opener.unstable");
  });
});

test("the picker is told where it can be, and its failures change nothing", async () => {
  const told: unknown[] = [];
  const tell = (options: unknown): Promise<void> => Promise.resolve(void told.push(options));
  const picker = { signalAllAcceptedCredentials: tell, signalCurrentUserDetails: tell };
  await signals.current(picker, "localhost", filled(2, 16), [filled(7)], "History");
  await signals.unknown({ signalUnknownCredential: () => Promise.reject(new Error("no")) }, "localhost", filled(7));
  await signals.unknown({}, "localhost", filled(7));
  expect(told).toHaveLength(2);
  const allAcceptedCredentialIds = ["BwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwc"];
  expect(told[0]).toEqual({ rpId: "localhost", userId: "AgICAgICAgICAgICAgICAg", allAcceptedCredentialIds });
});

test("the reasons are those of the specification", async () => {
  const { readText } = await import("../../tlog/test/vectors.ts");
  const spec = (await readText("specs", "passkey.md")) ?? "";
  const listed = Array.from(spec.matchAll(/^\| `((?:passkey|opener)\.[a-z_]+)` \|/gm), ([, one]) => one);
  expect(listed).toEqual([...REASONS]);
});
