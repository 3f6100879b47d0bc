/** The far end of the page's lines, in memory: a vault that keeps chats as trees, a channel that says what a test has it say. */

import {
  CHANNEL, CHANNEL_ASIDE, type ChannelAnswers, type ChannelNews, type Ended, type RecordView,
} from "../../src/bridge/channel.ts";
import { type Commands, type End, type Handlers, Line, Refusal, serve } from "../../src/bridge/line.ts";
import type { CommandOf } from "../../src/bridge/shapes.ts";
import { VAULT, VAULT_ASIDE, type VaultAnswers } from "../../src/bridge/vault.ts";
import type { ChatView, MemoryRow, MessageView, Overview } from "../../src/bridge/views.ts";
import { account, models, overview, record, screen } from "../../src/state/app.ts";
import { clearShown } from "../../src/state/clearing.ts";
import { heardChannel, heardVault } from "../../src/state/news.ts";
import { connect } from "../../src/state/ports.ts";

type VaultCommand = CommandOf<typeof VAULT>;
type Asked = Extract<CommandOf<typeof CHANNEL>, { readonly name: "ask" }>;

/** Two ends of one line; what is posted is cloned, as it would be between threads. */
export function pair(): readonly [End, End] {
  const listeners: [((event: MessageEvent<unknown>) => void)[], ((event: MessageEvent<unknown>) => void)[]] = [[], []];
  const end = (own: 0 | 1, other: 0 | 1): End => ({
    postMessage: (message) => {
      const data: unknown = structuredClone(message);
      queueMicrotask(() => listeners[other].forEach((one) => one({ data } as MessageEvent<unknown>)));
    },
    addEventListener: (_type, listener) => { listeners[own].push(listener); },
  });
  return [end(0, 1), end(1, 0)];
}

interface Tree {
  readonly title: string;
  readonly nodes: MessageView[];
  leaf: string | null;
}

export const RECORD: RecordView = {
  verdict: "verified", reasons: [], release: "1.0", kind: "sev_snp", time: 1000, until: 9000, checks: [], measurements: [],
  logs: [], entry: null, route: { origin: "https://relay.test", relay: null }, profile: "p1", roots: [], differences: [],
};

const SETTINGS: Overview["settings"] = {
  theme: "system", language: null, model: null, instructions: "", lock: 900, titles: true, atOnce: false, memory: false,
};

/** What the page asked, in order, and what it is answered. */
export class FarEnd {
  readonly asked: (VaultCommand | CommandOf<typeof CHANNEL>)[] = [];
  readonly chats = new Map<string, Tree>();
  readonly drafts = new Map<string, string>();
  /** Commands that are refused from now on, with their reasons. */
  readonly refuses = new Map<string, string>();
  /** Commands that wait until this is fulfilled. */
  readonly waits = new Map<string, Promise<unknown>>();
  /** What questions cost; null: nothing. */
  metering: ChannelAnswers["metering"] = null;
  /** The request whose tokens the next one takes over. */
  tookOver: string | null = null;
  memories: readonly MemoryRow[] = [];
  /** Messages that are left. */
  left = 20;
  readonly #answers = new Map<string, { readonly chat: string; readonly parent: string }>();
  readonly #tell: (news: unknown) => void;
  #next = 0;

  constructor() {
    const [vault, vaultEnd] = pair();
    const [channel, channelEnd] = pair();
    const kept = answering<typeof VAULT, VaultAnswers>((command) => this.#handle(command, () => this.#vault(command)));
    const sent = answering<typeof CHANNEL, ChannelAnswers>((command) => {
      return this.#handle(command, () => (command.name === "metering" ? this.metering : null));
    });
    serve(vaultEnd, VAULT, kept, VAULT_ASIDE);
    this.#tell = serve(channelEnd, CHANNEL, sent, CHANNEL_ASIDE);
    connect({
      vault: new Line(vault, heardVault), channel: new Line(channel, heardChannel),
      readFile: () => Promise.reject(new Refusal("file.type")),
    });
    clearShown();
    account.value = { state: "open" };
    overview.value = {
      chats: [], folders: [], prompts: [], settings: SETTINGS, offers: [],
      sync: { unsent: 0, offline: false, syncing: false, halted: null, n: 0, fingerprint: "", agreed: null },
      quota: { active: 0, activeLimit: null, bytes: 0, bytesLimit: null },
    };
    models.value = [
      { id: "small", name: "Small", digest: "ab", context: 1000, efforts: [], vision: false },
      { id: "large", name: "Large", digest: "cd", context: 9000, efforts: ["low", "high"], vision: false },
    ];
    record.value = RECORD;
    screen.value = "chat";
  }

  /** What was asked under a name. */
  of<Name extends string>(name: Name): readonly Extract<VaultCommand | CommandOf<typeof CHANNEL>, { readonly name: Name }>[] {
    type One = Extract<VaultCommand | CommandOf<typeof CHANNEL>, { readonly name: Name }>;
    return this.asked.filter((one): one is One => one.name === name);
  }

  /** The newest question to the channel. */
  get question(): Asked {
    const last = this.of("ask").at(-1);
    if (last === undefined) throw new Error("nothing was asked");
    return last;
  }

  /** The channel says something. */
  say(news: ChannelNews): void {
    this.#tell(news);
  }

  /** Pieces of the newest answer arrive. */
  pieces(...texts: readonly string[]): void {
    for (const text of texts) this.say({ kind: "piece", request: this.question.request, text, reasoning: "" });
  }

  /** The newest answer ends. */
  end(state: Ended["state"], reason = ""): void {
    this.say({ kind: "ended", request: this.question.request, ended: {
      state, reason, detail: "", model: "ab", usage: state === "complete" ? [10, 0, 5] : null, proof: "verified",
      document: new Uint8Array([1]), bundle: new Uint8Array([2]), appraisal: new Uint8Array([3]), receipt: null,
    } });
  }

  async #handle(command: VaultCommand | CommandOf<typeof CHANNEL>, answer: () => unknown): Promise<unknown> {
    this.asked.push(command);
    await this.waits.get(command.name);
    const reason = this.refuses.get(command.name);
    if (reason !== undefined) throw new Refusal(reason);
    return answer();
  }

