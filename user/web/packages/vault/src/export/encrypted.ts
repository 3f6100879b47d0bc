/**
 * An encrypted export: seven words, numbered frames, a final mark. Source: specs/export.md.
 *
 * Each frame is opened before its bytes are handed out, and the end is only believed with the final mark: a file that was
 * cut, reordered or prolonged gives a reason, never a shorter export. Both ends hold one frame, and what they are fed.
 */

import { ascii, type Bytes, concat, equal, equalSecret, readUint, uint } from "@privity/protocol/bytes";
import { StateError } from "@privity/protocol/errors";

import { VaultError } from "../errors.ts";
import * as labels from "../labels.ts";
import * as passphrase from "../passphrase.ts";
import { type Argon2id, type Cost, SALT } from "../passphrase.ts";
import type { Secret } from "../secret.ts";

export const OPENING = Uint8Array.of(0x50, 0x56, 0x58, 1);
const HEAD = OPENING.length + 4 + 1 + SALT;
export const HEADER = HEAD + 32;
export const FRAME = 256 * 1024;
export const TAG = 16;
/** Two GiB, and the archive's own overhead. */
export const MAX_FRAMES = 8192 + 64;
const EMPTY = new Uint8Array(0);

/** Runs steps one after the other, in the order in which they were asked for; after a failure none runs any more. */
class Turns {
  #last: Promise<unknown> = Promise.resolve();

  next<Result>(step: () => Promise<Result>): Promise<Result> {
    const turn = this.#last.then(step);
    this.#last = turn;
    return turn;
  }
}

/** Encrypts what is fed, frame by frame; `finish` ends it. Both give bytes to be written. */
export class Writer {
  readonly #header: Bytes;
  readonly #cipher: CryptoKey;
  readonly #turns = new Turns();
  #buffer: Bytes = EMPTY;
  #count = 0;
  #ended = false;

  private constructor(header: Bytes, cipher: CryptoKey) {
    this.#header = header;
    this.#cipher = cipher;
  }

  /** `cost` has a fresh random salt: key and nonces hang on it. Raises VaultError `opener.parameters`. */
  static async begin(words: Secret<"words">, cost: Cost, argon2id: Argon2id): Promise<Writer> {
    const stretched = await passphrase.stretch(words, cost, argon2id);
    const head = concat(OPENING, uint(cost.memory, 4), uint(cost.passes, 1), cost.salt);
    const commit = await stretched.derive(head, ascii(labels.EXPORT_COMMIT));
    const cipher = await stretched.cipher(head, ascii(labels.EXPORT_KEY));
    stretched.wipe();
    return new Writer(concat(head, commit), cipher);
  }

  /** The first bytes of the file. */
  header(): Bytes {
    return this.#header;
  }

  /** Take the next bytes; what is full. Raises StateError after `finish`, VaultError `export.too_large`. */
  feed(data: Uint8Array): Promise<Bytes> {
    return this.#turns.next(async () => {
      if (this.#ended) throw new StateError("consumed", "the export was finished");
      const whole = concat(this.#buffer, data);
      const written: Bytes[] = [];
      let at = 0;
      for (; whole.length - at > FRAME; at += FRAME) written.push(await this.#sealed(whole.subarray(at, at + FRAME), false));
      this.#buffer = whole.slice(at);
      return concat(...written);
    });
  }

  /** The last frame. Raises StateError the second time, VaultError `export.too_large`. */
  finish(): Promise<Bytes> {
    return this.#turns.next(async () => {
      if (this.#ended) throw new StateError("consumed", "the export was finished");
      this.#ended = true;
      return this.#sealed(this.#buffer, true);
    });
  }

