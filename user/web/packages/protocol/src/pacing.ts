/**
 * When records leave: fixed sizes on a fixed clock, and an end that only tells the rung. Source: specs/pacing.md.
 *
 * Sans-I/O: a driver calls `tick` on its timer and sends what it gets. What is queued never changes when, or how much.
 */

import { type Bytes, concat } from "./bytes.ts";
import { LimitExceeded, StateError } from "./errors.ts";
import { MAX_BACKLOG, MAX_RECORDS_PER_KEY } from "./limits.ts";
import { encodeError } from "./records.ts";
import type { ResponseWriter } from "./response.ts";

/** One traffic profile. */
export interface Profile {
  readonly name: "p0" | "p1" | "p2";
  /** Bytes of a sealed record. */
  readonly recordSize: number;
  /** Milliseconds between records; null: records leave when there is something to say. */
  readonly tickMs: number | null;
  /** The first total of a response in records, continued by the factor `grow / shrink`, rounded up; null: no ladder. */
  readonly ladder: { readonly first: number; readonly grow: number; readonly shrink: number } | null;
}

/** p1 is the default; p2 is stricter; p0 has no pacing, is for a local network only, and a client must say so. */
export const PROFILES: Readonly<Record<Profile["name"], Profile>> = {
  p0: { name: "p0", recordSize: 1024, tickMs: null, ladder: null },
  p1: { name: "p1", recordSize: 512, tickMs: 100, ladder: { first: 20, grow: 3, shrink: 2 } },
  p2: { name: "p2", recordSize: 512, tickMs: 100, ladder: { first: 100, grow: 3, shrink: 1 } },
};

/**
 * The records of a response that has `count` of them and needs at least one more: the CLOSE.
 *
 * Without a ladder that is `count + 1`; with one it is the first rung above `count`.
 * Raises LimitExceeded `record_limit` when no rung is left below the records of one key.
 */
export function totalAfter(profile: Profile, count: number): number {
  if (profile.ladder === null) return count + 1;
  const { first, grow, shrink } = profile.ladder;
  let rung = first;
  while (rung <= count) rung = Math.ceil((rung * grow) / shrink);
  if (rung > MAX_RECORDS_PER_KEY) throw new LimitExceeded("record_limit", `no rung above ${String(count)}`);
  return rung;
}

type Ending = { readonly kind: "finish" } | { readonly kind: "failure"; readonly code: number; readonly text: string };

/**
 * The queue between a model that speaks when it likes and a clock that does not care.
 *
 * Application bytes go in with `queue`, the end with `finish` or `fail`; `tick` gives the one record of this moment.
 * The handle of the next RUN leaves in the first record that has nothing else to carry, at the latest before the end.
 */
export class Emission {
  readonly #profile: Profile;
  readonly #writer: ResponseWriter;
  #queue: Bytes = new Uint8Array(0);
  #next: { readonly sid: Uint8Array; readonly ttl: number } | null = null;
  #ending: Ending | null = null;
  #total: number | null = null;

  constructor(profile: Profile, writer: ResponseWriter) {
    this.#profile = profile;
    this.#writer = writer;
  }

  /** Whether CLOSE has left. */
  get closed(): boolean {
    return this.#writer.records === this.#total;
  }

  /** Records that the queue would fill now. */
  get backlog(): number {
    return Math.ceil(this.#queue.length / this.#writer.capacity);
  }

  /** Name the next RUN's handle. Raises StateError `order` when named twice or after the end was queued. */
  announceNext(sid: Uint8Array, ttl: number): void {
    this.#requireOpen();
    if (this.#next !== null) throw new StateError("order", "the next session was announced");
    this.#next = { sid, ttl };
  }

  /** Add application bytes. Raises LimitExceeded `backlog_full` (nothing was added), StateError `order`. */
  queue(data: Uint8Array): void {
    this.#requireOpen();
    if (this.#queue.length + data.length > MAX_BACKLOG) {
      throw new LimitExceeded("backlog_full", `${String(this.#queue.length)} bytes queued`);
    }
    this.#queue = concat(this.#queue, data);
  }

  /** Queue the end of a complete answer. Raises LimitExceeded `backlog_full`, StateError `order`. */
  finish(last: Uint8Array = new Uint8Array(0)): void {
    this.queue(last);
    this.#ending = { kind: "finish" };
  }

  /** Queue an inner error behind the queue. Raises LimitExceeded `record_capacity`, StateError `order`. */
  fail(code: number, text = ""): void {
    this.#requireOpen();
    encodeError(code, text);
    this.#ending = { kind: "failure", code, text };
  }

  /** The one record of this tick, or null once CLOSE has left. One call at a time. */
  async tick(): Promise<Bytes | null> {
    if (this.closed) return null;
    const writer = this.#writer;
    if (this.#total !== null) return writer.records + 1 === this.#total ? writer.close() : writer.pad();
    const last = this.#ending?.kind === "finish" && this.#queue.length <= writer.capacity;
    if (this.#next !== null && (last || this.#queue.length === 0)) {
      const { sid, ttl } = this.#next;
      this.#next = null;
      return writer.next(sid, ttl);
    }
    if (this.#queue.length > 0 && !last) return writer.data(this.#take());
    if (this.#ending === null) return writer.pad();
    const record = this.#ending.kind === "failure"
      ? writer.error(this.#ending.code, this.#ending.text)
      : writer.end(this.#take());
    this.#total = totalAfter(this.#profile, writer.records);
    return record;
  }

  /**
   * All records that have something to say, for the profile without a clock.
   *
   * Raises StateError `order` for a paced profile, where a record leaves at a tick and at no other time.
   */
  async drain(): Promise<Bytes> {
    if (this.#profile.tickMs !== null) throw new StateError("order", `${this.#profile.name} leaves on its clock`);
    const records: Bytes[] = [];
    while (this.#next !== null || this.#queue.length > 0 || this.#ending !== null) {
      const record = await this.tick();
      if (record === null) break;
      records.push(record);
    }
    return concat(...records);
  }

  #take(): Bytes {
    const piece = this.#queue.slice(0, this.#writer.capacity);
    this.#queue = this.#queue.slice(piece.length);
    return piece;
  }

  #requireOpen(): void {
    if (this.#ending !== null) throw new StateError("order", "the end was queued");
  }
}
