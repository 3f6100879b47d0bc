/** Sends requests to verified nodes and hands out what comes back. Source: specs/ec1.md, specs/application.md. */

import * as release from "@privity/attest/release";
import { type Model } from "@privity/attest/release";
import { type Seen } from "@privity/protocol/application";
import { ascii } from "@privity/protocol/bytes";

import { Answer } from "./answer.ts";
import { Chain } from "./chain.ts";
import { isDocumented } from "./errors.ts";
import { type Event } from "./events.ts";
import { type Errand, Exchange, type Pay } from "./exchange.ts";
import { type Ground, within } from "./ground.ts";
import { usualProfile, type VerifiedNode } from "./nodes.ts";
import { modelsRequest, type Request, RID, stopRequest } from "./request.ts";
import { type NodeSource, Wire } from "./wire.ts";

/** Seconds that telling the node to stop may take; after that its own timer ends the answer. */
export const STOP_SECONDS = 3;

/** How a request is to be handled, beside what it says. */
export interface Manner {
  /** Ends everything; the reason of the abort is raised. What was delivered until then stays. */
  readonly signal: AbortSignal;
  /** Whether a lost answer may begin anew. */
  readonly restart: boolean;
  /** What the request costs at the node that was chosen; absent: its tokens are with it. */
  readonly pay?: Pay;
}

/** One per server; each conversation brings its own `Chain`. */
export class Channel {
  readonly #ground: Ground;
  readonly #source: NodeSource;

  constructor(ground: Ground, source: NodeSource) {
    this.#ground = ground;
    this.#source = source;
  }

  /**
   * The events of one request until it is complete and its padding was read.
   *
   * Leaving the loop closes the stream; a caller that has seen `complete` should go on to the end, where the next session
   * of the chain is. Raises documented errors, or the reason of an abort; what was delivered until then is partial, unless
   * `complete` was.
   */
  ask(request: Request, chain: Chain, { signal, restart, pay }: Manner): AsyncGenerator<Event, void, void> {
    return this.#carried({ request, chain, restart, pinned: null, pay }, signal);
  }

  /** Tell the node to end the answer to `request`; quietly gives up after a few seconds. */
  async stop(request: Request, node: VerifiedNode): Promise<void> {
    const given = new AbortController();
    await within(this.#stopped(request, node, given.signal), STOP_SECONDS, this.#ground.sleep);
    given.abort();
  }

  /** The models that `node` says it runs, through the channel. Raises as `ask`, and Malformed. */
  async models(node: VerifiedNode, seen: readonly Seen[], signal: AbortSignal): Promise<readonly Model[]> {
    const request = modelsRequest(this.#ground.entropy(RID), usualProfile(node), seen);
    const answer = new Answer();
    const errand = { request, chain: new Chain(), restart: false, pinned: node };
    for await (const event of this.#carried(errand, signal)) {
      answer.take(event);
      if (event.kind === "complete") break;
    }
    return release.decodeModels(ascii(answer.text));
  }

  async #stopped(request: Request, node: VerifiedNode, signal: AbortSignal): Promise<void> {
    const errand = { request: stopRequest(request), chain: new Chain(), restart: false, pinned: node };
    try {
      for await (const event of this.#carried(errand, signal)) {
        if (event.kind === "accepted") return;
      }
    } catch (error) {
      // The node may be gone, and with it the answer.
      if (!isDocumented(error) && !signal.aborted) throw error;
    }
  }

  async *#carried(errand: Errand, signal: AbortSignal): AsyncGenerator<Event, void, void> {
    const wire = new Wire(this.#ground, this.#source, errand.request.profile, signal);
    let taken: VerifiedNode | null = null;
    try {
      for await (const event of new Exchange(errand, wire, this.#ground).run()) {
        if (event.kind === "accepted") taken = event.node;
        yield event;
      }
    } catch (error) {
      if (taken !== null && isDocumented(error) && error.reason === "view_conflict") await this.#source.contradicted(taken);
      throw error;
    } finally {
      wire.close();
    }
  }
}
