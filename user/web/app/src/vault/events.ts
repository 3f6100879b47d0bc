/** Hears from the service that the log has grown: its stream of events, or a question now and then where that ends. */

import type { Edges } from "./edges.ts";
import type { Saved } from "./saved.ts";

/** Milliseconds between two tries to hear, and the longest silence of a stream that lives (an empty line each 25 s). */
const AGAIN = 60_000;
const SILENCE = 60_000;
/** Bytes of one line; more is no stream of events. */
const MAX_LINE = 256;
const LINE_FEED = 10;

export class Events {
  readonly #edges: Edges;
  readonly #saved: Saved;
  readonly #grown: () => void;
  #abort: AbortController | null = null;
  #wait: (() => void) | null = null;
  #ended = true;

  constructor(edges: Edges, saved: Saved, grown: () => void) {
    this.#edges = edges;
    this.#saved = saved;
    this.#grown = grown;
  }

  start(): void {
    if (!this.#ended) return;
    this.#ended = false;
    void this.#listen();
  }

  stop(): void {
    this.#ended = true;
    this.#abort?.abort();
    this.#wait?.();
  }

  async #listen(): Promise<void> {
    await this.#heard().catch(() => undefined);
    if (this.#ended) return;
    // The stream ended: the service, the network or the token did. Ask, and listen again.
    this.#wait = this.#edges.after(AGAIN, () => {
      this.#wait = null;
      if (this.#ended) return;
      this.#grown();
      void this.#listen();
    });
  }

  async #heard(): Promise<void> {
    const { account } = this.#saved;
    const abort = new AbortController();
    this.#abort = abort;
    const token = await account.tokens.way().token();
    let silent = (): void => undefined;
    const alive = (): void => {
      silent();
      silent = this.#edges.after(SILENCE, () => abort.abort());
    };
    alive();
    try {
      const response = await this.#edges.stream(`${account.place.origin}/v1/events`, {
        headers: token === null ? {} : { authorization: `Bearer ${token}` }, signal: abort.signal,
        cache: "no-store", credentials: "omit", redirect: "error", referrerPolicy: "no-referrer",
      });
      if (!response.ok || response.body === null) return;
      await this.#read(response.body.getReader(), alive);
    } finally {
      silent();
      abort.abort();
    }
  }

  async #read(reader: ReadableStreamDefaultReader<Uint8Array>, alive: () => void): Promise<void> {
    let line: number[] = [];
    for (;;) {
      const { done, value } = await reader.read();
      if (done || this.#ended) return;
      alive();
      for (const byte of value) {
        if (byte !== LINE_FEED) line.push(byte);
        else {
          this.#said(line);
          line = [];
        }
        if (line.length > MAX_LINE) return;
      }
    }
  }

  /** A line {"n":N}; what it says is not believed, only a reason to ask. */
  #said(line: readonly number[]): void {
    const [, digits] = /^\{"n": ?(\d{1,15})\}$/.exec(String.fromCharCode(...line)) ?? [];
    if (digits !== undefined && Number(digits) !== this.#saved.syncView().n) this.#grown();
  }
}
