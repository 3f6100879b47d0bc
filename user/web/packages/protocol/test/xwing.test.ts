/** X-Wing: the portable implementation, the native one where there is one, and noble's own as an oracle. */

import { ml_kem768_x25519 } from "@noble/post-quantum/hybrid.js";
import { describe, expect, test } from "vitest";

import { type Bytes, concat, equal } from "../src/bytes.ts";
import { NotAuthentic } from "../src/errors.ts";
import { chooseXWing, nativeXWing } from "../src/webcrypto.ts";
import { encapsulateSeeded, portable, type XWing } from "../src/xwing.ts";

const random = (size: number): Bytes => crypto.getRandomValues(new Uint8Array(size));
const noble = portable(random);
const native = await nativeXWing();
const implementations: readonly (readonly [string, XWing])[] = [noble, ...(native === null ? [] : [native])]
  .map((each) => [each.name, each]);

describe.each(implementations)("%s", (_name, xwing) => {
  test("opens what it and the other implementations seal", async () => {
    const seed = random(32);
    const key = await xwing.fromSeed(seed);
    expect(equal(key.publicKey, new Uint8Array(ml_kem768_x25519.keygen(seed).publicKey))).toBe(true);
    for (const [, other] of implementations) {
      const { ciphertext, secret } = await other.encapsulate(key.publicKey);
      expect(equal(await key.decapsulate(ciphertext), secret)).toBe(true);
    }
    const { cipherText, sharedSecret } = ml_kem768_x25519.encapsulate(key.publicKey);
    expect(equal(await key.decapsulate(new Uint8Array(cipherText)), new Uint8Array(sharedSecret))).toBe(true);
  });

  test("generates keys that open", async () => {
    const key = await xwing.generate();
    const { ciphertext, secret } = await xwing.encapsulate(key.publicKey);
    expect(equal(await key.decapsulate(ciphertext), secret)).toBe(true);
  });

  test("refuses other sizes", async () => {
    const key = await xwing.generate();
    await expect(xwing.encapsulate(key.publicKey.slice(1))).rejects.toMatchObject({ reason: "size" });
    await expect(key.decapsulate(new Uint8Array(1119))).rejects.toMatchObject({ reason: "size" });
    await expect(xwing.fromSeed(new Uint8Array(31))).rejects.toMatchObject({ reason: "size" });
  });

  test("refuses an ML-KEM key whose coefficients are not reduced", async () => {
    const key = await xwing.generate();
    const unreduced = concat(new Uint8Array(3).fill(0xff), key.publicKey.subarray(3));
    await expect(xwing.encapsulate(unreduced)).rejects.toMatchObject({ reason: "key" });
  });

  test("gives no secret away for a point of small order", async () => {
    const seed = new Uint8Array(32).fill(3);
    const key = await xwing.fromSeed(seed);
    const { ciphertext } = await noble.encapsulate(key.publicKey);
    const forged = concat(ciphertext.subarray(0, 1088), new Uint8Array(32));
    if (xwing === native) {
      await expect(key.decapsulate(forged)).rejects.toBeInstanceOf(NotAuthentic);
    } else {
      // The draft goes on with a zero X25519 secret; Python does the same (see the project's vectors).
      expect((await key.decapsulate(forged)).length).toBe(32);
      expect((await xwing.encapsulate(concat(key.publicKey.subarray(0, 1184), new Uint8Array(32)))).secret.length).toBe(32);
    }
  });

  test("gives an unrelated secret for a forged ciphertext", async () => {
    const key = await xwing.generate();
    const { ciphertext, secret } = await xwing.encapsulate(key.publicKey);
    ciphertext[0] = (ciphertext[0] ?? 0) ^ 1;
    expect(equal(await key.decapsulate(ciphertext), secret)).toBe(false);
  });
});

test("encapsulation under a seed is repeatable", async () => {
  const key = await noble.fromSeed(new Uint8Array(32));
  const seed = new Uint8Array(64).fill(1);
  expect(await encapsulateSeeded(key.publicKey, seed)).toEqual(await encapsulateSeeded(key.publicKey, seed));
});

test("WebCrypto is chosen where it has the KEM", async () => {
  const { supports } = SubtleCrypto as { supports?: (operation: string, algorithm: string) => boolean };
  const offered = supports?.call(SubtleCrypto, "encapsulateBits", "MLKEM768-X25519") ?? false;
  expect((await chooseXWing(random)).name).toBe(offered ? "webcrypto" : "noble");
});

test("a native KEM that disagrees with the portable one is not used", async () => {
  const absent = { configurable: true, writable: true, value: undefined };
  const faulty: Readonly<Record<string, () => unknown>> = {
    importKey: () => Promise.resolve({}),
    encapsulateBits: () => Promise.resolve({ ciphertext: new ArrayBuffer(1120), sharedKey: new ArrayBuffer(32) }),
    decapsulateBits: () => Promise.resolve(new ArrayBuffer(32)),
  };
  const before = Object.getOwnPropertyDescriptor(SubtleCrypto, "supports") ?? absent;
  Object.defineProperty(SubtleCrypto, "supports", { ...absent, value: () => true });
  for (const [name, value] of Object.entries(faulty)) Object.defineProperty(crypto.subtle, name, { ...absent, value });
  try {
    expect(await nativeXWing()).toBeNull();
  } finally {
    // The real ones are on the prototype.
    for (const name of Object.keys(faulty)) Reflect.deleteProperty(crypto.subtle, name);
    Object.defineProperty(SubtleCrypto, "supports", before);
  }
  expect((await nativeXWing())?.name).toBe(native?.name);
});
