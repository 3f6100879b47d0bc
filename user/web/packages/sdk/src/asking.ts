/**
 * From a judged request to the events of its answers: chains, several choices at once, and the end of it all.
 *
 * Whoever stops listening ends the answer: the connection is closed and the node is told, so that its model stops. Nothing
 * waits in between: a reader that does not read makes the node wait.
 */

import { type Channel, type Manner } from "@privity/channel/channel";
import { Chain } from "@privity/channel/chain";
import { type Event } from "@privity/channel/events";
import { type Ground } from "@privity/channel/ground";
import { type VerifiedNode } from "@privity/channel/nodes";
import { type Request as Sealed, RID } from "@privity/channel/request";
import { type NodeSource } from "@privity/channel/wire";
import { type Seen } from "@privity/protocol/application";
import { type ProfileName } from "@privity/protocol/binding";
import { type Bytes } from "@privity/protocol/bytes";
import { PrivityError } from "@privity/protocol/errors";
import { encode } from "@privity/protocol/jsontext";

import { Conversations } from "./conversations.ts";
import { ApiError } from "./errors.ts";
import { type Json, type JsonObject } from "./reading.ts";

/** What answers: where verified nodes come from, the channel to them, and what both stand on. */
export interface Link {
  readonly source: NodeSource & { readonly seen: readonly Seen[] };
  readonly channel: Pick<Channel, "ask" | "stop">;
  readonly ground: Pick<Ground, "clock" | "entropy">;
}

/** What is asked of a node: one body for each choice. `messages` say which conversation it belongs to. */
export interface Asked {
  readonly op: "chat" | "embed";
  readonly model: string;
  readonly bodies: readonly JsonObject[];
  readonly messages: readonly Json[];
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

/** Sends requests for all who use one `fetch`. */
export class Asking {
  readonly #link: Link;
  readonly #profile: ProfileName;
  readonly #conversations: Conversations;
  #running = 0;

  constructor(link: Link, profile: ProfileName) {
    this.#link = link;
    this.#profile = profile;
    this.#conversations = new Conversations(link.ground.entropy(SECRET));
  }

  /**
   * The events of every choice, with its index. Leaving the loop, or an abort, ends the answers.
   *
   * Raises documented errors, ApiError, and the reason of an abort.
   */
  async *ask(asked: Asked, manner: Manner): Flow {
    const requests = asked.bodies.map((body) => this.#request(asked, body));
    if (this.#running + requests.length > MOST) {
      const message = `More than ${String(MOST)} answers at once; try again in a moment.`;
      throw new ApiError({ status: 429, message, type: "rate_limit_error", code: "too_many_at_once", param: null });
    }
    this.#running += requests.length;
    const over = new AbortController();
    const signal = AbortSignal.any([manner.signal, over.signal]);
    const choices = requests.map((request, index) => this.#choice(asked, request, index, { ...manner, signal }));
    try {
      yield* merged(choices);
    } finally {
      this.#running -= requests.length;
      over.abort();
      await Promise.allSettled(choices.map((choice) => choice.return()));
    }
  }

  /** The events of one choice. The first one goes on with the conversation's chain; the others have their own. */
  async *#choice(asked: Asked, request: Sealed, index: number, manner: Manner): Flow {
    const known = index === 0 && asked.messages.length > 0;
    const chain = known ? await this.#conversations.take(asked.model, asked.messages) : new Chain();
    let answers: VerifiedNode | null = null;
    try {
      for await (const event of this.#link.channel.ask(request, chain, manner)) {
        if (event.kind === "accepted") answers = event.node;
        if (event.kind === "complete") answers = null;
        yield { index, event };
      }
      if (known) await this.#conversations.keep(asked.model, asked.messages, chain);
    } finally {
      // Whoever stops listening ends the answer: its model stops too.
      if (answers !== null) void this.#link.channel.stop(request, answers);
    }
  }

  #request(asked: Asked, body: JsonObject): Sealed {
    return {
      rid: this.#link.ground.entropy(RID), op: asked.op, body: written(body), model: asked.model, profile: this.#profile,
      resume: asked.op === "chat", receipt: false, seen: this.#link.source.seen,
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
