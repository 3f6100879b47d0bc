/** What belongs to no chat: folders, prompts, settings, shares, memories. A guest's lies in memory. */

import { type Bytes, toHex } from "@privity/protocol/bytes";
import type { Content } from "@privity/vault/contents/kinds";
import type { Kind } from "@privity/vault/contents/schema";
import type { Values } from "@privity/vault/merge";

import { Refusal } from "../bridge/line.ts";
import { withValues } from "./fields.ts";
import type { Id } from "./ids.ts";

export type HomeKind = typeof Kind.FOLDER | typeof Kind.SETTINGS | typeof Kind.PROMPT | typeof Kind.SHARE
  | typeof Kind.MEMORY;
export type HomeContent = Extract<Content, { readonly kind: HomeKind }>;
export type OfKind<Of extends HomeKind> = Extract<Content, { readonly kind: Of }>;

/** Changes are as durable as those of a `Book`. */
export interface Home {
  all<Of extends HomeKind>(kind: Of): ReadonlyMap<Id, OfKind<Of>>;
  /** Under an id of its own, or the one that it had before there was an account. */
  add(content: HomeContent, id?: Id): Promise<Id>;
  /** Raises Refusal `home.unknown`. */
  edit<One extends HomeContent>(id: Id, kind: One["kind"], values: Values<One>): Promise<void>;
  remove(ids: readonly Id[]): Promise<void>;
}

export class TemporaryHome implements Home {
  readonly #contents = new Map<Id, HomeContent>();
  readonly #random: (size: number) => Bytes;

  constructor(random: (size: number) => Bytes) {
    this.#random = random;
  }

  all<Of extends HomeKind>(kind: Of): ReadonlyMap<Id, OfKind<Of>> {
    return new Map([...this.#contents].filter((one): one is [Id, OfKind<Of>] => one[1].kind === kind));
  }

  /** Everything that a person put here, for the account that is made. */
  get contents(): ReadonlyMap<Id, HomeContent> {
    return this.#contents;
  }

  add(content: HomeContent, id = toHex(this.#random(16))): Promise<Id> {
    this.#contents.set(id, content);
    return Promise.resolve(id);
  }

  edit<One extends HomeContent>(id: Id, kind: One["kind"], values: Values<One>): Promise<void> {
    const found = this.#contents.get(id);
    if (found?.kind !== kind) return Promise.reject(new Refusal("home.unknown"));
    this.#contents.set(id, withValues(found as One, values));
    return Promise.resolve();
  }

  remove(ids: readonly Id[]): Promise<void> {
    for (const id of ids) this.#contents.delete(id);
    return Promise.resolve();
  }
}
