/** SHA-256 and HKDF as EC1 and HPKE use them, through WebCrypto. Source: RFC 5869; specs/ec1.md. */

import { ascii, type Bytes, concat } from "./bytes.ts";

/** Bytes of every secret of EC1. */
export const SECRET = 32;

export type Hash = "SHA-256" | "SHA-384" | "SHA-512";
const HASH_BYTES: Readonly<Record<Hash, number>> = { "SHA-256": 32, "SHA-384": 48, "SHA-512": 64 };

export async function sha256(...parts: readonly Uint8Array[]): Promise<Bytes> {
  return new Uint8Array(await crypto.subtle.digest("SHA-256", concat(...parts)));
}

/** HKDF-Extract: the bytes of the pseudorandom key. */
export async function extractBytes(salt: Bytes, material: Bytes, hash: Hash = "SHA-256"): Promise<Bytes> {
  // An all-zero key of hash length is the same HMAC key as the empty one, which importKey refuses.
  const raw = salt.length === 0 ? new Uint8Array(HASH_BYTES[hash]) : salt;
  const key = await crypto.subtle.importKey("raw", raw, { name: "HMAC", hash }, false, ["sign"]);
  return new Uint8Array(await crypto.subtle.sign("HMAC", key, material));
}

/** A pseudorandom key: something that can only be expanded. Its bytes are inside WebCrypto. */
export interface Prk {
  /** HKDF-Expand: `length` bytes, at most 255 times the hash's size (more is our own mistake). */
  expand(info: Bytes, length: number): Promise<Bytes>;
}

/** HKDF-Extract to a key that can only be expanded. */
export async function extract(salt: Bytes, material: Bytes, hash: Hash = "SHA-256"): Promise<Prk> {
  const key = await crypto.subtle.importKey("raw", material, "HKDF", false, ["deriveBits"]);
  // WebCrypto extracts and expands in one call: each expansion extracts anew, and the extracted key is never in script.
  return {
    expand: async (info, length) => {
      const parameters = { name: "HKDF", hash, salt, info };
      return new Uint8Array(await crypto.subtle.deriveBits(parameters, key, 8 * length));
    },
  };
}

/** A pseudorandom key whose bytes are known; they are taken over and overwritten. Outputs of one hash length at most. */
export async function expander(bytes: Bytes, hash: Hash = "SHA-256"): Promise<Prk> {
  const key = await crypto.subtle.importKey("raw", bytes, { name: "HMAC", hash }, false, ["sign"]);
  bytes.fill(0);
  return {
    expand: async (info, length) => {
      if (length > HASH_BYTES[hash]) throw new RangeError("HKDF-Expand beyond one block");
      const block = await crypto.subtle.sign("HMAC", key, concat(info, Uint8Array.of(1)));
      return new Uint8Array(block).slice(0, length);
    },
  };
}

export async function expandLabel(prk: Prk, label: string, length = SECRET): Promise<Bytes> {
  return prk.expand(ascii(label), length);
}
