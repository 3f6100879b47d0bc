/** Conversations of programs that ask in turn: what was said, as the messages of each request. The page keeps its own chats. */

import { Answer } from "./answer.ts";
import { Chain } from "./chain.ts";
import { type Manner } from "./channel.ts";
import { type Event } from "./events.ts";
import { type Ground } from "./ground.ts";
import { usualProfile } from "./nodes.ts";
import { type Provenance, provenanceOf } from "./provenance.ts";
import { chatRequest, type Message, NO_WISHES, RID, type Wishes } from "./request.ts";
import { type Connection } from "./sdk.ts";

/** A question and what was answered; an answer without text is not repeated to the model. */
export interface Turn {
  readonly role: "user" | "assistant";
  readonly text: string;
}

/** The messages of a request that asks `text` after everything said so far; `system` may be empty. */
export function messages(system: string, turns: readonly Turn[], text: string): readonly Message[] {
  const opening: readonly Message[] = system === "" ? [] : [{ role: "system", content: system }];
  const said = turns.filter((turn) => turn.text !== "").map((turn): Message => ({ role: turn.role, content: turn.text }));
  return [...opening, ...said, { role: "user", content: text }];
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

  /** With `model`; the empty name means the first one of the node that is found. */
  constructor(connection: Connection, ground: Ground, model = "", system = "") {
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