  #vault(command: VaultCommand): unknown {
    switch (command.name) {
      case "overview": return overview.value;
      case "open": return this.view(command.chat);
      case "write": return this.#write(command);
      case "answer": {
        const answer = this.#id();
        this.#answers.set(answer, { chat: command.chat, parent: command.message });
        return { answer, given: [{ role: "user", content: this.#node(command.chat, command.message).text, images: [] }] };
      }
      case "finish": return this.#finish(command);
      case "branch":
        this.#tree(command.chat).leaf = command.message;
        return null;
      case "compose":
        this.drafts.set(command.chat ?? "", command.text);
        return null;
      case "composed": return this.drafts.get(command.chat ?? "") ?? "";
      case "tokens":
        if (command.count > 0 && this.left === 0) throw new Refusal("tokens_gone");
        this.left -= command.count;
        return { rid: this.tookOver ?? command.rid, tokens: [Uint8Array.of(this.left)], allowance: this.#allowance() };
      case "allowance": return this.#allowance();
      case "memories": return this.memories;
      case "saveMemory":
        this.#remember(command);
        return null;
      case "removeItem":
        this.memories = this.memories.filter(({ id }) => id !== command.item);
        return null;
      case "deleteChats":
        for (const chat of command.chats) this.chats.delete(chat);
        return null;
      default: return null;
    }
  }

  #remember({ memory, text, source, active }: Extract<VaultCommand, { readonly name: "saveMemory" }>): void {
    const id = memory ?? this.#id();
    this.memories = [...this.memories.filter((one) => one.id !== id), { id, text, source, time: this.#next, active }];
  }

  #allowance(): VaultAnswers["allowance"] {
    return { left: this.left, limit: 20, others: 0, reset: 86_400 };
  }

  #write({ chat, parent, text }: Extract<VaultCommand, { readonly name: "write" }>): VaultAnswers["write"] {
    const id = chat ?? this.#id();
    if (chat === null) this.chats.set(id, { title: text, nodes: [], leaf: null });
    const message = this.#id();
    this.#add(id, { id: message, parent, role: "user", text, state: "complete", proof: "none" });
    return { chat: id, message };
  }

  #finish({ chat, answer, text, reasoning, state, proof }: Extract<VaultCommand, { readonly name: "finish" }>): null {
    const parent = this.#answers.get(answer)?.parent ?? null;
    if (text !== "" || reasoning !== "" || state === "complete") {
      const [ended, proven] = [state as MessageView["state"], proof as MessageView["proof"]];
      this.#add(chat, { id: answer, parent, role: "assistant", text, state: ended, proof: proven });
    }
    return null;
  }

  #add(chat: string, node: Pick<MessageView, "id" | "parent" | "role" | "text" | "state" | "proof">): void {
    const tree = this.#tree(chat);
    tree.nodes.push({
      ...node, reasoning: "", attachments: [], time: 1, siblings: [], model: null, usage: null, evidence: null,
    });
    tree.leaf = node.id;
  }

  /** The chat as `open` tells it. */
  view(id: string): ChatView {
    const { nodes, leaf, title } = this.#tree(id);
    const path: MessageView[] = [];
    for (let at = leaf; at !== null;) {
      const node = this.#node(id, at);
      path.unshift({ ...node, siblings: nodes.filter(({ parent }) => parent === node.parent).map((one) => one.id) });
      at = node.parent;
    }
    const row = { id, title, folder: null, pinned: false, archived: false, temporary: false, time: 1, faults: [] };
    const last = path.at(-1);
    const siblings = last?.siblings ?? [];
    const beside = nodes.filter((one) => one.id !== last?.id && siblings.includes(one.id));
    return {
      row, model: null, effort: null, instructions: "", folder: null, messages: path,
      ...(last?.role === "assistant" && beside.length > 0 && { beside: beside.map((one) => ({ ...one, siblings })) }),
    };
  }

  #tree(id: string): Tree {
    const found = this.chats.get(id);
    if (found === undefined) throw new Refusal("chat.unknown");
    return found;
  }

  #node(chat: string, id: string): MessageView {
    const found = this.#tree(chat).nodes.find((one) => one.id === id);
    if (found === undefined) throw new Refusal("message.unknown");
    return found;
  }

  #id(): string {
    this.#next += 1;
    return String(this.#next).padStart(32, "0");
  }
}

/** One function for every command of a table. */
function answering<All extends Commands, Answers extends { readonly [Name in keyof All]: unknown }>(
  handle: (command: CommandOf<All>) => Promise<unknown>,
): Handlers<All, Answers> {
  return new Proxy({}, { get: () => handle }) as Handlers<All, Answers>;
}

/** Until everything that is under way has come to rest: no clock is waited for. */
export async function settle(): Promise<void> {
  for (let turn = 0; turn < 200; turn += 1) await Promise.resolve();
}
