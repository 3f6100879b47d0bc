/**
 * Verifier keys of signed notes (`vkey`), their ids, and the two algorithms that logs and witnesses use here.
 *
 * Sources: C2SP signed-note (type 0x01), tlog-cosignature (types 0x04 Ed25519, 0x06 ML-DSA-44); specs/note.md.
 */

import { sha256 } from "@noble/hashes/sha2.js";
import { ascii as utf8, type Bytes, concat, toHex } from "@privity/protocol/bytes";
import { VerifyingKey } from "@privity/protocol/verifying";

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
  readonly #verifying: VerifyingKey;

  constructor(name: string, type: number, publicKey: Uint8Array) {
    this.name = name;
    this.type = type;
    this.public = new Uint8Array(publicKey);
    this.#verifying = new VerifyingKey(type === COSIGNATURE_MLDSA44 ? "ML-DSA-44" : "Ed25519", publicKey);
    this.id = sha256(concat(utf8(`${name}\n`), Uint8Array.of(type), publicKey)).slice(0, ID);
  }

  /** Whether `signature` is this key's over `message`: the caller decides what a failure means. */
  verify(message: Bytes, signature: Bytes): Promise<boolean> {
    return this.#verifying.verify(message, signature);
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
