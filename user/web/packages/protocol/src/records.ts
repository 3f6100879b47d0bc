/** Records: fixed-size plaintexts with a type, a length and zero padding, sealed under a counter. Source: specs/records.md. */

import { allZero, type Bytes, concat, readUint, uint } from "./bytes.ts";
import { LimitExceeded, Malformed, NotAuthentic, StateError } from "./errors.ts";
import type { Prk } from "./kdf.ts";
import { IV_SUFFIX, KEY_SUFFIX } from "./labels.ts";
import { MAX_ERROR_TEXT, MAX_RECORDS_PER_KEY, RECORD_HEADER, SID, TAG } from "./limits.ts";

const KINDS = ["PAD", "DATA", "END", "CLOSE", "ERROR", "NEXT"] as const;
/** Record types; the place in this list is the byte on the wire. */
export type Kind = (typeof KINDS)[number];

/** Where a stream of records stands: CLOSED follows END, ABORTED follows ERROR. */
export type Phase = "OPEN" | "ENDED" | "FAILED" | "CLOSED" | "ABORTED";

/** Which record may come in which phase, and the phase after it. What is not here is `order`. */
export type Grammar = Readonly<Record<Phase, Readonly<Partial<Record<Kind, Phase>>>>>;

export const REQUEST_GRAMMAR: Grammar = {
  OPEN: { DATA: "OPEN", END: "ENDED" },
  ENDED: { PAD: "ENDED" },
  FAILED: {},
  CLOSED: {},
  ABORTED: {},
};
export const RESPONSE_GRAMMAR: Grammar = {
  OPEN: { PAD: "OPEN", DATA: "OPEN", NEXT: "OPEN", END: "ENDED", ERROR: "FAILED" },
  ENDED: { PAD: "ENDED", NEXT: "ENDED", CLOSE: "CLOSED" },
  FAILED: { PAD: "FAILED", CLOSE: "ABORTED" },
  CLOSED: {},
  ABORTED: {},
};
export const REQUEST_KINDS: readonly Kind[] = ["PAD", "DATA", "END"];
const NEXT_LENGTH = SID + 4;

/** One opened record. */
export interface OpenedRecord {
  readonly kind: Kind;
  readonly data: Bytes;
}

/** Data bytes that a sealed record of `recordSize` bytes carries. */
export function capacity(recordSize: number): number {
  return recordSize - TAG - RECORD_HEADER;
}

/** The plaintext of a record whose sealed form has `recordSize` bytes. Raises LimitExceeded `record_capacity`. */
export function encodeRecord(kind: Kind, data: Uint8Array, recordSize: number): Bytes {
  const room = capacity(recordSize);
  if (data.length > room) {
    throw new LimitExceeded("record_capacity", `${String(data.length)} bytes, at most ${String(room)}`);
  }
  const plaintext = new Uint8Array(recordSize - TAG);
  plaintext[0] = KINDS.indexOf(kind);
  plaintext.set(uint(data.length, 2), 1);
  plaintext.set(data, RECORD_HEADER);
  return plaintext;
}

/**
 * Read one opened record of any size.
 *
 * Raises Malformed `record_type` (unknown), `record_length` (beyond the record, or wrong for the type),
 * `padding_nonzero`, `error_text` (an ERROR whose text is too long or not UTF-8).
 */
export function decodeRecord(plaintext: Uint8Array): OpenedRecord {
  const type = readUint(plaintext, 0, 1);
  const kind = KINDS[type];
  if (kind === undefined) throw new Malformed("record_type", String(type));
  const length = readUint(plaintext, 1, 2);
  const end = RECORD_HEADER + length;
  if (end > plaintext.length) throw new Malformed("record_length", `${String(length)} beyond the record`);
  if (!allZero(plaintext.subarray(end))) throw new Malformed("padding_nonzero", kind);
  const mustBeEmpty = kind === "PAD" || kind === "CLOSE";
  if ((mustBeEmpty && length > 0) || (kind === "NEXT" && length !== NEXT_LENGTH)) {
    throw new Malformed("record_length", `${String(length)} in ${kind}`);
  }
  const data = plaintext.slice(RECORD_HEADER, end);
  if (kind === "ERROR") decodeError(data);
  return { kind, data };
}

