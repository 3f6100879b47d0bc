/**
 * X-Wing (MLKEM768-X25519, HPKE KEM 0x647a): secure while either half holds.
 *
 * Source: draft-connolly-cfrg-xwing-kem; specs/ec1.md. Public key 1216 bytes, ciphertext 1120, secret 32, seed 32.
 * This is the portable implementation; `webcrypto.ts` is the native one.
 */

import { ascii, type Bytes, concat } from "./bytes.ts";
import { Scalar } from "./curve.ts";
import { exactly } from "./envelope.ts";
import { Malformed } from "./errors.ts";
import { ml_kem768, sha3_256, shake256 } from "./in_script.ts";
import { XWING } from "./labels.ts";

export const SEED = 32;
export const PUBLIC_KEY = 1216;
export const CIPHERTEXT = 1120;
export const SHARED_SECRET = 32;
/** Randomness of one portable encapsulation: 32 bytes for ML-KEM-768, 32 for X25519. */
export const ENCAPSULATION_SEED = 64;
const MLKEM_PUBLIC = 1184;
const MLKEM_CIPHERTEXT = 1088;

/** Number of bytes to that many random bytes. */
export type Entropy = (size: number) => Bytes;

export interface Encapsulated {
  readonly ciphertext: Bytes;
  readonly secret: Bytes;
}

/** Public key to ciphertext and secret. Raises Malformed `size` or `key` (not an ML-KEM key). */
export type Encapsulate = (publicKey: Uint8Array) => Promise<Encapsulated>;

/** A decapsulation key. */
export interface PrivateKey {
  readonly publicKey: Bytes;
  /** The shared secret. Raises Malformed `size`; a forged ciphertext gives an unrelated secret, or NotAuthentic. */
  decapsulate(ciphertext: Uint8Array): Promise<Bytes>;
}

/** One implementation of the KEM. */
export interface XWing {
  readonly name: "noble" | "webcrypto";
  generate(): Promise<PrivateKey>;
  fromSeed(seed: Uint8Array): Promise<PrivateKey>;
  readonly encapsulate: Encapsulate;
}

class PortableKey implements PrivateKey {
  readonly publicKey: Bytes;
  readonly #lattice: Uint8Array;
  readonly #scalar: Scalar;

  constructor(seed: Uint8Array) {
    exactly(seed, SEED, "X-Wing seed");
    const expanded = shake256(seed, { dkLen: 96 });
    const lattice = ml_kem768.keygen(expanded.subarray(0, 64));
    this.#lattice = lattice.secretKey;
    this.#scalar = new Scalar(expanded.subarray(64));
    this.publicKey = concat(lattice.publicKey, this.#scalar.publicKey);
    expanded.fill(0);
  }

  async decapsulate(ciphertext: Uint8Array): Promise<Bytes> {
    exactly(ciphertext, CIPHERTEXT, "X-Wing ciphertext");
    const ephemeral = ciphertext.subarray(MLKEM_CIPHERTEXT);
    const curve = this.#scalar.agree(ephemeral);
    const lattice = ml_kem768.decapsulate(ciphertext.subarray(0, MLKEM_CIPHERTEXT), this.#lattice);
    return combine(lattice, await curve, ephemeral, this.#scalar.publicKey);
  }
}

/** Encapsulation with 64 given bytes of randomness: the same bytes give the same result. */
export async function encapsulateSeeded(publicKey: Uint8Array, seed: Uint8Array): Promise<Encapsulated> {
  exactly(publicKey, PUBLIC_KEY, "X-Wing public key");
  exactly(seed, ENCAPSULATION_SEED, "X-Wing encapsulation seed");
  const recipient = publicKey.subarray(MLKEM_PUBLIC);
  const lattice = encapsulateLattice(publicKey.subarray(0, MLKEM_PUBLIC), seed.subarray(0, 32));
  const ephemeral = new Scalar(seed.subarray(32));
  const secret = combine(lattice.sharedSecret, await ephemeral.agree(recipient), ephemeral.publicKey, recipient);
  return { ciphertext: concat(lattice.cipherText, ephemeral.publicKey), secret };
}

function encapsulateLattice(
  publicKey: Uint8Array, message: Uint8Array,
): { readonly cipherText: Uint8Array; readonly sharedSecret: Uint8Array } {
  try {
    return ml_kem768.encapsulate(publicKey, message);
  } catch {
    throw new Malformed("key", "coefficients of the ML-KEM-768 public key are not reduced");
  }
}

function combine(lattice: Uint8Array, curve: Uint8Array, ciphertext: Uint8Array, publicKey: Uint8Array): Bytes {
  return new Uint8Array(sha3_256(concat(lattice, curve, ciphertext, publicKey, ascii(XWING))));
}

/** X-Wing from noble, with randomness from `entropy`. */
export function portable(entropy: Entropy): XWing {
  return {
    name: "noble",
    // eslint-disable-next-line @typescript-eslint/require-await -- errors must reject
    generate: async () => new PortableKey(entropy(SEED)),
    // eslint-disable-next-line @typescript-eslint/require-await -- errors must reject
    fromSeed: async (seed) => new PortableKey(seed),
    encapsulate: (publicKey) => encapsulateSeeded(publicKey, entropy(ENCAPSULATION_SEED)),
  };
}
