/** What the page asks of the channel worker, each with what is done for it. */

import { Chain } from "@privity/channel/chain";
import { usualProfile } from "@privity/channel/nodes";
import { chatRequest, NO_WISHES, RID } from "@privity/channel/request";
import { type Bytes, fromHex, toHex } from "@privity/protocol/bytes";
import { sha256 } from "@privity/protocol/kdf";

import type { CHANNEL, ChannelAnswers, RecordView } from "../bridge/channel.ts";
import { type Handlers, Refusal } from "../bridge/line.ts";
import type { CommandOf } from "../bridge/shapes.ts";
import { effortOf, messagesOf } from "./asked.ts";
import type { Edges } from "./edges.ts";
import { modelsOf } from "./model.ts";
import { Run, type Sent } from "./run.ts";
import { signedView } from "./signed.ts";
import { Visit } from "./visit.ts";

/** Conversations whose place in the channel is kept; the one that was used last stays longest. */
export const MOST_CHAINS = 64;

type Question = Extract<CommandOf<typeof CHANNEL>, { readonly name: "ask" }>;

/** The handlers of one worker, for one service at a time. */
export function handlersOf(edges: Edges): Handlers<typeof CHANNEL, ChannelAnswers> {
  const desk = new Desk(edges);
  return {
    start: ({ service, pin, relay }) => desk.start(service, pin, relay),
    relays: () => desk.visit.relays(),
    choose: async ({ relay }) => {
      await desk.visit.choose(relay);
      return null;
    },
    consent: async ({ roots }) => {
      await desk.visit.consent(roots);
      return null;
    },
    verify: ({ fresh }) => desk.visit.look(fresh),
    models: async () => modelsOf((await desk.visit.ready("")).nodes),
    metering: ({ guest }) => desk.visit.metering(guest),
    build: ({ digest }) => desk.visit.build(digest),
    ask: (question) => {
      desk.ask(question);
      return Promise.resolve(null);
    },
    stop: async ({ request }) => {
      await desk.stop(request);
      return null;
    },
    saveEvidence: () => desk.evidence(),
    saveConviction: () => desk.conviction(),
    signed: ({ receipt, evidence }) => signedView(receipt, evidence),
    forget: async () => {
      await desk.forget();
      return null;
    },
  };
}

class Desk {
  readonly #edges: Edges;
  readonly #chains = new Map<string, Chain>();
  readonly #runs = new Map<string, Run>();
  #visit: Visit | null = null;

  constructor(edges: Edges) {
    this.#edges = edges;
  }

  get visit(): Visit {
    if (this.#visit === null) throw new Refusal("page.malformed", "start comes first");
    return this.#visit;
  }

  async start(service: string, pin: Bytes | null, relay: string | null): Promise<RecordView | null> {
    if (![service, relay ?? service].every(isOrigin)) throw new Refusal("page.malformed", "service");
    this.#visit?.end();
    this.#visit = await Visit.begin(service, { pin, relay, turned: () => this.#unchain() }, this.#edges);
    try {
      return await this.#visit.look(false);
    } catch (error) {
      // The server is not there; that is no judgement, and the page asks again.
      if (error instanceof Refusal) return null;
      throw error;
    }
  }

  ask(question: Question): void {
    const { request: name, conversation, rid } = question;
    const { visit } = this;
    const id = fromHex(rid);
    if (this.#runs.has(name) || id?.length !== RID) throw new Refusal("page.malformed", "ask");
    const run = new Run({
      name,
      chain: this.#chainOf(conversation),
      prepare: () => prepared(visit, question, id),
      after: (seconds, step) => this.#edges.after(seconds, step),
      tell: (news) => this.#edges.tell(news),
      // What cannot be shown is shown by the next look; the answer does not wait for it.
      accepted: (node) => void visit.used(node).catch(() => undefined),
      absent: () => visit.absent,
      evidence: (node) => visit.evidence(node),
    });
    this.#runs.set(name, run);
    void run.go().finally(() => this.#runs.delete(name));
  }

  async stop(request: string): Promise<void> {
    await this.#runs.get(request)?.stop();
  }

  /** Every answer ends, every conversation loses its place, and the service has to be started anew. */
  async forget(): Promise<void> {
    const { visit } = this;
    for (const run of this.#runs.values()) run.cut();
    this.#unchain();
    this.#visit = null;
    await visit.forget();
  }

  /** Every conversation begins anew: its next key would tell the node that both ways are one person's. */
  #unchain(): void {
    for (const chain of this.#chains.values()) chain.drop();
    this.#chains.clear();
  }

  /** What was judged, and by what: whoever judges it again makes a record of their own. */
  async evidence(): Promise<ChannelAnswers["saveEvidence"]> {
    const data = await this.visit.saved();
    if (data === null) throw new Refusal("no_record");
    return { fileName: `privity-evidence-${await short(data)}.json`, data };
  }

  async conviction(): Promise<ChannelAnswers["saveConviction"]> {
    const data = await this.visit.conviction();
    return data === null ? null : { fileName: `privity-log-contradiction-${await short(data)}.json`, data };
  }

  #chainOf(conversation: string): Chain {
    const chain = this.#chains.get(conversation) ?? new Chain();
    this.#chains.delete(conversation);
    this.#chains.set(conversation, chain);
    for (const [oldest, one] of this.#chains) {
      if (this.#chains.size <= MOST_CHAINS) break;
      one.drop();
      this.#chains.delete(oldest);
    }
    return chain;
  }
}

/** A request whose node was verified. Raises why nothing may be sent, before anything was. */
async function prepared(visit: Visit, question: Question, rid: Bytes): Promise<Sent> {
  const { model, tokens } = question;
  const [messages, effort] = [messagesOf(question.messages), effortOf(question.effort)];
  const { connection, nodes: [node] } = await visit.ready(model);
  const request = chatRequest({
    rid, model, messages, tokens, wishes: { ...NO_WISHES, effort }, profile: usualProfile(node),
    seen: connection.source.seen,
    receipt: question.receipt,
  });
  return { request, channel: connection.channel };
}

function isOrigin(text: string): boolean {
  return URL.canParse(text) && /^https?:$/.test(new URL(text).protocol) && new URL(text).origin === text;
}

async function short(data: Bytes): Promise<string> {
  return toHex(await sha256(data)).slice(0, 12);
}