/** The data of an ERROR record. Raises LimitExceeded `record_capacity` for a text above 200 UTF-8 bytes. */
export function encodeError(code: number, text: string): Bytes {
  const encoded = new TextEncoder().encode(text);
  if (encoded.length > MAX_ERROR_TEXT) {
    throw new LimitExceeded("record_capacity", `error text of ${String(encoded.length)} bytes`);
  }
  return concat(uint(code, 2), encoded);
}

/** Code and text of an ERROR record's data. Raises Malformed `record_length`, `error_text`. */
export function decodeError(data: Uint8Array): { readonly code: number; readonly text: string } {
  if (data.length < 2) throw new Malformed("record_length", "ERROR without a code");
  if (data.length > 2 + MAX_ERROR_TEXT) throw new Malformed("error_text", `${String(data.length - 2)} bytes`);
  try {
    const text = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(data.slice(2));
    return { code: readUint(data, 0, 2), text };
  } catch {
    throw new Malformed("error_text", "not UTF-8");
  }
}

/** AEAD(prk, label) of EC1: one key, one direction, nonce = iv XOR counter, empty associated data. */
export class RecordCipher {
  readonly #key: CryptoKey;
  readonly #iv: Bytes;
  readonly #limit: number;
  #count = 0;

  private constructor(key: CryptoKey, iv: Bytes, limit: number) {
    this.#key = key;
    this.#iv = iv;
    this.#limit = limit;
  }

  static async of(
    prk: Prk, label: string, usage: "encrypt" | "decrypt", limit = MAX_RECORDS_PER_KEY,
  ): Promise<RecordCipher> {
    const key = prk.label(label + KEY_SUFFIX);
    const imported = await crypto.subtle.importKey("raw", key, "AES-GCM", false, [usage]);
    key.fill(0);
    return new RecordCipher(imported, prk.label(label + IV_SUFFIX, 12), limit);
  }

  /** Records sealed or opened. */
  get count(): number {
    return this.#count;
  }

  /** The sealed record. Raises LimitExceeded `record_limit` after 2^20 records. */
  async seal(plaintext: Bytes): Promise<Bytes> {
    // The number is taken before anything is awaited: two calls at once can never share a nonce.
    const parameters = { name: "AES-GCM", iv: this.#nonce() };
    return new Uint8Array(await crypto.subtle.encrypt(parameters, this.#key, plaintext));
  }

  /** The plaintext. Raises NotAuthentic, LimitExceeded `record_limit`. */
  async open(sealed: Bytes): Promise<Bytes> {
    const parameters = { name: "AES-GCM", iv: this.#nonce() };
    try {
      return new Uint8Array(await crypto.subtle.decrypt(parameters, this.#key, sealed));
    } catch {
      throw new NotAuthentic();
    }
  }

  #nonce(): Bytes {
    if (this.#count >= this.#limit) {
      throw new LimitExceeded("record_limit", `${String(this.#limit)} records under one key`);
    }
    const nonce = this.#iv.slice();
    const view = new DataView(nonce.buffer);
    view.setUint32(8, (view.getUint32(8) ^ this.#count) >>> 0);
    this.#count += 1;
    return nonce;
  }
}

/** The phase after a received record. Raises Malformed `order`. */
export function advance(grammar: Grammar, phase: Phase, kind: Kind): Phase {
  const next = grammar[phase][kind];
  if (next === undefined) throw new Malformed("order", `${kind} in ${phase}`);
  return next;
}

/** The phase after a record of our own. Raises StateError `order`: our mistake, not the peer's. */
export function emit(grammar: Grammar, phase: Phase, kind: Kind): Phase {
  const next = grammar[phase][kind];
  if (next === undefined) throw new StateError("order", `${kind} in ${phase}`);
  return next;
}
