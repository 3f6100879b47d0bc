/**
 * SHA-256 and HKDF as EC1 and HPKE use them. Source: RFC 5869; specs/ec1.md.
 *
 * In script, not in WebCrypto: inputs are a few dozen bytes, and each call of WebCrypto is a trip to another thread. With
 * it, sealing a RUN of 8 KiB took 1.8 times as long. SHA-2 has no branch or table that depends on its input. Long
 * messages, and every AES-GCM, do go to WebCrypto.
 */

import { hmac } from "@noble/hashes/hmac.js";
import { sha256 as sha256InScript } from "@noble/hashes/sha2.js";

import { ascii, type Bytes, concat, uint } from "./bytes.ts";

/** Bytes of every secret of EC1. */
export const SECRET = 32;

/** Bytes from which on the trip to WebCrypto is shorter. */
const LONG = 4096;

/** A hash in script, as HKDF takes it. Only official vectors ask for another one than SHA-256. */
export type Hash = Parameters<typeof hmac>[0];
export const SHA256: Hash = sha256InScript;

export async function sha256(...parts: readonly Uint8Array[]): Promise<Bytes> {
  const message = concat(...parts);
  if (message.length < LONG) return new Uint8Array(sha256InScript(message));
  return new Uint8Array(await crypto.subtle.digest("SHA-256", message));
}

/** HKDF-Extract: the bytes of the pseudorandom key. */
export function extractBytes(salt: Bytes, material: Bytes, hash: Hash = SHA256): Bytes {
  return new Uint8Array(hmac(hash, salt, material));
}

/** HKDF-Extract to a key that can only be expanded. */
export function extract(salt: Bytes, material: Bytes, hash: Hash = SHA256): Prk {
  return new Prk(extractBytes(salt, material, hash), hash);
}

/** A pseudorandom key: something that can only be expanded. */
export class Prk {
  readonly #key: Bytes;
  readonly #hash: Hash;

  /** Takes the bytes over: nobody else may keep them. */
  constructor(key: Bytes, hash: Hash = SHA256) {
    this.#key = key;
    this.#hash = hash;
  }

  /** HKDF-Expand: `length` bytes, at most 255 times the hash's size, of a key as long as a hash (else: our own mistake). */
  expand(info: Bytes, length: number): Bytes {
    const { outputLen } = this.#hash;
    const blocks = Math.ceil(length / outputLen);
    if (blocks > 255 || this.#key.length < outputLen) throw new RangeError("HKDF: too long, or a key that is too short");
    const output = new Uint8Array(blocks * outputLen);
    let last: Uint8Array = new Uint8Array(0);
    for (let block = 0; block < blocks; block += 1) {
      last = hmac(this.#hash, this.#key, concat(last, info, uint(block + 1, 1)));
      output.set(last, block * outputLen);
    }
    return output.slice(0, length);
  }

  label(label: string, length = SECRET): Bytes {
    return this.expand(ascii(label), length);
  }
}
