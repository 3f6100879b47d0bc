/** What a program is told while it waits: in order, and nothing of it holds anything that was asked. */

import { type Event } from "@privity/channel/events";
import { type VerifiedNode } from "@privity/channel/nodes";

/**
 * `verifying`: the evidence of `done` of `of` nodes has been judged; some of them may have been refused. `sending`: a request
 * is being sealed and sent. `waiting`: `node` has taken it, and has answered nothing yet. `streaming`: the first words are
 * here. `finished`: the end of the answer was authenticated.
 *
 * `retrying`: it goes out again after `wait` seconds. `resuming`: the connection was lost, the rest is asked for.
 * `restarted`: the answer begins anew; everything shown so far is void.
 */
export type Progress =
  | { readonly kind: "verifying"; readonly done: number; readonly of: number }
  | { readonly kind: "waiting"; readonly node: VerifiedNode }
  | { readonly kind: "retrying"; readonly reason: string; readonly wait: number }
  | { readonly kind: "finished" | "restarted" | "resuming" | "sending" | "streaming" };

/** Is called while a program waits, and must return at once. What it raises ends the answer. */
export type Tell = (progress: Progress) => void;

/** Tells nobody. */
export const silent: Tell = () => undefined;

/** Tells the progress of one answer; one instance for each. */
export class Told {
  readonly #tell: Tell;
  #speaking = false;

  constructor(tell: Tell) {
    this.#tell = tell;
    tell({ kind: "sending" });
  }

  /** Say what an event of the channel means. */
  take(event: Event): void {
    switch (event.kind) {
      case "accepted": this.#tell({ kind: "waiting", node: event.node }); break;
      case "line": this.#speak(); break;
      case "complete": this.#tell({ kind: "finished" }); break;
      case "restarted": this.#speaking = false; this.#tell({ kind: "restarted" }); break;
      case "resuming": this.#tell({ kind: "resuming" }); break;
      case "retrying": this.again(event.reason, event.wait); break;
    }
  }

  /** Say that the request goes out again after `wait` seconds. */
  again(reason: string, wait: number): void {
    this.#tell({ kind: "retrying", reason, wait });
  }

  #speak(): void {
    if (!this.#speaking) this.#tell({ kind: "streaming" });
    this.#speaking = true;
  }
}
