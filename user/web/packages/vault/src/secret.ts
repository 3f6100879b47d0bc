/**
 * Key material, raw and kept: what is raw can be shown once more, what is kept can only be used. Source: specs/opener.md.
 *
 * A `Secret` holds bytes in script memory; `keep` turns it into a `Kept`, a non-extractable HKDF key of WebCrypto, and
 * wipes the bytes. The account key is raw only while it is created, given to an opener or device, or replaced.
 */

import { type Bytes, equalSecret } from "@privity/protocol/bytes";
import { StateError } from "@privity/protocol/errors";
import { extract } from "@privity/protocol/kdf";

import { VaultError } from "./errors.ts";

/** What there is, and its bytes. */
export const SIZES = {
  "account key": 32,
  /** What the objects of one box are sealed under, for one generation. */
  "chat key": 32,
  /** Masks the box of each object in the pages. */
  "lane key": 32,
  /** A fresh key for one share, never a chat's. */
  "share key": 32,
  /** Seals the segments of one account's index on one device. */
  "search key": 32,
  /** The output of a passkey's PRF. */
  passkey: 32,
  /** The 32 letters of a recovery code, ASCII. */
  recovery: 32,
  /** Random bytes that stay on one device. */
  device: 32,
  /** What Argon2id made of seven words. */
  passphrase: 32,
  /** Seven words with one space between them, ASCII. */
  words: 34,
  /** The MAC key of an opener. */
  lock: 32,
  /** The seed of an Ed25519 key. */
  "signing seed": 32,
  /** What a new device commits to. */
  "pairing nonce": 32,
  /** Part of the link that is scanned; the service never sees it. */
  "link secret": 16,
} as const;
export type Kind = keyof typeof SIZES;

/** What keys are derived from, raw or kept. */
export interface Keying {
  readonly kind: Kind;
  /** HKDF-SHA256 (RFC 5869); an empty salt is its 32 zero bytes. */
  derive(salt: Bytes, info: Bytes, size?: number): Promise<Bytes>;
  /** The same 32 bytes as a non-extractable AES-GCM key. */
  cipher(salt: Bytes, info: Bytes): Promise<CryptoKey>;
}

/**
 * Bytes that nobody may see by accident: no JSON, no structured clone, compared in constant time. `reveal` is the only
 * way out, so that every use can be found by its name.
 */
export class Secret<Name extends Kind = Kind> implements Keying {
  readonly kind: Name;
  #bytes: Bytes | null;

  /** Takes a copy. Raises VaultError `opener.malformed` for another size. */
  constructor(kind: Name, bytes: Uint8Array) {
    if (bytes.length !== SIZES[kind]) {
      throw new VaultError("opener.malformed", `${kind}: ${String(bytes.length)} bytes, expected ${String(SIZES[kind])}`);
    }
    this.kind = kind;
    this.#bytes = new Uint8Array(bytes);
  }

  /** The same, and `bytes` are zero afterwards, whatever their size was. */
  static take<Name extends Kind>(kind: Name, bytes: Uint8Array): Secret<Name> {
    try {
      return new Secret(kind, bytes);
    } finally {
      bytes.fill(0);
    }
  }

  /** A copy of the bytes. Raises StateError `consumed` after `keep` or `wipe`. */
  reveal(): Bytes {
    if (this.#bytes === null) throw new StateError("consumed", `the ${this.kind} was wiped`);
    return new Uint8Array(this.#bytes);
  }

  /** Another one with the same bytes: `keep` and `wipe` end only one of them. Raises StateError as `reveal` does. */
  copy(): Secret<Name> {
    return Secret.take(this.kind, this.reveal());
  }

  /** Raises StateError as `reveal` does. */
  derive(salt: Bytes, info: Bytes, size = 32): Promise<Bytes> {
    return settled(() => extract(salt, this.reveal()).expand(info, size));
  }

  /** Raises StateError as `reveal` does. */
  async cipher(salt: Bytes, info: Bytes): Promise<CryptoKey> {
    const key = await this.derive(salt, info);
    return crypto.subtle.importKey("raw", key, "AES-GCM", false, ["encrypt", "decrypt"]);
  }

  /** What can only be used from now on; these bytes are wiped. Raises StateError as `reveal` does. */
  async keep(): Promise<Kept<Name>> {
    const bytes = this.reveal();
    this.wipe();
    const key = await crypto.subtle.importKey("raw", bytes, "HKDF", false, USAGES);
    bytes.fill(0);
    return Kept.of(this.kind, key);
  }

  /** Overwrite the bytes; JavaScript cannot promise that no copy was left (docs/limitations.md). */
  wipe(): void {
    this.#bytes?.fill(0);
    this.#bytes = null;
  }

  /** Whether both hold the same bytes. Raises StateError as `reveal` does. */
  equals(other: Secret<Name>): boolean {
    return equalSecret(this.reveal(), other.reveal());
  }

  toString(): string {
    return `Secret(${this.kind})`;
  }

  /** Raises StateError: a secret is not serialised. */
  toJSON(): never {
    throw new StateError("consumed", "a secret is not serialised");
  }
}

const USAGES: readonly ["deriveBits", "deriveKey"] = ["deriveBits", "deriveKey"];

/** Key material that never comes back into script memory. Its `key` can be posted to a worker and put into IndexedDB. */
export class Kept<Name extends Kind = Kind> implements Keying {
  readonly kind: Name;
  readonly key: CryptoKey;

  private constructor(kind: Name, key: CryptoKey) {
    this.kind = kind;
    this.key = key;
  }

  /** A key that was stored or posted. Raises VaultError `opener.malformed` for one that could be taken out again. */
  static of<Name extends Kind>(kind: Name, key: CryptoKey): Kept<Name> {
    if (key.algorithm.name !== "HKDF" || key.extractable || !USAGES.every((usage) => key.usages.includes(usage))) {
      throw new VaultError("opener.malformed", `${kind}: not a non-extractable HKDF key`);
    }
    return new Kept(kind, key);
  }

  async derive(salt: Bytes, info: Bytes, size = 32): Promise<Bytes> {
    return new Uint8Array(await crypto.subtle.deriveBits(parameters(salt, info), this.key, 8 * size));
  }

  cipher(salt: Bytes, info: Bytes): Promise<CryptoKey> {
    const aes = { name: "AES-GCM", length: 256 };
    return crypto.subtle.deriveKey(parameters(salt, info), this.key, aes, false, ["encrypt", "decrypt"]);
  }
}

function parameters(salt: Bytes, info: Bytes): HkdfParams {
  return { name: "HKDF", hash: "SHA-256", salt, info };
}

/** The outcome of `step` as a promise, a failure included. */
function settled<Result>(step: () => Result): Promise<Result> {
  return new Promise((resolve) => resolve(step()));
}

/** AK: all of an account hangs on it. */
export type AccountKey = Kept<"account key">;
export type ChatKey = Kept<"chat key">;
export type LaneKey = Secret<"lane key">;
