/**
 * Which chain a request goes on with: that of the conversation whose messages it begins with.
 *
 * The API knows no conversations; a program sends all that was said each time. So the messages of an answered request are
 * remembered as a hash under a secret of this program, and a request that begins with them continues its chain: the node
 * finds its cache, and no new HELLO is needed. A chain is used by one request at a time; a second one begins its own.
 */

import { Chain } from "@privity/channel/chain";
import { type Bytes, concat, toHex } from "@privity/protocol/bytes";
import { sha256 } from "@privity/protocol/kdf";

import { type Json } from "./reading.ts";

/** Conversations; beyond that the one that was quiet for longest begins a new chain. */
export const MOST = 256;

/** Chains by what was said. In memory only; lost, a conversation begins a new chain. */
export class Conversations {
  readonly #secret: Bytes;
  readonly #chains = new Map<string, Chain>();

  /** `secret`: 32 random bytes. */
  constructor(secret: Bytes) {
    this.#secret = secret;
  }

  /** The chain of the longest conversation that `messages` begin with, or a new one. */
  async take(model: string, messages: readonly Json[]): Promise<Chain> {
    for (const place of (await this.#places(model, messages)).reverse()) {
      const chain = this.#chains.get(place);
      if (chain === undefined) continue;
      this.#chains.delete(place);
      return chain;
    }
    return new Chain();
  }

  /** Remember the chain of an answered request, when it can go on. */
  async keep(model: string, messages: readonly Json[], chain: Chain): Promise<void> {
    if (chain.node === null) return;
    const place = (await this.#places(model, messages)).at(-1);
    if (place === undefined) return;
    this.#chains.get(place)?.drop();
    this.#chains.delete(place);
    this.#chains.set(place, chain);
    for (const [oldest, quiet] of this.#chains) {
      if (this.#chains.size <= MOST) return;
      quiet.drop();
      this.#chains.delete(oldest);
    }
  }

  /** How many there are. */
  get size(): number {
    return this.#chains.size;
  }

  /** The hash of each beginning, the shortest first. */
  async #places(model: string, messages: readonly Json[]): Promise<string[]> {
    const text = new TextEncoder();
    let running = await sha256(concat(this.#secret, text.encode(model)));
    const places: string[] = [];
    for (const message of messages) {
      running = await sha256(concat(running, text.encode(JSON.stringify(message))));
      places.push(toHex(running));
    }
    return places;
  }
}
