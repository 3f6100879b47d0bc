/** The channel worker's commands at a server of the trust vectors: what was asked, kept and told. */

import { type Bytes, toHex } from "@privity/protocol/bytes";

import { chance, xwing } from "../../../packages/channel/test/node.ts";
import { ORIGIN, type Scene, scene, Web } from "../../../packages/trust/test/web.ts";
import type { CHANNEL, ChannelAnswers, ChannelNews, Ended } from "../../src/bridge/channel.ts";
import type { Handlers } from "../../src/bridge/line.ts";
import { handlersOf } from "../../src/channel/commands.ts";
import type { Cabinet, Edges, Kept } from "../../src/channel/edges.ts";

export const HONEST = scene("an-honest-node");
export const [ROOT = ""] = HONEST.roots;

/** What a browser keeps, in memory. */
export class Drawer implements Cabinet {
  readonly kept = new Map<Kept, Bytes>();

  get(name: Kept): Promise<Bytes | null> {
    return Promise.resolve(this.kept.get(name) ?? null);
  }

  put(name: Kept, data: Bytes): Promise<void> {
    this.kept.set(name, data);
    return Promise.resolve();
  }

  async update(name: Kept, step: (kept: Bytes | null) => Promise<Bytes>): Promise<void> {
    this.kept.set(name, await step(this.kept.get(name) ?? null));
  }

  erase(): Promise<void> {
    this.kept.clear();
    return Promise.resolve();
  }
}

export class Desk {
  readonly web: Web;
  readonly drawer: Drawer;
  readonly news: ChannelNews[] = [];
  readonly posted: string[] = [];
  /** Seconds and steps that are to come. */
  readonly later: { readonly seconds: number; readonly step: () => void }[] = [];
  /** What is answered to what is posted; null: nobody is there. */
  answer: Response | null = null;
  /** Every address that was asked for. */
  readonly reached: string[] = [];
  /** Who stands before the server: an answer, or the address at which the server is asked instead; null: nobody is there. */
  before: (address: string) => Response | string | null = (address) => address;
  /** Whether the server is there. */
  up = true;
  now: number;
  readonly handlers: Handlers<typeof CHANNEL, ChannelAnswers>;
  readonly #bundle: Bytes;
  readonly #path: string;

  constructor(at: Scene = HONEST, drawer = new Drawer()) {
    this.web = new Web(at.bulletin);
    this.drawer = drawer;
    this.now = at.now;
    this.#bundle = at.bundle;
    this.#path = `${ORIGIN}/v1/nodes/${toHex(at.listed.nd)}`;
    this.handlers = handlersOf(this.#edges());
  }

  start(pin: Bytes | null = null, relay: string | null = null): Promise<ChannelAnswers["start"]> {
    return this.handlers.start({ name: "start", service: ORIGIN, pin, relay });
  }

  verify(fresh = false): Promise<ChannelAnswers["verify"]> {
    return this.handlers.verify({ name: "verify", fresh });
  }

  async consent(...roots: readonly string[]): Promise<void> {
    await this.handlers.consent({ name: "consent", roots });
  }

  /** Ask, and wait for how it ends. */
  async ask(messages = '[{"content":"Hello","role":"user"}]'): Promise<Ended> {
    const asked = { request: "r1", conversation: "c", rid: "00".repeat(16), model: "", effort: null, receipt: false, tokens: [] };
    await this.handlers.ask({ name: "ask", ...asked, messages });
    for (;;) {
      const end = this.news.find((one) => one.kind === "ended");
      if (end?.kind === "ended") return end.ended;
      await new Promise((resolve) => setTimeout(resolve, 1));
    }
  }

  #edges(): Edges {
    return {
      ground: {
        fetch: (address, options) => this.#fetch(address, options), clock: () => this.now, entropy: chance(5), xwing,
        sleep: (seconds, signal) => new Promise((resolve) => {
          if (seconds < 10) setTimeout(resolve, 0);
          else signal.addEventListener("abort", () => resolve());
        }),
      },
      carried: false,
      cabinet: () => Promise.resolve(this.drawer),
      after: (seconds, step) => {
        const one = { seconds, step };
        this.later.push(one);
        return () => void this.later.splice(this.later.indexOf(one), 1);
      },
      tell: (news) => this.news.push(news),
    };
  }

  #fetch(asked: string, options: RequestInit): Promise<Response> {
    this.reached.push(asked);
    const address = this.before(asked);
    if (address === null) return Promise.reject(new TypeError("down"));
    if (typeof address !== "string") return Promise.resolve(address);
    if (options.method === "POST") this.posted.push(new URL(address).pathname);
    if (!this.up || (options.method === "POST" && this.answer === null)) return Promise.reject(new TypeError("down"));
    if (options.method === "POST") return Promise.resolve(this.answer ?? new Response(null));
    return address === this.#path ? Promise.resolve(new Response(this.#bundle)) : this.web.fetch(address);
  }
}
