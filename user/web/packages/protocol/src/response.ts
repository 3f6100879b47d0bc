/** The streamed response of a RUN: writer on the node, reader on the client. Source: specs/ec1.md, specs/records.md. */

import { ascii, type Bytes, concat, equalSecret, readUint, uint } from "./bytes.ts";
import { ChainKey, type Session } from "./chain.ts";
import { exactly, parseRunResponseHeader, runResponseHeader } from "./envelope.ts";
import { Malformed, NotAuthentic, PrivityError, StateError } from "./errors.ts";
import { extract, type Prk, sha256 } from "./kdf.ts";
import { CHAIN, RUN_RESPONSE_AEAD, RUN_RESPONSE_CONFIRM, RUN_RESPONSE_SALT } from "./labels.ts";
import { CONFIRM, RANDOM, RESPONSE_HEADER, SID } from "./limits.ts";
import {
  advance, capacity, decodeError, decodeRecord, emit, encodeError, encodeRecord, type Kind, type OpenedRecord,
  type Phase, RecordCipher, RESPONSE_GRAMMAR,
} from "./records.ts";
import { Pieces } from "./pieces.ts";

/** Bytes before the first record: header, `srand`, confirmation. */
export const RESPONSE_OPENING = RESPONSE_HEADER + RANDOM + CONFIRM;
const EMPTY = new Uint8Array(0);

/** Application bytes are partial until `end`, which makes the answer complete. */
export type Event =
  | { readonly kind: "data" | "end"; readonly data: Bytes }
  | { readonly kind: "pad" | "close" }
  | { readonly kind: "error"; readonly code: number; readonly text: string }
  | { readonly kind: "next"; readonly sid: Bytes; readonly ttl: number };

/**
 * Seals one response record by record; each call gives exactly one record of the fixed size. One call at a time.
 *
 * Out of order calls raise StateError `order`, data above `capacity` LimitExceeded `record_capacity`.
 */
export class ResponseWriter {
  readonly #cipher: RecordCipher;
  readonly #chain: ChainKey;
  readonly #recordSize: number;
  #phase: Phase = "OPEN";
  #announced = false;

  private constructor(cipher: RecordCipher, chain: ChainKey, recordSize: number) {
    this.#cipher = cipher;
    this.#chain = chain;
    this.#recordSize = recordSize;
  }

  /** The writer and the 72 opening bytes. Raises Malformed `record_size`. */
  static async begin(
    secret: Bytes, transcript: Bytes, recordSize: number, srand: Bytes,
  ): Promise<{ readonly writer: ResponseWriter; readonly opening: Bytes }> {
    const header = runResponseHeader(recordSize);
    const prk = await responsePrk(secret, transcript, header, exactly(srand, RANDOM, "entropy"));
    const cipher = await RecordCipher.of(prk, RUN_RESPONSE_AEAD, "encrypt");
    const writer = new ResponseWriter(cipher, new ChainKey(prk.label(CHAIN)), recordSize);
    return { writer, opening: concat(header, srand, prk.label(RUN_RESPONSE_CONFIRM, CONFIRM)) };
  }

