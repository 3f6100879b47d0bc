/**
 * The place of one conversation in the channel: its node, its next session, and when both end.
 *
 * Source: specs/ec1.md, section "Chaining". Parallel conversations have separate chains.
 */

import { type Session } from "@privity/protocol/chain";
import { CHAIN_RUNS, CHAIN_SECONDS } from "@privity/protocol/limits";

import { offers, type VerifiedNode } from "./nodes.ts";

/** Seconds before a session's end from which it is no longer used: it could run out on the way. */
export const MARGIN = 5;

/** A session, whose it is, and when its chain began (Unix seconds). */
export interface Place {
  readonly node: VerifiedNode;
  readonly session: Session;
  readonly began: number;
}

/** Holds at most one unused session. Not shared between conversations. */
export class Chain {
  #held: (Place & { readonly expires: number }) | null = null;

  /** The node of the held session. */
  get node(): VerifiedNode | null {
    return this.#held?.node ?? null;
  }

  /** Give the held session away; null when a new HELLO is due. */
  take(model: string, now: number): Place | null {
    const held = this.#held;
    this.#held = null;
    if (held === null) return null;
    const { node, session, began, expires } = held;
    const last = Math.min(expires, began + CHAIN_SECONDS, node.expires, node.validUntil);
    if (session.position < CHAIN_RUNS && offers(node, model) && now < last - MARGIN) return { node, session, began };
    session.chain.erase();
    return null;
  }

  /** Hold the session that a complete response named, in the chain that began at `began`. */
  renew({ node, session, began }: Place, now: number): void {
    this.drop();
    this.#held = { node, session, began, expires: now + session.ttl };
  }

  /** Forget the session. */
  drop(): void {
    this.#held?.session.chain.erase();
    this.#held = null;
  }
}
