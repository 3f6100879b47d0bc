/** What the draft "Modern Algorithms in the Web Cryptography API" adds; TypeScript's library does not know it yet. */

import type { Bytes } from "./bytes.ts";

export interface ModernSubtle {
  encapsulateBits(algorithm: string, key: CryptoKey): Promise<{ sharedKey: ArrayBuffer; ciphertext: ArrayBuffer }>;
  decapsulateBits(algorithm: string, key: CryptoKey, ciphertext: Bytes): Promise<ArrayBuffer>;
  generateKey(algorithm: string, extractable: boolean, usages: readonly string[]): Promise<CryptoKeyPair>;
  importKey(format: string, data: Bytes, algorithm: string, extractable: boolean, usages: readonly string[]): Promise<CryptoKey>;
  exportKey(format: string, key: CryptoKey): Promise<ArrayBuffer>;
  /** The public key of a private one. Rejects, or is no function, where it is not there. */
  getPublicKey(key: CryptoKey, usages: readonly string[]): Promise<CryptoKey>;
  sign(algorithm: string, key: CryptoKey, message: Bytes): Promise<ArrayBuffer>;
  verify(algorithm: string, key: CryptoKey, signature: Bytes, message: Bytes): Promise<boolean>;
}

export const subtle = crypto.subtle as unknown as ModernSubtle;

/** The bytes of the public key of `key`, which need not be extractable. Rejects where the browser has no `getPublicKey`. */
export async function publicOf(key: CryptoKey, format: "raw" | "raw-public", usage: string): Promise<Bytes> {
  return new Uint8Array(await subtle.exportKey(format, await subtle.getPublicKey(key, [usage])));
}
