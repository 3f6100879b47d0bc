/** SHA-256 and HKDF as EC1 and HPKE use them, through WebCrypto. Source: RFC 5869; specs/ec1.md. */

import { ascii, type Bytes, concat } from "./bytes.ts";

/** Bytes of every secret of EC1. */
export const SECRET = 32;

export type Hash = "SHA-256" | "SHA-384" | "SHA-512";
const HASH_BYTES: Readonly<Record<Hash, number>> = { "SHA-256": 32, "SHA-384": 48, "SHA-512": 64 };

export async function sha256(...parts: readonly Uint8Array[]): Promise<Bytes> {
  return new Uint8Array(await crypto.subtle.digest("SHA-256", concat(...parts)));
}

async function hmac(key: CryptoKey, message: Bytes): Promise<Bytes> {
  return new Uint8Array(await crypto.subtle.sign("HMAC", key, message));
}

async function hmacKey(key: Bytes, hash: Hash): Promise<CryptoKey> {
  // An all-zero key of hash length is the same HMAC key as the empty one, which importKey refuses.
  const raw = key.length === 0 ? new Uint8Array(HASH_BYTES[hash]) : key;
  return crypto.subtle.importKey("raw", raw, { name: "HMAC", hash }, false, ["sign"]);
}

/** HKDF-Extract: the bytes of the pseudorandom key. */
export async function extractBytes(salt: Bytes, material: Bytes, hash: Hash = "SHA-256"): Promise<Bytes> {
  return hmac(await hmacKey(salt, hash), material);
}

/** HKDF-Extract to a key that can only be expanded. */
export async function extract(salt: Bytes, material: Bytes, hash: Hash = "SHA-256"): Promise<Prk> {
  return Prk.of(await extractBytes(salt, material, hash), hash);
}

/** A pseudorandom key that can only be expanded. After construction its bytes are inside WebCrypto. */
export class Prk {
  readonly #key: CryptoKey;
  readonly #size: number;

  private constructor(key: CryptoKey, size: number) {
    this.#key = key;
    this.#size = size;
  }

  /** Takes the key and overwrites the bytes it was given. */
  static async of(bytes: Bytes, hash: Hash = "SHA-256"): Promise<Prk> {
    const key = await hmacKey(bytes, hash);
    bytes.fill(0);
    return new Prk(key, HASH_BYTES[hash]);
  }

  /** HKDF-Expand: `length` bytes, at most 255 times the hash's size (more is our own mistake). */
  async expand(info: Uint8Array, length: number): Promise<Bytes> {
    if (length > 255 * this.#size) throw new RangeError("HKDF-Expand output length");
    const output = new Uint8Array(length);
    let block: Bytes = new Uint8Array(0);
    for (let done = 0, counter = 1; done < length; done += this.#size, counter += 1) {
      block = await hmac(this.#key, concat(block, info, Uint8Array.of(counter)));
      output.set(block.subarray(0, length - done), done);
    }
    return output;
  }

  async label(label: string, length = SECRET): Promise<Bytes> {
    return this.expand(ascii(label), length);
  }
}
