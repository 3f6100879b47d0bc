/** Public keys that check signatures: WebCrypto where it has the algorithm, else script. Sources: RFC 8032, FIPS 204. */

import type { Bytes } from "./bytes.ts";
import { ed25519, ml_dsa44 } from "./in_script.ts";
import { subtle } from "./modern.ts";

type Check = (signature: Uint8Array, message: Uint8Array, key: Uint8Array) => boolean;

const ALGORITHMS = {
  "Ed25519": { format: "raw", inScript: (signature, message, key) => ed25519.verify(signature, message, key, { zip215: false }) },
  "ML-DSA-44": { format: "raw-public", inScript: (signature, message, key) => ml_dsa44.verify(signature, message, key) },
} as const satisfies Readonly<Record<string, { readonly format: string; readonly inScript: Check }>>;

export type Algorithm = keyof typeof ALGORITHMS;

export class VerifyingKey {
  readonly #algorithm: Algorithm;
  readonly #bytes: Bytes;
  #imported: Promise<CryptoKey | null> | null = null;

  /** Any bytes; those that are no key verify nothing. */
  constructor(algorithm: Algorithm, bytes: Uint8Array) {
    this.#algorithm = algorithm;
    this.#bytes = new Uint8Array(bytes);
  }

  /** Whether `signature` is this key's over `message`: the caller decides what a failure means. */
  async verify(message: Bytes, signature: Bytes): Promise<boolean> {
    this.#imported ??= this.#import();
    const key = await this.#imported;
    try {
      if (key !== null) return await subtle.verify(this.#algorithm, key, signature, message);
      return ALGORITHMS[this.#algorithm].inScript(signature, message, this.#bytes);
    } catch {
      // A length or point that the library refuses verifies nothing.
      return false;
    }
  }

  /** The key in WebCrypto, null where it lacks the algorithm or refuses the key: the script knows which. */
  async #import(): Promise<CryptoKey | null> {
    try {
      return await subtle.importKey(ALGORITHMS[this.#algorithm].format, this.#bytes, this.#algorithm, false, ["verify"]);
    } catch {
      return null;
    }
  }
}
