/** One server: verify it, ask it. Everything that a page or a program needs, over what it is given. */

import { type JsonObject } from "@privity/protocol/canonical";
import { Server, type Store } from "@privity/trust/trust";

import { Answer } from "./answer.ts";
import { Appraiser, type Memories } from "./appraisal.ts";
import { Chain } from "./chain.ts";
import { challenge } from "./challenge.ts";
import { Channel, type Manner } from "./channel.ts";
import { choose } from "./choice.ts";
import { messages, type Turn } from "./conversation.ts";
import { Discovery } from "./discovery.ts";
import { type Event } from "./events.ts";
import { type Ground, patient } from "./ground.ts";
import { usualProfile, type VerifiedNode } from "./nodes.ts";
import { type Provenance, provenanceOf } from "./provenance.ts";
import { chatRequest, NO_WISHES, RID, type Wishes } from "./request.ts";

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
  constructor({ origin, pin, store, memories, roots, ground }: Visit) {
    const fetch = patient(ground, DOCUMENT_SECONDS);
    this.#ground = ground;
    this.server = new Server({ origin, fetch, store }, pin);
    this.appraiser = new Appraiser(roots, memories);
    this.source = new Discovery({ origin, server: this.server, appraiser: this.appraiser, ground: { ...ground, fetch } });
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

  /** A conversation with `model`; the empty name means the first one of the node that is found. */
  conversation(model = "", system = ""): Conversation {
    return new Conversation(this, this.#ground, model, system);
  }
}

/** One conversation. `answer` is the last answer and its state, `provenance` what can be shown of it. */
export class Conversation {
  answer = new Answer();
  provenance: Provenance | null = null;
  readonly #connection: Connection;
  readonly #ground: Ground;
  readonly #chain = new Chain();
  readonly #turns: Turn[] = [];
  readonly #system: string;
  #model: string;

  constructor(connection: Connection, ground: Ground, model: string, system: string) {
    this.#connection = connection;
    this.#ground = ground;
    this.#model = model;
    this.#system = system;
  }

  /**
   * The events of the answer to `text`. The conversation remembers it once it is complete.
   *
   * Raises a documented error when it does not become complete: what was said until then is partial.
   */
  async *ask(text: string, manner: Manner, wishes: Wishes = NO_WISHES): AsyncGenerator<Event, void, void> {
    this.answer = new Answer();
    this.provenance = null;
    const { source, channel } = this.#connection;
    const [node] = await source.nodes(this.#model, false);
    if (node === undefined) throw new Error("a search gives at least one node");
    this.#model ||= node.models[0]?.id ?? "";
    const asked = messages(this.#system, this.#turns, text);
    const request = chatRequest({
      rid: this.#ground.entropy(RID), model: this.#model, messages: asked, wishes, profile: usualProfile(node),
      receipt: false, seen: source.seen,
    });
    for await (const event of channel.ask(request, this.#chain, manner)) {
      this.answer.take(event);
      if (event.kind === "accepted") this.provenance = provenanceOf(event.node, this.#model);
      if (event.kind === "complete") {
        this.#turns.push({ role: "user", text }, { role: "assistant", text: this.answer.text });
      }
      yield event;
    }
  }
}
