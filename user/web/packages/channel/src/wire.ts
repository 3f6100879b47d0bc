/** Carries the messages of one exchange over `fetch`. It decides nothing. Source: specs/ec1.md, specs/relay.md. */

import { type ProfileName } from "@privity/protocol/binding";
import { type Bytes } from "@privity/protocol/bytes";
import { MEDIA_TYPE } from "@privity/protocol/envelope";
import { HELLO_RESPONSE } from "@privity/protocol/limits";
import { TrustError } from "@privity/trust/errors";
import { bounded } from "@privity/trust/http";

import { type Carrier, type Reply } from "./exchange.ts";
import { type Ground, within } from "./ground.ts";
import { type VerifiedNode } from "./nodes.ts";

/** Seconds without a byte after which a paced stream counts as cut: its clock ticks ten times a second. */
export const QUIET_SECONDS = 30;
/** The same for profile p0, where a long prompt is read in silence. */
export const QUIET_UNPACED_SECONDS = 180;
/** Bytes a second that an upload takes at least; a slower one counts as no response. */
export const SLOWEST_UPLOAD = 16_384;
const EMPTY = new Uint8Array(0);

/** Where the channel gets its verified nodes from. */
export interface NodeSource {
  /** Verified nodes that offer `model`, at least one; `refresh` asks the server anew. Raises why there is none. */
  nodes(model: string, refresh: boolean): Promise<readonly VerifiedNode[]>;

  /** Take note that `node` has seen another history of a log than this client. */
  contradicted(node: VerifiedNode): Promise<void>;
}

/** The silence, in seconds, after which a stream of this traffic profile counts as cut. */
export function quietSeconds(profile: ProfileName): number {
  return profile === "p0" ? QUIET_UNPACED_SECONDS : QUIET_SECONDS;
}

/** The options of every request: no cookie, no referrer, no redirect that would tell others what is sent. */
export function posting(body: Bytes, signal: AbortSignal, type: string | null = MEDIA_TYPE): RequestInit {
  return {
    method: "POST", body, signal, ...(type === null ? {} : { headers: { "content-type": type } }),
    cache: "no-store", credentials: "omit", redirect: "error", referrerPolicy: "no-referrer",
  };
}

/** At most one response is open. Every step raises the signal's reason once it has aborted. */
export class Wire implements Carrier {
  readonly #ground: Ground;
  readonly #source: NodeSource;
  readonly #quiet: number;
  readonly #signal: AbortSignal;
  #reader: ReadableStreamDefaultReader<Uint8Array> | null = null;
  #open: AbortController | null = null;

  constructor(ground: Ground, source: NodeSource, profile: ProfileName, signal: AbortSignal) {
    this.#ground = ground;
    this.#source = source;
    this.#quiet = quietSeconds(profile);
    this.#signal = signal;
  }

  async nodes(model: string, refresh: boolean): Promise<readonly VerifiedNode[]> {
    this.#signal.throwIfAborted();
    const found = await this.#source.nodes(model, refresh);
    this.#signal.throwIfAborted();
    return found;
  }

  async hello(node: VerifiedNode, body: Bytes): Promise<Reply> {
    const response = await this.#post(node, "hello", body);
    if (response?.status !== 200) return { status: response?.status ?? 0, body: EMPTY };
    try {
      const read = await this.#soon(bounded(response, HELLO_RESPONSE), QUIET_SECONDS);
      return read === null ? { status: 0, body: EMPTY } : { status: 200, body: read };
    } finally {
      this.close();
    }
  }

  async run(node: VerifiedNode, body: Bytes): Promise<number> {
    const response = await this.#post(node, "run", body);
    this.#reader = response?.body?.getReader() ?? null;
    return response?.status ?? 0;
  }

  async receive(): Promise<Uint8Array | null> {
    const reader = this.#reader;
    if (reader === null) return null;
    const found = await this.#soon(reader.read(), this.#quiet);
    return found === null || found.done ? null : found.value;
  }

  async pause(seconds: number): Promise<void> {
    await this.#ground.sleep(seconds, this.#signal);
    this.#signal.throwIfAborted();
  }

  /** Let go of the open response, if any; the other side sees that nobody reads it any longer. */
  close(): void {
    this.#open?.abort();
    // A stream that has failed rejects; there is nothing left to let go of then.
    this.#reader?.cancel().catch(() => undefined);
    this.#open = this.#reader = null;
  }

  async #post(node: VerifiedNode, route: "hello" | "run", body: Bytes): Promise<Response | null> {
    this.#signal.throwIfAborted();
    this.close();
    const open = new AbortController();
    this.#open = open;
    const signal = AbortSignal.any([this.#signal, open.signal]);
    const asked = this.#ground.fetch(`${node.origin}/ec1/${route}`, posting(body, signal));
    return this.#soon(asked, this.#quiet + body.length / SLOWEST_UPLOAD);
  }

  /** What a step of the network gives; null when it fails or takes too long, and then nothing stays open. */
  async #soon<Result>(step: Promise<Result>, seconds: number): Promise<Result | null> {
    let found: Result | null = null;
    try {
      found = await within(step, seconds, this.#ground.sleep, this.#signal);
    } catch (error) {
      // The answer to a HELLO was longer than it may be; everything else is the network's.
      if (error instanceof TrustError) throw error;
    }
    if (found === null) this.close();
    this.#signal.throwIfAborted();
    return found;
  }
}
