/** A device with a history, and what a person would type into it. */

import { type Bytes, toHex } from "@privity/protocol/bytes";
import { NEVER } from "@privity/vault/clock";
import { type Chat, type Node, Role, State } from "@privity/vault/contents/chat";
import { Kind } from "@privity/vault/contents/schema";

import { History, type Item } from "../src/history.ts";
import type { Service } from "../src/service.ts";
import type { Identity } from "../src/session.ts";
import { draw, joined, type Name, TestWorld } from "./account.ts";
import { MemoryStore } from "./memory_store.ts";

export const BOX = draw("box of a chat", 16);

function field<T>(value: T): { readonly value: T; readonly stamp: typeof NEVER } {
  return { value, stamp: NEVER };
}

export function chat(title: string): Chat {
  return {
    kind: Kind.CHAT, title: field(title), folder: field(null), pinned: field(false), leaf: field(null), model: field(null),
    effort: field(null), instructions: field(""),
  };
}

export function message(text: string, parent: Bytes | null = null, time = 1_795_600_000_000): Node {
  return {
    kind: Kind.NODE, chat: BOX, parent, role: Role.USER, parts: [{ type: "text", text }], model: null, usage: null,
    state: State.COMPLETE, time,
  };
}

export class Device {
  readonly name: Name;
  readonly world: TestWorld;
  readonly store: MemoryStore;
  readonly identities: ReadonlyMap<Name, Identity>;
  service: Service;
  history: History;

  private constructor(name: Name, identities: ReadonlyMap<Name, Identity>, parts: {
    readonly service: Service; readonly store: MemoryStore; readonly world: TestWorld; readonly history: History;
  }) {
    this.name = name;
    this.identities = identities;
    this.service = parts.service;
    this.store = parts.store;
    this.world = parts.world;
    this.history = parts.history;
  }

  static async join(
    name: Name, identities: ReadonlyMap<Name, Identity>, service: Service, store = new MemoryStore(), world = new TestWorld(name),
  ): Promise<Device> {
    const history = await History.open(await joined(identities, name, service, world), store, service, world);
    return new Device(name, identities, { service, store, world, history });
  }

  /** The same device after its process died: the store is all that is left. */
  restarted(service = this.service): Promise<Device> {
    this.store.fails = null;
    return Device.join(this.name, this.identities, service, this.store, this.world);
  }

  /** Texts of all messages and titles of all chats, by id. */
  async shows(): Promise<ReadonlyMap<string, string>> {
    const items = await this.history.items({});
    return new Map(items.map((one) => [toHex(one.id), textOf(one)] as const).sort(([one], [other]) => (one < other ? -1 : 1)));
  }
}

export function textOf({ content }: Item): string {
  if (content.kind === Kind.CHAT) return content.title.value;
  if (content.kind !== Kind.NODE) return "";
  return content.parts.map((part) => (part.type === "text" ? part.text : "")).join("");
}
