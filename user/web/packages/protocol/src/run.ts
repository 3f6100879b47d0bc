/**
 * RUN: one request under one chain key, from the client's bytes to the node's payload. Source: specs/ec1.md.
 *
 * Client: `beginRun` → RunSent → `response` → ResponseReader. Node: RequestReader → `finish` → RunReceived → `response`.
 */

import { ascii, type Bytes, concat } from "./bytes.ts";
import { type ChainKey, requireRoom, type Session } from "./chain.ts";
import { encodeRunHeader, exactly, parseRunHeader } from "./envelope.ts";
import { Malformed, StateError } from "./errors.ts";
import { sha256 } from "./kdf.ts";
import { RUN_REQUEST_AEAD, RUN_RESPONSE_SECRET, RUN_SALT, RUN_TRANSCRIPT } from "./labels.ts";
import { MAX_REQUEST_RECORDS, RANDOM, REQUEST_CAPACITY, REQUEST_RECORD, SUITE } from "./limits.ts";
import { requestRecords } from "./padding.ts";
import {
  advance, decodeRecord, encodeRecord, type Phase, RecordCipher, REQUEST_GRAMMAR, REQUEST_KINDS,
} from "./records.ts";
import { ResponseReader, ResponseWriter } from "./response.ts";
import { Pieces } from "./pieces.ts";
import type { Entropy } from "./xwing.ts";

/** Records that are opened at the same time: WebCrypto works beside the script. */
const AT_ONCE = 32;

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
  const { cipher, secret } = await requestKeys(chain, opening, "encrypt");
  const request = concat(opening, ...(await sealPayload(cipher, payload, count)));
  const transcript = await sha256(ascii(RUN_TRANSCRIPT), request);
  return { sent: new RunSent(session, new ResponseSecret(secret, transcript)), request };
}

async function sealPayload(cipher: RecordCipher, payload: Uint8Array, count: number): Promise<readonly Bytes[]> {
  const last = Math.floor(Math.max(0, payload.length - 1) / REQUEST_CAPACITY);
  const plaintexts = Array.from({ length: count }, (_, index) => {
    const piece = payload.subarray(index * REQUEST_CAPACITY, (index + 1) * REQUEST_CAPACITY);
    return encodeRecord(index < last ? "DATA" : index === last ? "END" : "PAD", piece, REQUEST_RECORD);
  });
  return Promise.all(plaintexts.map((plaintext) => cipher.seal(plaintext)));
}

/**
 * Reads one RUN on the node, in whatever pieces it arrives. Memory: the request so far, since WebCrypto hashes only
 * whole messages; the node that is deployed is Python's, which keeps less.
 *
 * After any error, and after `finish`, the reader is consumed; `abandon` erases the key of a request that never ended.
 */
export class RequestReader {
  readonly #chain: ChainKey;
  readonly #maxRecords: number;
  readonly #header: Bytes;
  readonly #seen: Bytes[] = [];
  readonly #pieces = new Pieces();
  readonly #payload: Bytes[] = [];
  #phase: Phase = "OPEN";
  #keys: RequestKeys | null = null;
  #records = 0;

  /**
   * `header` is the 32 bytes that named the session; `chain` is consumed.
   *
   * Raises Malformed `size`, `header`, `suite`, `reserved_nonzero`; StateError `consumed`.
   */
  constructor(chain: ChainKey, header: Uint8Array, maxRecords = MAX_REQUEST_RECORDS) {
    this.#chain = chain.move();
    parseRunHeader(header);
    this.#header = header.slice();
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
    const seen = concat(...this.#seen);
    this.abandon();
    if (!whole || keys === null) {
      throw new Malformed("truncated", "the request ended before END, or inside a record");
    }
    const transcript = await sha256(ascii(RUN_TRANSCRIPT), this.#header, seen);
    return new RunReceived(payload, new ResponseSecret(keys.secret, transcript));
  }

  /** Erase the chain key and what was read, whatever the state: the connection or the request is gone. */
  abandon(): void {
    this.#chain.erase();
    this.#keys = null;
    for (const part of this.#payload) part.fill(0);
    this.#payload.length = 0;
    this.#seen.length = 0;
    this.#phase = "CLOSED";
  }

  #requireLive(): void {
    if (this.#phase === "CLOSED") throw new StateError("consumed", "this request was finished or abandoned");
  }

  async #read(): Promise<void> {
    if (this.#keys === null) {
      const random = this.#pieces.take(RANDOM);
      if (random === null) return;
      this.#seen.push(random);
      this.#keys = await requestKeys(this.#chain, concat(this.#header, random), "decrypt");
    }
    while (this.#pieces.length >= REQUEST_RECORD) await this.#open(this.#keys.cipher);
    if (this.#pieces.length > 0) this.#requireRoom();
  }

  /** Open what is whole, some records at a time; they are judged in their order. */
  async #open(cipher: RecordCipher): Promise<void> {
    const opening: Promise<Bytes>[] = [];
    for (let sealed = this.#take(); sealed !== null; sealed = opening.length < AT_ONCE ? this.#take() : null) {
      this.#seen.push(sealed);
      const opened = cipher.open(sealed);
      // Behind a refused record nobody asks for the others.
      opened.catch(() => undefined);
      opening.push(opened);
    }
    for (const opened of opening) {
      this.#requireRoom();
      this.#records += 1;
      const record = decodeRecord(await opened);
      if (!REQUEST_KINDS.includes(record.kind)) throw new Malformed("record_type", `${record.kind} in a request`);
      this.#phase = advance(REQUEST_GRAMMAR, this.#phase, record.kind);
      this.#payload.push(record.data);
    }
  }

  #take(): Bytes | null {
    return this.#pieces.take(REQUEST_RECORD);
  }

  #requireRoom(): void {
    if (this.#records < this.#maxRecords) return;
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

interface RequestKeys {
  readonly cipher: RecordCipher;
  /** What the response's keys are made from. */
  readonly secret: Bytes;
}

async function requestKeys(chain: ChainKey, opening: Bytes, usage: "decrypt" | "encrypt"): Promise<RequestKeys> {
  const prk = chain.extract(await sha256(ascii(RUN_SALT), opening));
  return { cipher: await RecordCipher.of(prk, RUN_REQUEST_AEAD, usage), secret: prk.label(RUN_RESPONSE_SECRET) };
}
