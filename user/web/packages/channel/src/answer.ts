/** An answer as it grows: a fold over authenticated lines. It is complete only when the exchange said so. */

import { type DoneReason, type Line, type SignedReceipt } from "@privity/protocol/lines";

import { type Event } from "./events.ts";

/** Tokens: of the question, of these already known to the model, of the answer. */
export interface Usage {
  readonly prompt: number;
  readonly cached: number;
  readonly completion: number;
}

export type State = "partial" | "complete" | "stopped";

/** Text and reasoning are what the model wrote, not safe to show as they are: whoever renders them decides how. */
export class Answer {
  text = "";
  reasoning = "";
  readonly notices: string[] = [];
  usage: Usage | null = null;
  /** What the node signed, where it was asked for; `receipt.check` says whether it holds. */
  receipt: SignedReceipt | null = null;
  /** Why the model ended, null until it said so. */
  reason: DoneReason | null = null;
  state: State = "partial";

  /** Fold one event in. */
  take(event: Event): void {
    if (event.kind === "line") this.#line(event.value);
    else if (event.kind === "restarted") this.#restart();
    else if (event.kind === "complete") this.state = this.reason === "stopped" ? "stopped" : "complete";
  }

  #line(line: Line): void {
    switch (line.t) {
      case "text": this.text += line.d; break;
      case "reasoning": this.reasoning += line.d; break;
      case "notice": this.notices.push(line.code); break;
      case "usage": this.usage = { prompt: line.prompt, cached: line.cached, completion: line.completion }; break;
      case "done": this.reason = line.reason; break;
      case "receipt": this.receipt = line; break;
      case "tool": case "logprobs": case "embedding": break; // Nothing here asks a model for them.
    }
  }

  /** Everything so far is void. */
  #restart(): void {
    this.text = this.reasoning = "";
    this.notices.length = 0;
    this.usage = this.receipt = this.reason = null;
  }
}
