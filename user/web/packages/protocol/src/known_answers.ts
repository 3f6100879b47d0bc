/**
 * Whether this browser has the curves and lattices, each asked something with a known answer.
 *
 * Keys come from seeds of one byte repeated. What a key decapsulates from a ciphertext that nobody made is fixed too
 * (FIPS 204 and 203 leave nothing open there), and goes through all of the arithmetic. A test holds the answers to script.
 */

import { type Bytes, equal, toHex } from "./bytes.ts";
import { publicOf, subtle } from "./modern.ts";

export const XWING = "MLKEM768-X25519";
const SEED = new Uint8Array(32).fill(7);
const MESSAGE = new Uint8Array(32).fill(9);
const CIPHERTEXT = new Uint8Array(1120).fill(9);
/** What stands before the 32 bytes of an Ed25519 seed in PKCS #8 (RFC 8410). */
const PKCS8_HEAD = Uint8Array.of(0x30, 0x2e, 2, 1, 0, 0x30, 5, 6, 3, 0x2b, 0x65, 0x70, 4, 0x22, 4, 0x20);

/** SHA-256 of public keys, of the secret and of the signature. */
export const ANSWERS = {
  xwing: "74943b4ecd441ec7f92d22c3fb377a29cd7fb96687efda8fae74ae2219a1c279",
  secret: "e0786aff2f88d7a422b5f26c523969f63b338d518f4fef06dabf2c3bc6a16fc0",
  ed25519: "fe812c12f3ab4ce6ac5db69ac352f906cb1b11ef43fb33e252ef7ff552263889",
  signature: "18838ee8ab488880fb3ba3f46d0806f809f4c10a0cdc767e7674c0f82e210076",
  mldsa44: "86c769d3b468de487eb9a09f242f7fa0b997a07ef4ded49627e7bf9539f28b62",
} as const;

const digest = async (data: BufferSource): Promise<string> => toHex(new Uint8Array(await crypto.subtle.digest("SHA-256", data)));

/** Whether X-Wing is here and right. Never rejects. */
export function hasXWing(): Promise<boolean> {
  return holds(async () => {
    const key = await subtle.importKey("raw-seed", SEED, XWING, false, ["decapsulateBits"]);
    const ours = await publicOf(key, "raw-public", "encapsulateBits");
    const secret = await subtle.decapsulateBits(XWING, key, CIPHERTEXT);
    const theirs = await subtle.importKey("raw-public", ours, XWING, false, ["encapsulateBits"]);
    const sent = await subtle.encapsulateBits(XWING, theirs);
    const received = await subtle.decapsulateBits(XWING, key, new Uint8Array(sent.ciphertext));
    const pair = await subtle.generateKey(XWING, false, ["decapsulateBits", "encapsulateBits"]);
    return await digest(ours) === ANSWERS.xwing && await digest(secret) === ANSWERS.secret
      && equal(new Uint8Array(sent.sharedKey), new Uint8Array(received)) && pair.publicKey.type === "public";
  });
}

/** Whether Ed25519 is here and right. Never rejects. */
export function hasEd25519(): Promise<boolean> {
  return holds(async () => {
    const seed = new Uint8Array([...PKCS8_HEAD, ...SEED]);
    const key = await subtle.importKey("pkcs8", seed, "Ed25519", false, ["sign"]);
    const ours = await publicOf(key, "raw", "verify");
    const signature = await subtle.sign("Ed25519", key, MESSAGE);
    return await digest(ours) === ANSWERS.ed25519 && await digest(signature) === ANSWERS.signature
      && checks("Ed25519", "raw", ours, new Uint8Array(signature));
  });
}

/** Whether ML-DSA-44 is here and right. Never rejects. */
export function hasMlDsa44(): Promise<boolean> {
  return holds(async () => {
    const key = await subtle.importKey("raw-seed", SEED, "ML-DSA-44", false, ["sign"]);
    const ours = await publicOf(key, "raw-public", "verify");
    const signature = new Uint8Array(await subtle.sign("ML-DSA-44", key, MESSAGE));
    return await digest(ours) === ANSWERS.mldsa44 && checks("ML-DSA-44", "raw-public", ours, signature);
  });
}

/** Whether this browser needs no script for any of them. */
export async function hasAll(): Promise<boolean> {
  return (await Promise.all([hasXWing(), hasEd25519(), hasMlDsa44()])).every((one) => one);
}

/** Whether a signature is taken, and the same with one bit changed is not. */
async function checks(algorithm: string, format: string, ours: Bytes, signature: Bytes): Promise<boolean> {
  const key = await subtle.importKey(format, ours, algorithm, false, ["verify"]);
  const other = signature.map((byte, at) => (at === 40 ? byte ^ 1 : byte));
  return await subtle.verify(algorithm, key, signature, MESSAGE) && !await subtle.verify(algorithm, key, other, MESSAGE);
}

async function holds(answered: () => Promise<boolean>): Promise<boolean> {
  try {
    return await answered();
  } catch {
    return false;
  }
}
