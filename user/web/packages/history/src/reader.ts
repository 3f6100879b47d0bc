/** A page held against what is stored, before anything of it is: changes pile up here and are written in one batch. */

import { type Bytes, equal, toHex } from "@privity/protocol/bytes";
import * as ring from "@privity/protocol/stored/keyring";
import type { Keyring } from "@privity/protocol/stored/keyring";
import type { Op } from "@privity/protocol/stored/page";
import * as box from "@privity/vault/box";
import * as page from "@privity/vault/page";
import type { Accepted, Chain, Known, Position, SignedPage, View } from "@privity/vault/page";

import type { Session } from "./session.ts";
import type { Row, Store } from "./store.ts";

/** What a reader looks up of what was read before. */
export type Before = Pick<Store, "chain" | "row">;

/** Before page 1. */
export const NOTHING: Before = { chain: () => Promise.resolve(null), row: () => Promise.resolve(null) };

/** Pages on top of a store. Nothing is written here; `rows`, `chains` and `position` are what a batch takes over. */
export class Reader {
  position: Position;
  readonly rows = new Map<string, Row>();
  readonly chains = new Map<string, readonly [Bytes, Chain]>();
  /** The pages that were accepted, by number. */
  readonly pages: (readonly [n: number, page: SignedPage])[] = [];
  /** Bodies that stood in rows before and stand in none now. */
  readonly superseded = new Map<string, Bytes>();
  readonly #session: Session;
  readonly #store: Before;
  readonly #keyrings: ReadonlyMap<string, Keyring>;

  private constructor(position: Position, session: Session, store: Before, keyrings: ReadonlyMap<string, Keyring>) {
    this.position = position;
    this.#session = session;
    this.#store = store;
    this.#keyrings = keyrings;
  }

  /** A reader at `position`. */
  static async at(position: Position, session: Session, store: Before): Promise<Reader> {
    const known = session.keyrings.map(async (one) => [toHex(await ring.digest(one.public)), ring.decode(one.public)] as const);
    return new Reader(position, session, store, new Map(await Promise.all(known)));
  }

  /** What the next page is held against. */
  view(): View {
    return {
      position: this.position,
      chain: async (device) => this.chains.get(toHex(device))?.[1] ?? this.#store.chain(device),
      known: async (id) => (await this.row(id))?.known ?? null,
      keyring: (hash) => this.#keyrings.get(toHex(hash)) ?? null,
      newest: this.#session.trusted,
    };
  }

  /** The newest row of an id. */
  async row(id: Bytes): Promise<Row | null> {
    return this.rows.get(toHex(id)) ?? this.#store.row(id);
  }

  /** Judge one page and take over what it changes. Raises VaultError as `page.accept` does. */
  async accept(signed: SignedPage): Promise<Accepted> {
    const accepted = await page.accept(this.view(), signed);
    const changes = new Map(accepted.changes.map(([id, known]) => [toHex(id), known]));
    for (const entry of accepted.page.entries) {
      const known = changes.get(toHex(entry.object));
      if (known !== undefined) await this.#take(entry.object, entry.op, entry.lane, known);
    }
    this.chains.set(toHex(accepted.device), [accepted.device, accepted.chain]);
    this.position = accepted.position;
    this.pages.push([accepted.page.n, signed]);
    return accepted;
  }

  async #take(id: Bytes, op: Op, lane: Bytes | null, known: Known): Promise<void> {
    const before = await this.row(id);
    const old = before?.known.body ?? null;
    if (old !== null && (known.body === null || !equal(old.hash, known.body.hash))) {
      this.superseded.set(toHex(old.hash), old.hash);
    }
    if (known.body !== null) this.superseded.delete(toHex(known.body.hash));
    const inside = lane === null ? (before?.box ?? id) : box.lane(lane, this.#session.names.lane, id);
    this.rows.set(toHex(id), { id, box: inside, known, op, kind: before?.kind ?? null, fault: null });
  }
}
