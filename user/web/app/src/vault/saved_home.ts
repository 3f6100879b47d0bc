/** Folders, prompts, settings and shares of an account: objects in its home box. */

import type { Account } from "@privity/account/account";
import type { Item } from "@privity/history/history";
import { toHex } from "@privity/protocol/bytes";
import { Kind } from "@privity/vault/contents/schema";
import * as merging from "@privity/vault/merge";
import type { Values } from "@privity/vault/merge";

import { Refusal } from "../bridge/line.ts";
import type { Contents } from "./contents.ts";
import type { Home, HomeContent, HomeKind, OfKind } from "./home.ts";
import { bytesOf, type Id } from "./ids.ts";

export class SavedHome implements Home {
  readonly #account: Account;
  readonly #contents: Contents;
  readonly #change: <T>(step: () => Promise<T>) => Promise<T>;

  constructor(account: Account, contents: Contents, change: <T>(step: () => Promise<T>) => Promise<T>) {
    this.#account = account;
    this.#contents = contents;
    this.#change = change;
  }

  get #box(): Id {
    return toHex(this.#account.session.identity.account);
  }

  all<Of extends HomeKind>(kind: Of): ReadonlyMap<Id, OfKind<Of>> {
    return this.#contents.listed(this.#box, kind);
  }

  async add(content: HomeContent, id?: Id): Promise<Id> {
    const { history, session: { identity: { account } } } = this.#account;
    const own = id === undefined ? history.newId() : bytesOf(id);
    await this.#change(() => history.add(content, account, own));
    return toHex(own);
  }

  edit<One extends HomeContent>(id: Id, kind: One["kind"], values: Values<One>): Promise<void> {
    return this.#change(async () => {
      const found = this.all(kind).get(id);
      if (found === undefined) throw new Refusal("home.unknown");
      const item = { id: bytesOf(id), box: this.#account.session.identity.account, content: found } as unknown as Item<One>;
      await this.#account.history.edit(item, values);
    });
  }

  remove(ids: readonly Id[]): Promise<void> {
    return this.#change(() => this.#account.history.remove(ids.map(bytesOf)));
  }

  /** Two devices that made settings at the same time: one object stays, with the later value of each field. */
  async settle(): Promise<void> {
    const found = this.all(Kind.SETTINGS);
    if (found.size < 2) return;
    await this.#change(async () => {
      const { id, content } = merging.settle(found, this.#account.place.world.now());
      const { theme, language, model, instructions, consents, lock, titles, atOnce } = content;
      const own = found.get(id);
      if (own === undefined) return;
      await this.#account.history.edit({ id: bytesOf(id), box: bytesOf(this.#box), content: own }, {
        theme: theme.value, language: language.value, model: model.value, instructions: instructions.value,
        consents: consents.value, lock: lock.value, titles: titles.value, atOnce: atOnce.value,
      });
      await this.#account.history.remove([...found.keys()].filter((one) => one !== id).map(bytesOf));
    });
  }
}
