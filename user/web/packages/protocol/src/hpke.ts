/**
 * HPKE base mode (RFC 9180 sections 5 and 6, draft-ietf-hpke-pq) for one suite: 0x647a, 0x0001, 0x0002.
 *
 * The key schedule takes any suite and pre-shared key, because the official vectors cover others; contexts are AES-GCM.
 */

import { ascii, type Bytes, concat, uint } from "./bytes.ts";
import { NotAuthentic } from "./errors.ts";
import { extract, extractBytes, type Hash, Prk, SHA256 } from "./kdf.ts";
import { HPKE_VERSION } from "./labels.ts";
import type { Encapsulate, PrivateKey } from "./xwing.ts";

export interface Suite {
  readonly kem: number;
  readonly kdf: 1 | 2 | 3;
  readonly aead: number;
  /** That of the KDF. */
  readonly hash: Hash;
}

/** MLKEM768-X25519, HKDF-SHA256, AES-256-GCM: the suite of EC1. */
export const EC1_SUITE: Suite = { kem: 0x647a, kdf: 1, aead: 2, hash: SHA256 };

const AES_128_GCM = 1;
const NONCE_BYTES = 12;
const EMPTY = new Uint8Array(0);

export interface Schedule {
  readonly key: Bytes;
  readonly baseNonce: Bytes;
  readonly exporterSecret: Bytes;
}

export interface PreShared {
  readonly psk: Bytes;
  readonly id: Bytes;
}

function suiteId(suite: Suite): Bytes {
  return concat(ascii("HPKE"), uint(suite.kem, 2), uint(suite.kdf, 2), uint(suite.aead, 2));
}

function labeled(suite: Suite, label: string, value: Uint8Array): Bytes {
  return concat(ascii(HPKE_VERSION), suiteId(suite), ascii(label), value);
}

function expand(suite: Suite, prk: Prk, label: string, info: Uint8Array, length: number): Bytes {
  return prk.expand(concat(uint(length, 2), labeled(suite, label, info)), length);
}

/** KeySchedule of RFC 9180 section 5.1, base mode, or PSK mode when `preShared` is given. */
export function keySchedule(
  suite: Suite, secret: Bytes, info: Uint8Array, preShared: PreShared = { psk: EMPTY, id: EMPTY },
): Schedule {
  const { hash } = suite;
  const idHash = extractBytes(EMPTY, labeled(suite, "psk_id_hash", preShared.id), hash);
  const infoHash = extractBytes(EMPTY, labeled(suite, "info_hash", info), hash);
  const prk = extract(secret, labeled(suite, "secret", preShared.psk), hash);
  const context = concat(uint(preShared.psk.length === 0 ? 0 : 1, 1), idHash, infoHash);
  return {
    key: expand(suite, prk, "key", context, suite.aead === AES_128_GCM ? 16 : 32),
    baseNonce: expand(suite, prk, "base_nonce", context, NONCE_BYTES),
    exporterSecret: expand(suite, prk, "exp", context, hash.outputLen),
  };
}

/** What both ends of one HPKE exchange share. Only one of them seals. */
export class Context {
  readonly #suite: Suite;
  readonly #key: CryptoKey;
  readonly #baseNonce: Bytes;
  readonly #exporter: Prk;
  #count = 0;

  private constructor(suite: Suite, key: CryptoKey, baseNonce: Bytes, exporter: Prk) {
    this.#suite = suite;
    this.#key = key;
    this.#baseNonce = baseNonce;
    this.#exporter = exporter;
  }

  /** Takes the schedule and overwrites its secrets. */
  static async of(suite: Suite, schedule: Schedule, usage: "encrypt" | "decrypt"): Promise<Context> {
    const key = await crypto.subtle.importKey("raw", schedule.key, "AES-GCM", false, [usage]);
    schedule.key.fill(0);
    return new Context(suite, key, schedule.baseNonce, new Prk(schedule.exporterSecret, suite.hash));
  }

  async seal(additional: Bytes, plain: Bytes): Promise<Bytes> {
    return new Uint8Array(await crypto.subtle.encrypt(this.#parameters(additional), this.#key, plain));
  }

  /** Raises NotAuthentic. */
  async open(additional: Bytes, sealed: Bytes): Promise<Bytes> {
    const parameters = this.#parameters(additional);
    try {
      return new Uint8Array(await crypto.subtle.decrypt(parameters, this.#key, sealed));
    } catch {
      throw new NotAuthentic();
    }
  }

  /** A secret of `length` bytes bound to `context`. */
  export(context: Uint8Array, length: number): Bytes {
    return expand(this.#suite, this.#exporter, "sec", context, length);
  }

  #parameters(additionalData: Bytes): AesGcmParams {
    const iv = this.#baseNonce.slice();
    const view = new DataView(iv.buffer);
    view.setUint32(8, (view.getUint32(8) ^ this.#count) >>> 0);
    this.#count += 1;
    return { name: "AES-GCM", iv, additionalData };
  }
}

/** SetupBaseS: the encapsulated key and the sender's context. Raises Malformed `size` or `key`. */
export async function setupBaseS(
  publicKey: Uint8Array, info: Uint8Array, encapsulate: Encapsulate, suite: Suite = EC1_SUITE,
): Promise<{ readonly enc: Bytes; readonly context: Context }> {
  const { ciphertext, secret } = await encapsulate(publicKey);
  const context = await Context.of(suite, keySchedule(suite, secret, info), "encrypt");
  secret.fill(0);
  return { enc: ciphertext, context };
}

/** SetupBaseR: the receiver's context. Raises Malformed `size`; a forged `enc` shows when opening. */
export async function setupBaseR(
  key: PrivateKey, enc: Uint8Array, info: Uint8Array, suite: Suite = EC1_SUITE,
): Promise<Context> {
  const secret = await key.decapsulate(enc);
  const context = await Context.of(suite, keySchedule(suite, secret, info), "decrypt");
  secret.fill(0);
  return context;
}
