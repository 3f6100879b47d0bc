/** One server: verify it, ask it. Everything that a page or a program needs, over what it is given. */

import { type JsonObject } from "@privity/protocol/canonical";
import { Server, type Store } from "@privity/trust/trust";

import { Appraiser, type Memories } from "./appraisal.ts";
import { challenge } from "./challenge.ts";
import { Channel } from "./channel.ts";
import { choose } from "./choice.ts";
import { Discovery, type Judged } from "./discovery.ts";
import { type Ground, patient } from "./ground.ts";
import { type VerifiedNode } from "./nodes.ts";

/** Seconds for a document of the server, evidence included. */
export const DOCUMENT_SECONDS = 30;

/**
 * Which server, and what this client brings: the `pin` of its logs (null: none), where to remember, and the development
 * roots (hexadecimal) whose test enclaves the person accepts. Giving a root is the consent: their operators read all.
 */
export interface Visit {
  readonly origin: string;
  readonly pin: Uint8Array | null;
  readonly store: Store;
  readonly memories: Memories;
  readonly roots: ReadonlySet<string>;
  readonly ground: Ground;
  readonly judged?: Judged;
}

/** The records of a node: of its listed evidence, and of its answer to a challenge. */
export interface Checked {
  readonly node: VerifiedNode;
  readonly record: JsonObject;
}

/** What belongs together for one server, under one consent. */
export class Connection {
  readonly server: Server;
  readonly source: Discovery;
  readonly channel: Channel;
  readonly appraiser: Appraiser;
  readonly #ground: Ground;

  /** Raises TrustError `not_pinned`, `pin_unusable`, `no_quorum`. Nothing is asked yet. */
  constructor({ origin, pin, store, memories, roots, ground, judged }: Visit) {
    const fetch = patient(ground, DOCUMENT_SECONDS);
    this.#ground = ground;
    this.server = new Server({ origin, fetch, store }, pin);
    this.appraiser = new Appraiser(roots, memories);
    const { server, appraiser } = this;
    this.source = new Discovery({ origin, server, appraiser, ground: { ...ground, fetch }, judged });
    this.channel = new Channel(ground, this.source);
  }

  /** Look at the server anew, and challenge one of its nodes. Raises as `nodes` and `challenge`. */
  async checkAgain(model: string): Promise<Checked> {
    const node = choose(await this.source.nodes(model, true), this.#ground.entropy);
    return { node, record: await this.challenge(node) };
  }

  /** Challenge a node with a nonce of ours; the record of its answer. Raises as `challenge` (challenge.ts). */
  async challenge(node: VerifiedNode): Promise<JsonObject> {
    return (await this.source.alone(() => challenge(node, this.server, this.appraiser, this.#ground))).record;
  }
}
