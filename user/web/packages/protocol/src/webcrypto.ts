/**
 * X-Wing from WebCrypto where the browser has it (`MLKEM768-X25519`), proved against the portable one before use.
 *
 * Randomness is the browser's own: its keys are never in script memory unless a seed was given.
 */

import { type Bytes, equal } from "./bytes.ts";
import { exactly } from "./envelope.ts";
import { Malformed, NotAuthentic } from "./errors.ts";
import {
  CIPHERTEXT, type Encapsulated, encapsulateSeeded, ENCAPSULATION_SEED, type Entropy, portable, type PrivateKey,
  PUBLIC_KEY, SEED, type XWing,
} from "./xwing.ts";

const NAME = "MLKEM768-X25519";
const OPERATIONS = ["generateKey", "importKey", "encapsulateBits", "decapsulateBits"] as const;

/** What the draft "Modern Algorithms in the Web Cryptography API" adds; TypeScript's library does not know it yet. */
interface ModernSubtle {
  encapsulateBits(algorithm: string, key: CryptoKey): Promise<{ sharedKey: ArrayBuffer; ciphertext: ArrayBuffer }>;
  decapsulateBits(algorithm: string, key: CryptoKey, ciphertext: Bytes): Promise<ArrayBuffer>;
  generateKey(algorithm: string, extractable: boolean, usages: readonly string[]): Promise<CryptoKeyPair>;
  importKey(format: string, data: Bytes, algorithm: string, extractable: boolean, usages: readonly string[]): Promise<CryptoKey>;
  exportKey(format: string, key: CryptoKey): Promise<ArrayBuffer>;
}

const subtle = crypto.subtle as unknown as ModernSubtle;

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
  // WebCrypto gives no public key for a private one.
  const { publicKey } = await portable(() => exact).fromSeed(exact);
  return new NativeKey(publicKey, key);
}

const native: XWing = { name: "webcrypto", generate, fromSeed, encapsulate };

function offered(): boolean {
  const { supports } = crypto.subtle.constructor as { supports?: (operation: string, algorithm: string) => boolean };
  return supports !== undefined && OPERATIONS.every((operation) => supports.call(SubtleCrypto, operation, NAME));
}

/** Whether native and portable implementations open each other's ciphertexts; fixed inputs, so the answer is known. */
async function agrees(): Promise<boolean> {
  const seed = new Uint8Array(SEED).fill(7);
  const ours = await portable(() => seed).fromSeed(seed);
  const theirs = await fromSeed(seed);
  const sent = await encapsulateSeeded(ours.publicKey, new Uint8Array(ENCAPSULATION_SEED).fill(9));
  const received = await encapsulate(ours.publicKey);
  return equal(await theirs.decapsulate(sent.ciphertext), sent.secret)
    && equal(await ours.decapsulate(received.ciphertext), received.secret);
}

/** The native implementation, or null where it is absent or disagrees with the portable one. */
export async function nativeXWing(): Promise<XWing | null> {
  try {
    return offered() && (await agrees()) ? native : null;
  } catch {
    return null;
  }
}

/** Native where the browser has it, else noble with randomness from `entropy`. */
export async function chooseXWing(entropy: Entropy): Promise<XWing> {
  return (await nativeXWing()) ?? portable(entropy);
}
