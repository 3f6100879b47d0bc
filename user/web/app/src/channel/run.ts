/** One answer, from the question to its end, as news for the page. */

import { Answer } from "@privity/channel/answer";
import { type Chain } from "@privity/channel/chain";
import { type Channel } from "@privity/channel/channel";
import { type Event } from "@privity/channel/events";
import { type VerifiedNode } from "@privity/channel/nodes";
import { provenanceOf } from "@privity/channel/provenance";
import { type Request } from "@privity/channel/request";
import { type Bytes, fromHex } from "@privity/protocol/bytes";
import { type ReceiptFile } from "@privity/protocol/receipt";

import type { ChannelNews, Ended } from "../bridge/channel.ts";
import { faultOf } from "./fault.ts";
import { digestOf } from "./model.ts";
import { keptOf } from "./signed.ts";

/** Seconds that a node has to end an answer when it was told to; then the line is cut. */
export const STOP_PATIENCE = 3;
/** Reasons for which an answer is cut, not failed: what came is good as far as it goes. */
const CUT: readonly string[] = ["answer_cut", "answer_gone", "unreachable"];

/** A request, and by what it is sent. */
export interface Sent {
  readonly request: Request;
  readonly channel: Channel;
}

/** What a run needs. `prepare` finds a verified node and makes the request; it raises why nothing may be sent. */
export interface Running {
  readonly name: string;
  readonly chain: Chain;
  readonly prepare: () => Promise<Sent>;
  /** Run a step after so many seconds; the answer cancels it. */
  readonly after: (seconds: number, step: () => void) => () => void;
  readonly tell: (news: ChannelNews) => void;
  /** A node has taken the request. */
  readonly accepted: (node: VerifiedNode) => void;
  /** The reason where nobody is there. */
  readonly absent: () => string;
  /** The evidence of a node as it is kept. Does not fail. */
  readonly evidence: (node: VerifiedNode) => Promise<Bytes>;
}

export class Run {
  readonly #running: Running;
  readonly #answer = new Answer();
  readonly #over = new AbortController();
  #sent: Sent | null = null;
  #node: VerifiedNode | null = null;
  /** The node's evidence, with the logs' bulletin where one was believed. */
  #evidence: Bytes | null = null;
  #receipt: ReceiptFile | null = null;
  #stopped = false;
  #told = false;

  constructor(running: Running) {
    this.#running = running;
  }

  /** Bring the answer. Resolves when nothing more comes of it; the page has been told its end before. */
  async go(): Promise<void> {
    try {
      this.#sent = await this.#running.prepare();
      const { request, channel } = this.#sent;
      const manner = { signal: this.#over.signal, restart: true };
      this.#over.signal.throwIfAborted();
      for await (const event of channel.ask(request, this.#running.chain, manner)) await this.#take(event);
    } catch (error) {
      this.#failed(error);
    }
  }

  /** End the answer: at the node where one has it, so that it says itself where it ended; else at once. */
  async stop(): Promise<void> {
    if (this.#told || this.#stopped) return;
    this.#stopped = true;
    if (this.#sent === null || this.#node === null) {
      this.#over.abort();
      return;
    }
    // Of an answer that has ended by then only the padding is left to be cut.
    this.#running.after(STOP_PATIENCE, () => { if (!this.#told) this.#over.abort(); });
    await this.#sent.channel.stop(this.#sent.request, this.#node);
  }

  /** End it at once, without a word to the node. */
  cut(): void {
    this.#stopped = true;
    this.#over.abort();
  }

  async #take(event: Event): Promise<void> {
    this.#answer.take(event);
    const { name: request, tell, accepted } = this.#running;
    switch (event.kind) {
      case "accepted":
        this.#node = event.node;
        accepted(event.node);
        tell({ kind: "accepted", request });
        break;
      case "line":
        if (event.value.t === "text") tell({ kind: "piece", request, text: event.value.d, reasoning: "" });
        else if (event.value.t === "reasoning") tell({ kind: "piece", request, text: "", reasoning: event.value.d });
        break;
      case "complete":
        this.#receipt = event.receipt ?? null;
        if (this.#node !== null) this.#evidence = await this.#running.evidence(this.#node);
        this.#end({ state: this.#answer.state === "stopped" ? "stopped" : "complete" });
        break;
      default:
        tell({ kind: "notice", request, what: event.kind });
    }
  }

  #failed(error: unknown): void {
    // What follows the end mark is padding: the page has the whole answer already.
    if (this.#told) return;
    if (this.#stopped) this.#end({ state: "stopped" });
    else {
      const { reason, detail } = faultOf(error);
      const came = this.#answer.text !== "" || this.#answer.reasoning !== "";
      const state = came && CUT.includes(reason) ? "cut" : "failed";
      this.#end({ state, reason: reason === "unreachable" ? this.#running.absent() : reason, detail });
    }
  }

  #end(how: Pick<Ended, "state"> & Partial<Pick<Ended, "reason" | "detail">>): void {
    this.#told = true;
    this.#running.tell({
      kind: "ended", request: this.#running.name, ended: { reason: "", detail: "", ...how, ...this.#shown() },
    });
  }

  #shown(): Omit<Ended, "state" | "reason" | "detail"> {
    const { usage } = this.#answer;
    const node = this.#node;
    const made = node === null ? null : provenanceOf(node, this.#sent?.request.model ?? "");
    const model = made?.model ?? null;
    return {
      model: model === null ? null : digestOf(model),
      usage: usage === null ? null : [usage.prompt, usage.cached, usage.completion],
      proof: made?.proof ?? "none",
      document: made === null ? null : fromHex(made.node),
      bundle: this.#evidence ?? made?.bundle ?? null,
      appraisal: made?.appraisal ?? null,
      receipt: this.#receipt === null ? null : keptOf(this.#receipt),
    };
  }
}
