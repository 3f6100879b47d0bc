/**
 * From a judged request to the events of its answers: chains, several choices at once, and the end of it all.
 *
 * Whoever stops listening ends the answer: the connection is closed and the node is told, so that its model stops. Nothing
 * waits in between: a reader that does not read makes the node wait.
 */

import { type Channel, type Manner } from "@privity/channel/channel";
import { prepare } from "@privity/channel/ahead";
import { Chain } from "@privity/channel/chain";
import { ChannelError } from "@privity/channel/errors";
import { type Event } from "@privity/channel/events";
import { type Ground } from "@privity/channel/ground";
import { type VerifiedNode } from "@privity/channel/nodes";
import { type Request as Sealed, RID } from "@privity/channel/request";
import { type NodeSource } from "@privity/channel/wire";
import { type Seen } from "@privity/protocol/application";
import { type Bytes } from "@privity/protocol/bytes";
import { PrivityError } from "@privity/protocol/errors";
import { encode } from "@privity/protocol/jsontext";

import { Conversations } from "./conversations.ts";
import { ApiError } from "./errors.ts";
import { type Settings } from "./options.ts";
import { Told } from "./progress.ts";
import { type Purse } from "./purse.ts";
import { type Json, type JsonObject } from "./reading.ts";
import { kept, noReceipt } from "./receipts.ts";
import { SpareChains } from "./spare_chains.ts";

/** What answers: where verified nodes come from, the channel to them, what both stand on, and what pays where nodes count. */
export interface Link {
  readonly source: NodeSource & { readonly seen: readonly Seen[] };
  readonly channel: Pick<Channel, "ask" | "stop">;
  readonly ground: Ground;
  readonly purse: Purse | null;
}

/**
 * What is asked of a node: one body for each choice. `messages` say which conversation it belongs to, `receipt` the name
 * under which receipts are kept, "" asks for none.
 */
export interface Asked {
  readonly op: "chat" | "embed";
  readonly model: string;
  readonly bodies: readonly JsonObject[];
  readonly messages: readonly Json[];
  readonly receipt: string;
}

/** An event of the choice `index`. */
export interface Heard {
  readonly index: number;
  readonly event: Event;
}

type Flow = AsyncGenerator<Heard, void, void>;

/** Answers at once; each choice is one. */
export const MOST = 64;
/** Bytes of a body, as many as a RUN may have. */
export const MAX_BODY = 32 * 2 ** 20;
const SECRET = 32;
/** Reasons after which the request goes out once more, with other tokens. */
const NOT_PAID: readonly string[] = ["token_spent", "token_expired"];
const NEVER = new AbortController().signal;

/** Sends requests for all who use one `fetch`. */
export class Asking {
  readonly #link: Link;
  readonly #settings: Settings;
  readonly #conversations: Conversations;
  readonly #spare: SpareChains;
  #running = 0;

  constructor(link: Link, settings: Settings) {
    this.#link = link;
    this.#settings = settings;
    this.#conversations = new Conversations(link.ground.entropy(SECRET));
    this.#spare = new SpareChains((model) => prepare(link.ground, link.source, model, NEVER));
  }

