/** A channel to fake nodes, with a clock that tests move and pauses that take no time. */

import { Chain } from "../src/chain.ts";
import { Channel, STOP_SECONDS } from "../src/channel.ts";
import { type Event } from "../src/events.ts";
import { type Ground } from "../src/ground.ts";
import { chatRequest, NO_WISHES, type Request, RID } from "../src/request.ts";
import { QUIET_SECONDS } from "../src/wire.ts";
import { chance, type FakeNode, FixedSource, Network, xwing } from "./node.ts";

interface Asking {
  readonly restart?: boolean;
  readonly signal?: AbortSignal;
  /** Is told each event. */
  readonly seen?: (event: Event) => void;
}

export class Bench {
  readonly network: Network;
  readonly source: FixedSource;
  readonly chain = new Chain();
  readonly pauses: number[] = [];
  readonly entropy = chance(11);
  events: Event[] = [];
  now = 1000;
  /** Whether a node's silence counts at once as long enough. */
  impatient = false;

  constructor(...nodes: readonly FakeNode[]) {
    this.network = new Network(...nodes);
    this.source = new FixedSource(...nodes.map((node) => node.verified()));
  }

  get ground(): Ground {
    return {
      fetch: this.network.fetch, clock: () => this.now, entropy: this.entropy, xwing,
      sleep: (seconds, signal) => this.#sleep(seconds, signal),
    };
  }

  get channel(): Channel {
    return new Channel(this.ground, this.source);
  }

  request(text = "hi", changed: Partial<Request> = {}): Request {
    const messages = [{ role: "user" as const, content: text }];
    const asked = { rid: this.entropy(RID), model: "demonstration", messages, wishes: NO_WISHES };
    return { ...chatRequest({ ...asked, profile: "p1", receipt: false, seen: [] }), ...changed };
  }

  /** Ask and collect. */
  async ask(
    request: Request, { restart = false, signal = new AbortController().signal, seen }: Asking = {},
  ): Promise<void> {
    this.events = [];
    for await (const event of this.channel.ask(request, this.chain, { restart, signal })) {
      this.events.push(event);
      seen?.(event);
    }
  }

  get kinds(): readonly Event["kind"][] {
    return this.events.map(({ kind }) => kind);
  }

  text(events: readonly Event[] = this.events): string {
    return events.map((event) => (event.kind === "line" && event.value.t === "text" ? event.value.d : "")).join("");
  }

  /** Pauses end at once and are noted; what only watches over an answer lasts until it is called off, or a node is silent. */
  #sleep(seconds: number, signal: AbortSignal): Promise<void> {
    const watching = seconds === STOP_SECONDS || seconds >= QUIET_SECONDS;
    if (!watching) this.pauses.push(seconds);
    return new Promise((resolve) => {
      signal.addEventListener("abort", () => resolve());
      const look = (): void => {
        if (!watching || signal.aborted || this.network.nodes.some(({ silent }) => silent)) resolve();
        else setTimeout(look, 1);
      };
      if (!watching || this.impatient || signal.aborted) setTimeout(look, 0);
    });
  }
}

/** The reason for which a step is refused; a success is none. */
export async function refusal(step: Promise<unknown>): Promise<string> {
  try {
    await step;
    return "";
  } catch (error) {
    return error instanceof Error && "reason" in error ? String(error.reason) : String(error);
  }
}
