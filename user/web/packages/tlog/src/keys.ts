/**
 * Verifier keys of signed notes (`vkey`), their ids, and the two algorithms that logs and witnesses use here.
 *
 * Sources: C2SP signed-note (type 0x01), tlog-cosignature (types 0x04 Ed25519, 0x06 ML-DSA-44); specs/note.md.
 */

import { ed25519 } from "@noble/curves/ed25519.js";
import { sha256 } from "@noble/hashes/sha2.js";
import { ml_dsa44 } from "@noble/post-quantum/ml-dsa.js";
import { ascii as utf8, type Bytes, concat, toHex } from "@privity/protocol/bytes";

import { TlogError } from "./errors.ts";
import { MAX_NAME } from "./limits.ts";
import { fromBase64, toBase64 } from "./spelling.ts";

export const NOTE_ED25519 = 0x01;
export const COSIGNATURE_ED25519 = 0x04;
export const COSIGNATURE_MLDSA44 = 0x06;
export const KEY_BYTES: Readonly<Record<number, number>> = {
  [NOTE_ED25519]: 32, [COSIGNATURE_ED25519]: 32, [COSIGNATURE_MLDSA44]: 1312,
};
export const SIGNATURE_BYTES: Readonly<Record<number, number>> = {
  [NOTE_ED25519]: 64, [COSIGNATURE_ED25519]: 64, [COSIGNATURE_MLDSA44]: 2420,
};
/** bytes */
export const ID = 4;
const UNNAMEABLE = /[\p{Cc}\p{Cs}\p{Z}+]/u;

/** A verifier key: name, signature type of the registry, raw public key, and the four bytes before its signatures. */
export class Key {
  readonly name: string;
  readonly type: number;
  readonly public: Bytes;
  readonly id: Bytes;
  #imported: Promise<CryptoKey | null> | null = null;

  constructor(name: string, type: number, publicKey: Uint8Array) {
    this.name = name;
    this.type = type;
    this.public = new Uint8Array(publicKey);
    this.id = sha256(concat(utf8(`${name}\n`), Uint8Array.of(type), publicKey)).slice(0, ID);
  }

  /** Whether `signature` is this key's over `message`: the caller decides what a failure means. */
  async verify(message: Bytes, signature: Bytes): Promise<boolean> {
    if (this.type === COSIGNATURE_MLDSA44) return inScript(() => ml_dsa44.verify(signature, message, this.public));
    this.#imported ??= imported(this.public);
    const key = await this.#imported;
    if (key !== null) return crypto.subtle.verify("Ed25519", key, signature, message);
    return inScript(() => ed25519.verify(signature, message, this.public, { zip215: false }));
  }
}

/** The key in WebCrypto, null where it lacks the curve or refuses the point: noble knows which. */
async function imported(point: Bytes): Promise<CryptoKey | null> {
  try {
    return await crypto.subtle.importKey("raw", point, "Ed25519", false, ["verify"]);
  } catch {
    return null;
  }
}

/** What the library says; a length or point that it refuses verifies nothing. */
function inScript(verify: () => boolean): boolean {
  try {
    return verify();
  } catch {
    return false;
  }
}

/** Whether `text` may name a key: not empty, no space of Unicode, no plus, no control character. */
export function isName(text: string): boolean {
  return text !== "" && utf8(text).length <= MAX_NAME && !UNNAMEABLE.test(text);
}

/**
 * The key of a `vkey` line: name, id in hexadecimal, base64 of type and key, joined by plus.
 *
 * Raises TlogError `key_malformed`.
 */
export function decode(text: string): Key {
  const [name = "", , ...rest] = text.split("+");
  const data = fromBase64(rest.join("+"), "key_malformed");
  const [type] = data;
  if (!isName(name) || type === undefined || KEY_BYTES[type] !== data.length - 1) {
    throw new TlogError("key_malformed", "name, type or length");
  }
  const key = new Key(name, type, data.slice(1));
  if (encode(key) !== text) throw new TlogError("key_malformed", "id");
  return key;
}

/** The `vkey` of a key. */
export function encode(key: Key): string {
  return `${key.name}+${toHex(key.id)}+${toBase64(concat(Uint8Array.of(key.type), key.public))}`;
}
