/** The answers that choose between what a browser has and script: script gives the same, and a faulty browser is found out. */

import { expect, test, vi } from "vitest";

import { sha256 } from "@noble/hashes/sha2.js";
import { ml_dsa44 } from "@noble/post-quantum/ml-dsa.js";

import { toHex } from "../src/bytes.ts";
import { ed25519 } from "../src/in_script.ts";
import { ANSWERS, hasAll, hasEd25519, hasMlDsa44, hasXWing } from "../src/known_answers.ts";
import { portable } from "../src/xwing.ts";

const seed = new Uint8Array(32).fill(7);
const message = new Uint8Array(32).fill(9);
const digest = (data: Uint8Array): string => toHex(sha256(data));

test("script gives the known answers", async () => {
  const key = await portable(() => seed).fromSeed(seed);
  expect({
    xwing: digest(key.publicKey),
    secret: digest(await key.decapsulate(new Uint8Array(1120).fill(9))),
    ed25519: digest(ed25519.getPublicKey(seed)),
    signature: digest(ed25519.sign(message, seed)),
    mldsa44: digest(ml_dsa44.keygen(seed).publicKey),
  }).toEqual(ANSWERS);
});

test("a browser has all of them, or lacks one", async () => {
  expect(await hasAll()).toBe(await hasXWing() && await hasEd25519() && await hasMlDsa44());
});

test.each([
  ["X-Wing", "is not there", hasXWing, "importKey", () => Promise.reject(new DOMException("absent", "NotSupportedError"))],
  ["X-Wing", "has another secret", hasXWing, "decapsulateBits", () => Promise.resolve(new ArrayBuffer(32))],
  ["Ed25519", "takes every signature", hasEd25519, "verify", () => Promise.resolve(true)],
  ["Ed25519", "takes no signature", hasEd25519, "verify", () => Promise.resolve(false)],
  ["Ed25519", "signs otherwise", hasEd25519, "sign", () => Promise.resolve(new ArrayBuffer(64))],
  ["ML-DSA-44", "takes every signature", hasMlDsa44, "verify", () => Promise.resolve(true)],
  ["ML-DSA-44", "has another key", hasMlDsa44, "exportKey", () => Promise.resolve(new ArrayBuffer(1312))],
] as const)("%s that %s is done without", async (_, __, has, name, faulty) => {
  const before = Object.getOwnPropertyDescriptor(crypto.subtle, name);
  Object.defineProperty(crypto.subtle, name, { configurable: true, writable: true, value: vi.fn(faulty) });
  try {
    expect([await has(), await hasAll()]).toEqual([false, false]);
  } finally {
    if (before === undefined) Reflect.deleteProperty(crypto.subtle, name);
    else Object.defineProperty(crypto.subtle, name, before);
  }
});
