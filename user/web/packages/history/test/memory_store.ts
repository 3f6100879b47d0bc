/** A store in memory that is stricter than IndexedDB: it copies as that does, and fails when a test wants it to. */

import { type Bytes, toHex } from "@privity/protocol/bytes";
import type { Chain, SignedPage } from "@privity/vault/page";

import type { Erasure } from "../src/erasure.ts";
import type { Batch, Draft, Offer, Row, State, Store, Waiting } from "../src/store.ts";

/** How a write fails: nothing of it is kept, or all of it is and yet the caller is told that it failed. */
export type Failure = "lost" | "kept";

export class StoreFailed extends Error {}

export class MemoryStore implements Store {
  #state: State | null = null;
  readonly #chains = new Map<string, Chain>();
  readonly #rows = new Map<string, Row>();
  readonly #pages = new Map<number, SignedPage>();
  readonly #bodies = new Map<string, Bytes>();
  readonly #waiting = new Map<string, Waiting>();
  readonly #drafts = new Map<string, Draft>();
  readonly #offers = new Map<string, Offer>();
  readonly #erasures = new Map<number, Erasure>();
  readonly left: SignedPage[] = [];
  /** Writes so far, and which one fails. */
  writes = 0;
  fails: { readonly at: number; readonly as: Failure } | null = null;

  state(): Promise<State | null> {
    return copied(this.#state);
  }

  chain(device: Bytes): Promise<Chain | null> {
    return copied(this.#chains.get(toHex(device)) ?? null);
  }

  row(id: Bytes): Promise<Row | null> {
    return copied(this.#rows.get(toHex(id)) ?? null);
  }

  rows(): Promise<readonly Row[]> {
    return copied([...this.#rows.values()]);
  }

  pages(from: number): Promise<readonly (readonly [n: number, page: SignedPage])[]> {
    return copied([...this.#pages].filter(([n]) => n >= from).sort(([one], [other]) => one - other));
  }

  body(hash: Bytes): Promise<Bytes | null> {
    return copied(this.#bodies.get(toHex(hash)) ?? null);
  }

  waiting(): Promise<readonly Waiting[]> {
    return copied([...this.#waiting.values()].sort((one, other) => one.order - other.order));
  }

  waitingFor(id: Bytes): Promise<Waiting | null> {
    return copied(this.#waiting.get(toHex(id)) ?? null);
  }

  drafts(): Promise<readonly Draft[]> {
    return copied([...this.#drafts.values()]);
  }

  offers(): Promise<ReadonlyMap<string, Offer>> {
    return copied(this.#offers);
  }

  erasures(): Promise<readonly Erasure[]> {
    return copied([...this.#erasures.values()]);
  }

  /** Everything that lies in the store, as bytes and names: what a thief of the device's disk would read. */
  dump(): Promise<unknown> {
    return copied([this.#state, this.#chains, this.#rows, this.#pages, this.#bodies, this.#waiting, this.#drafts, this.#offers]);
  }

  async commit(batch: Batch): Promise<void> {
    this.writes += 1;
    const failing = this.fails?.at === this.writes ? this.fails.as : null;
    if (failing === "lost") throw new StoreFailed("lost");
    this.#take(await copied(batch));
    if (failing === "kept") throw new StoreFailed("kept");
  }

  #take(batch: Batch): void {
    if (batch.afresh === true) for (const map of [this.#chains, this.#rows, this.#pages]) map.clear();
    if (batch.state !== undefined) this.#state = batch.state;
    for (const [device, chain] of batch.chains ?? []) this.#chains.set(toHex(device), chain);
    for (const row of batch.rows ?? []) this.#rows.set(toHex(row.id), row);
    for (const [n, page] of batch.pages ?? []) this.#pages.set(n, page);
    for (const one of batch.erasures ?? []) this.#erasures.set(one.n, one);
    this.left.push(...(batch.left ?? []));
    for (const [hash, body] of batch.bodies ?? []) put(this.#bodies, toHex(hash), body);
    for (const [id, waiting] of batch.waiting ?? []) put(this.#waiting, toHex(id), waiting);
    for (const [id, draft] of batch.drafts ?? []) put(this.#drafts, toHex(id), draft);
    for (const [key, offer] of batch.offers ?? []) put(this.#offers, key, offer);
  }
}

function put<T>(map: Map<string, T>, key: string, value: T | null): void {
  if (value === null) map.delete(key);
  else map.set(key, value);
}

function copied<T>(value: T): Promise<T> {
  return Promise.resolve(structuredClone(value));
}
