/**
 * X-Wing from WebCrypto where the browser has it (`MLKEM768-X25519`), proved by known answers before use.
 *
 * Randomness is the browser's own: its keys are never in script memory unless a seed was given.
 */

import type { Bytes } from "./bytes.ts";
import { exactly } from "./envelope.ts";
import { Malformed, NotAuthentic } from "./errors.ts";
import { hasXWing, XWING as NAME } from "./known_answers.ts";
import { chosen } from "./fallback.ts";
import { publicOf, subtle } from "./modern.ts";
import { CIPHERTEXT, type Encapsulated, type Entropy, type PrivateKey, PUBLIC_KEY, SEED, type XWing } from "./xwing.ts";

class NativeKey implements PrivateKey {
  readonly publicKey: Bytes;
  readonly #key: CryptoKey;

  constructor(publicKey: Bytes, key: CryptoKey) {
    this.publicKey = publicKey;
    this.#key = key;
  }

  async decapsulate(ciphertext: Uint8Array): Promise<Bytes> {
    const exact = new Uint8Array(exactly(ciphertext, CIPHERTEXT, "X-Wing ciphertext"));
    try {
      return new Uint8Array(await subtle.decapsulateBits(NAME, this.#key, exact));
    } catch {
      // Browsers refuse points of small order, where `xwing.ts` goes on to a confirmation that fails: the same answer.
      throw new NotAuthentic();
    }
  }
}

async function encapsulate(publicKey: Uint8Array): Promise<Encapsulated> {
  const exact = new Uint8Array(exactly(publicKey, PUBLIC_KEY, "X-Wing public key"));
  try {
    const key = await subtle.importKey("raw-public", exact, NAME, false, ["encapsulateBits"]);
    const { ciphertext, sharedKey } = await subtle.encapsulateBits(NAME, key);
    return { ciphertext: new Uint8Array(ciphertext), secret: new Uint8Array(sharedKey) };
  } catch {
    throw new Malformed("key", "refused by WebCrypto");
  }
}

async function generate(): Promise<PrivateKey> {
  const pair = await subtle.generateKey(NAME, false, ["decapsulateBits", "encapsulateBits"]);
  return new NativeKey(new Uint8Array(await subtle.exportKey("raw-public", pair.publicKey)), pair.privateKey);
}

async function fromSeed(seed: Uint8Array): Promise<PrivateKey> {
  const exact = new Uint8Array(exactly(seed, SEED, "X-Wing seed"));
  const key = await subtle.importKey("raw-seed", exact, NAME, false, ["decapsulateBits"]);
  return new NativeKey(await publicOf(key, "raw-public", "encapsulateBits"), key);
}

const native: XWing = { name: "webcrypto", generate, fromSeed, encapsulate };

/** The native implementation, or null where it is absent or gives other answers than the known ones. */
export async function nativeXWing(): Promise<XWing | null> {
  return (await hasXWing()) ? native : null;
}

/** Native where the browser has it, else noble with randomness from `entropy`. */
export function chooseXWing(entropy: Entropy): Promise<XWing> {
  return chosen(native, entropy);
}