  async #sealed(frame: Bytes, final: boolean): Promise<Bytes> {
    const parameters = { name: "AES-GCM", iv: nonceOf(this.#count, final), additionalData: this.#header };
    this.#count += 1;
    return new Uint8Array(await crypto.subtle.encrypt(parameters, this.#cipher, frame));
  }
}

interface Begun {
  readonly header: Bytes;
  readonly cipher: CryptoKey;
}

/** Decrypts what is fed, in any pieces. Nothing is complete before `finish` returned. */
export class Reader {
  readonly #words: Secret<"words">;
  readonly #argon2id: Argon2id;
  readonly #turns = new Turns();
  #buffer: Bytes = EMPTY;
  #begun: Begun | null = null;
  #count = 0;

  constructor(words: Secret<"words">, argon2id: Argon2id) {
    this.#words = words;
    this.#argon2id = argon2id;
  }

  /**
   * Take the next bytes; what was opened.
   *
   * Raises VaultError: `export.malformed`, `opener.parameters`, `export.wrong_key`, `export.damaged`, `export.too_large`.
   */
  feed(data: Uint8Array): Promise<Bytes> {
    return this.#turns.next(async () => {
      this.#buffer = concat(this.#buffer, data);
      if (this.#begun === null && this.#buffer.length < HEADER) return EMPTY;
      const begun = this.#begun ?? await this.#begin();
      const opened: Bytes[] = [];
      let at = 0;
      for (; this.#buffer.length - at > FRAME + TAG; at += FRAME + TAG) {
        opened.push(await this.#opened(begun, this.#buffer.subarray(at, at + FRAME + TAG), false));
      }
      this.#buffer = this.#buffer.slice(at);
      return concat(...opened);
    });
  }

  /** The last bytes. Raises VaultError `export.truncated`, `export.damaged`, `export.malformed`, `export.too_large`. */
  finish(): Promise<Bytes> {
    return this.#turns.next(async () => {
      const begun = this.#begun;
      if (begun === null || this.#buffer.length < TAG) throw new VaultError("export.truncated", "ends before its final mark");
      const last = await this.#last(begun);
      if (last.length === 0 && this.#count > 1) throw new VaultError("export.malformed", "an empty frame at the end");
      this.#buffer = EMPTY;
      return last;
    });
  }

  /** The last frame; one that opens without its final mark is not the last. */
  async #last(begun: Begun): Promise<Bytes> {
    try {
      return await this.#opened(begun, this.#buffer, true);
    } catch {
      await this.#opened(begun, this.#buffer, false);
      throw new VaultError("export.truncated", "ends before its final mark");
    }
  }

  async #begin(): Promise<Begun> {
    const header = this.#buffer.slice(0, HEADER);
    if (!equal(header.subarray(0, OPENING.length), OPENING)) throw new VaultError("export.malformed", "not an encrypted export");
    const cost = { memory: readUint(header, 4, 4), passes: readUint(header, 8, 1), salt: header.slice(9, HEAD) };
    const stretched = await passphrase.stretch(this.#words, cost, this.#argon2id);
    const head = header.slice(0, HEAD);
    const due = await stretched.derive(head, ascii(labels.EXPORT_COMMIT));
    if (!equalSecret(due, header.subarray(HEAD))) throw new VaultError("export.wrong_key", "other words");
    const begun = { header, cipher: await stretched.cipher(head, ascii(labels.EXPORT_KEY)) };
    stretched.wipe();
    this.#buffer = this.#buffer.slice(HEADER);
    this.#begun = begun;
    return begun;
  }

  async #opened({ header, cipher }: Begun, frame: Bytes, final: boolean): Promise<Bytes> {
    const parameters = { name: "AES-GCM", iv: nonceOf(this.#count, final), additionalData: header };
    const opened = await decrypted(parameters, cipher, frame, this.#count);
    this.#count += 1;
    return opened;
  }
}

async function decrypted(parameters: AesGcmParams, cipher: CryptoKey, frame: Bytes, number: number): Promise<Bytes> {
  try {
    return new Uint8Array(await crypto.subtle.decrypt(parameters, cipher, frame));
  } catch {
    throw new VaultError("export.damaged", `frame ${String(number)}`);
  }
}

function nonceOf(number: number, final: boolean): Bytes {
  if (number >= MAX_FRAMES) throw new VaultError("export.too_large", `more than ${String(MAX_FRAMES)} frames`);
  return concat(new Uint8Array(7), uint(final ? 1 : 0, 1), uint(number, 4));
}
