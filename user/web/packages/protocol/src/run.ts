/**
 * RUN: one request under one chain key, from the client's bytes to the node's payload. Source: specs/ec1.md.
 *
 * Client: `beginRun` → RunSent → `response` → ResponseReader. Node: RequestReader → `finish` → RunReceived → `response`.
 */

import { sha256 as hashState } from "@noble/hashes/sha2.js";

import { ascii, type Bytes, concat } from "./bytes.ts";
import { type ChainKey, requireRoom, type Session } from "./chain.ts";
import { encodeRunHeader, exactly, parseRunHeader } from "./envelope.ts";
import { Malformed, StateError } from "./errors.ts";
import { type Prk, sha256 } from "./kdf.ts";
import { RUN_REQUEST_AEAD, RUN_RESPONSE_SECRET, RUN_SALT, RUN_TRANSCRIPT } from "./labels.ts";
import { MAX_REQUEST_RECORDS, RANDOM, REQUEST_CAPACITY, REQUEST_RECORD, SUITE } from "./limits.ts";
import { requestRecords } from "./padding.ts";
import {
  advance, decodeRecord, encodeRecord, type Phase, RecordCipher, REQUEST_GRAMMAR, REQUEST_KINDS,
} from "./records.ts";
import { ResponseReader, ResponseWriter } from "./response.ts";
import { Pieces } from "./stream.ts";
import type { Entropy } from "./xwing.ts";

/** What begins a response, on either side; usable once. */
class ResponseSecret {
  #secret: Bytes | null;
  readonly transcript: Bytes;

  constructor(secret: Bytes, transcript: Bytes) {
    this.#secret = secret;
    this.transcript = transcript;
  }

  take(): Bytes {
    const secret = this.#secret;
    if (secret === null) throw new StateError("consumed", "the response was already begun");
    this.#secret = null;
    return secret;
  }
}

/** A client whose RUN is on its way. `response` consumes it. */
export class RunSent {
  readonly #session: Session;
  readonly #begins: ResponseSecret;

  constructor(session: Session, begins: ResponseSecret) {
    this.#session = session;
    this.#begins = begins;
  }

  /** The reader of the node's answer. Raises StateError `consumed` the second time. */
  response(): ResponseReader {
    return new ResponseReader(this.#session, this.#begins.take(), this.#begins.transcript);
  }
}

/**
 * Seal application bytes as a whole RUN; return the waiting state and the bytes to send.
 *
 * Consumes the session. Raises StateError `consumed`, LimitExceeded `chain_exhausted` or `too_large`; the two limits
 * leave the session usable.
 */
export async function beginRun(
  session: Session, payload: Uint8Array, entropy: Entropy,
): Promise<{ readonly sent: RunSent; readonly request: Bytes }> {
  requireRoom(session);
  const count = requestRecords(payload.length);
  const header = encodeRunHeader({ suite: SUITE, kid: session.kid, sid: session.sid });
  const opening = concat(header, exactly(entropy(RANDOM), RANDOM, "entropy"));
  const chain = session.chain.move();
  const prk = await requestPrk(chain, opening);
  const cipher = await RecordCipher.of(prk, RUN_REQUEST_AEAD, "encrypt");
  const last = Math.floor(Math.max(0, payload.length - 1) / REQUEST_CAPACITY);
  const sealed: Bytes[] = [opening];
  for (let index = 0; index < count; index += 1) {
    const piece = payload.subarray(index * REQUEST_CAPACITY, (index + 1) * REQUEST_CAPACITY);
    const kind = index < last ? "DATA" : index === last ? "END" : "PAD";
    sealed.push(await cipher.seal(encodeRecord(kind, piece, REQUEST_RECORD)));
  }
  const request = concat(...sealed);
  const [transcript, secret] = await Promise.all([sha256(ascii(RUN_TRANSCRIPT), request), prk.label(RUN_RESPONSE_SECRET)]);
  return { sent: new RunSent(session, new ResponseSecret(secret, transcript)), request };
}

/**
 * Reads one RUN on the node, in whatever pieces it arrives. Memory: the payload so far and one record.
 *
 * After any error, and after `finish`, the reader is consumed; `abandon` erases the key of a request that never ended.
 */
export class RequestReader {
  readonly #chain: ChainKey;
  readonly #maxRecords: number;
  readonly #header: Bytes;
  // WebCrypto hashes only whole messages; a request may be 32 MiB.
  readonly #transcript = hashState.create().update(ascii(RUN_TRANSCRIPT));
  readonly #pieces = new Pieces();
  readonly #payload: Bytes[] = [];
  #phase: Phase = "OPEN";
  #keys: { readonly cipher: RecordCipher; readonly prk: Prk } | null = null;