  /** Data bytes that fit into one record. */
  get capacity(): number {
    return capacity(this.#recordSize);
  }

  /** Records written so far. */
  get records(): number {
    return this.#cipher.count;
  }

  /** Application bytes, more to come. */
  async data(data: Uint8Array): Promise<Bytes> {
    return this.#seal("DATA", data);
  }

  /** The last application bytes. */
  async end(data: Uint8Array = EMPTY): Promise<Bytes> {
    return this.#seal("END", data);
  }

  /** Nothing, in the same size. */
  async pad(): Promise<Bytes> {
    return this.#seal("PAD", EMPTY);
  }

  /** An inner error; terminal. The text is at most 200 UTF-8 bytes. */
  async error(code: number, text = ""): Promise<Bytes> {
    return this.#seal("ERROR", encodeError(code, text));
  }

  /** The handle of the next RUN; at most once, and not after an error. */
  async next(sid: Uint8Array, ttl: number): Promise<Bytes> {
    if (this.#announced) throw new StateError("order", "NEXT twice");
    const data = concat(exactly(sid, SID, "sid"), uint(ttl, 4));
    const record = this.#seal("NEXT", data);
    this.#announced = true;
    return record;
  }

  /** The last record. */
  async close(): Promise<Bytes> {
    return this.#seal("CLOSE", EMPTY);
  }

  /** Hand over the chain key of the next RUN. Raises StateError `consumed` the second time. */
  nextChain(): ChainKey {
    return this.#chain.move();
  }

  /** Overwrite the next chain key when nobody will use it. */
  erase(): void {
    this.#chain.erase();
  }

  async #seal(kind: Kind, data: Uint8Array): Promise<Bytes> {
    // Both raise before the phase moves; the cipher numbers records in the order of the calls.
    const phase = emit(RESPONSE_GRAMMAR, this.#phase, kind);
    const plaintext = encodeRecord(kind, data, this.#recordSize);
    this.#phase = phase;
    return this.#cipher.seal(plaintext);
  }
}

/**
 * Reads one response on the client, in whatever pieces it arrives. One call at a time.
 *
 * `feed` gives what was established; a fault behind established events is raised by the next call, so that the events
 * do not depend on how the stream was cut. Always call `eof` when the stream ends.
 */
export class ResponseReader {
  readonly #session: Session;
  readonly #secret: Bytes;
  readonly #transcript: Bytes;
  readonly #pieces = new Pieces();
  #phase: Phase = "OPEN";
  #recordSize = 0;
  #header: Bytes | null = null;
  #keys: { readonly cipher: RecordCipher; readonly chain: ChainKey } | null = null;
  #announced: { readonly sid: Bytes; readonly ttl: number } | null = null;
  #fault: PrivityError | null = null;

  /** Takes the secret over and overwrites it. */
  constructor(session: Session, secret: Bytes, transcript: Bytes) {
    this.#session = session;
    this.#secret = secret;
    this.#transcript = transcript;
  }

  /** Whether END was authenticated: only then may the answer be shown as complete. */
  get complete(): boolean {
    return this.#phase === "ENDED" || this.#phase === "CLOSED";
  }

  /**
   * Take the next bytes of the response; the events of all whole records.
   *
   * Raises NotAuthentic; Malformed `header`, `suite`, `record_size`, `record_type`, `record_length`,
   * `padding_nonzero`, `error_text`, `order`, `after_close`; LimitExceeded `record_limit`. A fault stays.
   */
  async feed(data: Uint8Array): Promise<readonly Event[]> {
    this.#requireSound();
    const release = this.#pieces.enter(data);
    const events: Event[] = [];
    try {
      for (let event = await this.#step(); event !== null; event = await this.#step()) events.push(event);
    } catch (fault) {
      if (!(fault instanceof PrivityError)) throw fault;
      this.#fault = fault;
      if (events.length === 0) throw fault;
    } finally {
      release();
    }
    return events;
  }

  /** The stream has ended. Raises Malformed `truncated` unless CLOSE was the last record, or the stored fault. */
  eof(): void {
    this.#requireSound();
    if (closed(this.#phase) && this.#pieces.length === 0) return;
    this.#fault = new Malformed("truncated", `the response ended in ${this.#phase}`);
    throw this.#fault;
  }

  /**
   * The session of the next RUN, or null when the node named none.
   *
   * Raises StateError `consumed` when asked twice, or the fault of a stream that was not merely cut short.
   */
  nextSession(): Session | null {
    if (this.#fault !== null && this.#fault.reason !== "truncated") throw this.#fault;
    if (this.#announced === null || this.#keys === null) return null;
    const { kid, position } = this.#session;
    return { ...this.#announced, kid, chain: this.#keys.chain.move(), position: position + 1 };
  }

  #requireSound(): void {
    if (this.#fault !== null) throw this.#fault;
  }

  /** Open one record, or null when there are not enough bytes. */
  async #step(): Promise<Event | null> {
    if (closed(this.#phase)) {
      if (this.#pieces.length > 0) throw new Malformed("after_close", `${String(this.#pieces.length)} bytes`);
      return null;
    }
    this.#keys ??= await this.#begin();
    const sealed = this.#keys === null ? null : this.#pieces.take(this.#recordSize);
    if (this.#keys === null || sealed === null) return null;
    const record = decodeRecord(await this.#keys.cipher.open(sealed));
    const phase = advance(RESPONSE_GRAMMAR, this.#phase, record.kind);
    const event = toEvent(record);
    if (event.kind === "next") {
      if (this.#announced !== null) throw new Malformed("order", "NEXT twice");
      this.#announced = { sid: event.sid, ttl: event.ttl };
    }
    this.#phase = phase;
    return event;
  }

  async #begin(): Promise<{ readonly cipher: RecordCipher; readonly chain: ChainKey } | null> {
    // The header is judged as soon as it is here, and the rest later: the same fault for every cut of the stream.
    this.#header ??= this.#pieces.take(RESPONSE_HEADER);
    if (this.#header === null) return null;
    this.#recordSize = parseRunResponseHeader(this.#header);
    const rest = this.#pieces.take(RANDOM + CONFIRM);
    if (rest === null) return null;
    const prk = await responsePrk(this.#secret, this.#transcript, this.#header, rest.slice(0, RANDOM));
    // Before opening anything: the confirmation commits every record to this one key.
    const expected = prk.label(RUN_RESPONSE_CONFIRM, CONFIRM);
    if (!equalSecret(expected, rest.subarray(RANDOM))) throw new NotAuthentic();
    const cipher = await RecordCipher.of(prk, RUN_RESPONSE_AEAD, "decrypt");
    return { cipher, chain: new ChainKey(prk.label(CHAIN)) };
  }
}

function closed(phase: Phase): boolean {
  return phase === "CLOSED" || phase === "ABORTED";
}

function toEvent({ kind, data }: OpenedRecord): Event {
  switch (kind) {
    case "DATA": return { kind: "data", data };
    case "END": return { kind: "end", data };
    case "ERROR": return { kind: "error", ...decodeError(data) };
    case "NEXT": return { kind: "next", sid: data.slice(0, SID), ttl: readUint(data, SID, 4) };
    case "CLOSE": return { kind: "close" };
    case "PAD": return { kind: "pad" };
  }
}

async function responsePrk(secret: Bytes, transcript: Bytes, header: Bytes, srand: Bytes): Promise<Prk> {
  const salt = await sha256(ascii(RUN_RESPONSE_SALT), transcript, header, srand);
  const prk = extract(salt, secret);
  secret.fill(0);
  return prk;
}