  /**
   * The events of every choice, with its index. Leaving the loop, or an abort, ends the answers.
   *
   * Raises documented errors, ApiError, and the reason of an abort.
   */
  async *ask(asked: Asked, manner: Manner): Flow {
    const bodies = asked.bodies.map(written);
    if (this.#running + bodies.length > MOST) {
      const message = `More than ${String(MOST)} answers at once; try again in a moment.`;
      throw new ApiError({ status: 429, message, type: "rate_limit_error", code: "too_many_at_once", param: null });
    }
    this.#running += bodies.length;
    const over = new AbortController();
    const signal = AbortSignal.any([manner.signal, over.signal]);
    let choices: readonly Flow[] = [];
    try {
      const requests = await Promise.all(bodies.map((body) => this.#request(asked, body)));
      choices = requests.map((request, index) => this.#choice(asked, request, index, { ...manner, signal }));
      yield* merged(choices);
    } finally {
      this.#running -= bodies.length;
      over.abort();
      await Promise.allSettled(choices.map((choice) => choice.return()));
    }
  }

  /** The events of one choice. The first one goes on with the conversation's chain; the others have their own. */
  async *#choice(asked: Asked, request: Sealed, index: number, manner: Manner): Flow {
    const known = index === 0 && asked.messages.length > 0;
    const held = known ? await this.#conversations.take(asked.model, asked.messages) : new Chain();
    const chain = held.node === null ? this.#spare.take(asked.model) : held;
    const told = new Told(this.#settings.progress);
    let answers: VerifiedNode | null = null;
    try {
      for await (const event of this.#paid(request, chain, manner, told)) {
        if (event.kind === "accepted") answers = event.node;
        if (event.kind === "complete") answers = null;
        if (event.kind === "complete") await this.#keep(asked, index, event);
        told.take(event);
        yield { index, event };
      }
      if (known) await this.#conversations.keep(asked.model, asked.messages, chain);
      if (this.#settings.ahead) void this.#spare.make(asked.model);
    } finally {
      // Whoever stops listening ends the answer: its model stops too.
      if (answers !== null) void this.#link.channel.stop(request, answers);
    }
  }

  /** The events of a request that is paid for; one whose tokens were not taken goes out once more, with others. */
  async *#paid(request: Sealed, chain: Chain, manner: Manner, told: Told): AsyncGenerator<Event, void, void> {
    const { purse } = this.#link;
    const { rid, op } = request;
    const pay = async ({ prices }: VerifiedNode): Promise<readonly Bytes[]> => {
      const price = op === "chat" || op === "embed" ? prices?.[op] ?? 0 : 0;
      return price === 0 || purse === null ? [] : purse.pay(rid, price);
    };
    for (let again = false; ; again = true) {
      let last = "";
      try {
        for await (const event of this.#link.channel.ask(request, chain, { ...manner, pay })) {
          if (event.kind === "line") last = event.value.t;
          // The answer is whole. What cannot be noted of it goes with a later request, whose node refuses it.
          if (event.kind === "complete") await purse?.ended(rid).catch(() => undefined);
          yield event;
        }
        return;
      } catch (error) {
        if (request.receipt && last === "done" && error instanceof PrivityError) throw noReceipt(error.reason);
        const reason = error instanceof ChannelError ? error.reason : "";
        if (!NOT_PAID.includes(reason)) throw error;
        await purse?.refused(rid);
        if (again || last !== "" || purse === null) throw error;
        told.again(reason, 0);
      }
    }
  }

  async #keep({ receipt, bodies }: Asked, index: number, event: Event & { readonly kind: "complete" }): Promise<void> {
    const { receipts } = this.#settings;
    if (receipt === "" || receipts === null) return;
    await kept(receipts, bodies.length === 1 ? receipt : `${receipt}-${String(index)}`, event.receipt);
  }

  async #request(asked: Asked, body: Bytes): Promise<Sealed> {
    const { purse, ground, source } = this.#link;
    return {
      rid: purse === null ? ground.entropy(RID) : await purse.requestId(), op: asked.op, body, model: asked.model,
      profile: this.#settings.profile, resume: asked.op === "chat", receipt: asked.receipt !== "", seen: source.seen,
    };
  }
}

function written(body: JsonObject): Bytes {
  let data: Bytes;
  try {
    data = encode(body);
  } catch (error) {
    if (!(error instanceof PrivityError)) throw error;
    const message = `The body cannot be read as strict JSON (${error.reason}).`;
    throw new ApiError({ status: 400, message, type: "invalid_request_error", code: error.reason, param: null });
  }
  if (data.length <= MAX_BODY) return data;
  const message = `The body has more than ${String(MAX_BODY)} bytes.`;
  throw new ApiError({ status: 413, message, type: "invalid_request_error", code: "too_large", param: null });
}

/** The events of all choices as they come, one of each waiting at most. One that fails ends the others. */
async function* merged(choices: readonly Flow[]): Flow {
  const [only] = choices;
  if (only !== undefined && choices.length === 1) {
    yield* only;
    return;
  }
  const following = async (choice: Flow, at: number): Promise<readonly [number, IteratorResult<Heard, void>]> => (
    [at, await choice.next()]);
  const waiting = new Map(choices.map((choice, at) => [at, following(choice, at)]));
  try {
    while (waiting.size > 0) {
      const [at, found] = await Promise.race(waiting.values());
      const choice = choices[at];
      if (found.done === true || choice === undefined) {
        waiting.delete(at);
        continue;
      }
      waiting.set(at, following(choice, at));
      yield found.value;
    }
  } finally {
    // What the others still say is heard by nobody.
    for (const one of waiting.values()) one.catch(() => undefined);
  }
}