  /**
   * `header` is the 32 bytes that named the session; `chain` is consumed.
   *
   * Raises Malformed `size`, `header`, `suite`, `reserved_nonzero`; StateError `consumed`.
   */
  constructor(chain: ChainKey, header: Uint8Array, maxRecords = MAX_REQUEST_RECORDS) {
    this.#chain = chain.move();
    parseRunHeader(header);
    this.#header = header.slice();
    this.#transcript.update(this.#header);
    this.#maxRecords = maxRecords;
  }

  /**
   * Take the next bytes of the body after the header. One call at a time.
   *
   * Raises NotAuthentic; Malformed `record_type`, `record_length`, `padding_nonzero`, `order`, `too_large`;
   * StateError `consumed`.
   */
  async feed(data: Uint8Array): Promise<void> {
    this.#requireLive();
    const release = this.#pieces.enter(data);
    try {
      await this.#read();
    } catch (error) {
      this.abandon();
      throw error;
    } finally {
      release();
    }
  }

  /** The request once the body has ended. Raises Malformed `truncated`; StateError `consumed`. */
  async finish(): Promise<RunReceived> {
    this.#requireLive();
    const keys = this.#keys;
    const whole = this.#phase === "ENDED" && this.#pieces.length === 0;
    const payload = concat(...this.#payload);
    this.abandon();
    if (!whole || keys === null) {
      throw new Malformed("truncated", "the request ended before END, or inside a record");
    }
    const transcript = new Uint8Array(this.#transcript.digest());
    return new RunReceived(payload, new ResponseSecret(await keys.prk.label(RUN_RESPONSE_SECRET), transcript));
  }

  /** Erase the chain key and what was read, whatever the state: the connection or the request is gone. */
  abandon(): void {
    this.#chain.erase();
    this.#keys = null;
    for (const part of this.#payload) part.fill(0);
    this.#payload.length = 0;
    this.#phase = "CLOSED";
  }

  #requireLive(): void {
    if (this.#phase === "CLOSED") throw new StateError("consumed", "this request was finished or abandoned");
  }

  async #read(): Promise<void> {
    if (this.#keys === null) {
      const random = this.#pieces.take(RANDOM);
      if (random === null) return;
      this.#transcript.update(random);
      const prk = await requestPrk(this.#chain, concat(this.#header, random));
      this.#keys = { prk, cipher: await RecordCipher.of(prk, RUN_REQUEST_AEAD, "decrypt") };
    }
    const { cipher } = this.#keys;
    for (let sealed = this.#pieces.take(REQUEST_RECORD); sealed !== null; sealed = this.#pieces.take(REQUEST_RECORD)) {
      this.#requireRoom(cipher);
      this.#transcript.update(sealed);
      const record = decodeRecord(await cipher.open(sealed));
      if (!REQUEST_KINDS.includes(record.kind)) throw new Malformed("record_type", `${record.kind} in a request`);
      this.#phase = advance(REQUEST_GRAMMAR, this.#phase, record.kind);
      this.#payload.push(record.data);
    }
    if (this.#pieces.length > 0) this.#requireRoom(cipher);
  }

  #requireRoom(cipher: RecordCipher): void {
    if (cipher.count < this.#maxRecords) return;
    throw new Malformed("too_large", `more than ${String(this.#maxRecords)} records`);
  }
}

/** A request that was read and authenticated to its last byte. `response` consumes it. */
export class RunReceived {
  readonly payload: Bytes;
  readonly #begins: ResponseSecret;

  constructor(payload: Bytes, begins: ResponseSecret) {
    this.payload = payload;
    this.#begins = begins;
  }

  /**
   * The writer and the 72 bytes that open the response.
   *
   * Raises Malformed `record_size` for a size not in the list; StateError `consumed`.
   */
  async response(
    recordSize: number, entropy: Entropy,
  ): Promise<{ readonly writer: ResponseWriter; readonly opening: Bytes }> {
    return ResponseWriter.begin(this.#begins.take(), this.#begins.transcript, recordSize, entropy(RANDOM));
  }
}

async function requestPrk(chain: ChainKey, opening: Bytes): Promise<Prk> {
  return chain.extract(await sha256(ascii(RUN_SALT), opening));
}
