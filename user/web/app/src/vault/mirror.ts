/**
 * The store of an account with everything but bodies and pages held in memory too: lists are read without the disk, and
 * several changes can be made as one.
 *
 * Whoever writes has the turn (`Turns`). Each writing is counted on the shelf before it is made, so that a tab that did not
 * make it sees at the beginning of its own turn that it must read anew.
 */

import type { Erasure } from "@privity/history/erasure";
import type { Batch, Draft, Offer, Row, State, Store, Waiting } from "@privity/history/store";
import { type Bytes, readUint, toHex, uint } from "@privity/protocol/bytes";
import { Op } from "@privity/protocol/stored/page";
import type { Chain, SignedPage } from "@privity/vault/page";

import type { Id } from "./ids.ts";
import type { Shelf } from "./shelf.ts";

const GENERATION = "generation";

/** Where an object is now: what waits here counts. `kind` null: not known, since it could not be opened. */
export interface Place {
  readonly id: Bytes;
  readonly box: Bytes;
  readonly op: Op;
  readonly kind: number | null;
  readonly fault: string | null;
}

/** The ids that a writing touched, by the box that each lies in; null: it may be any. */
export type Touched = ReadonlyMap<Id, Id> | null;

export class Mirror implements Store {
  readonly #store: Store;
  readonly #shelf: Shelf;
  #generation = -1;
  #stale = true;
  #state: State | null = null;
  #chains = new Map<Id, Chain>();
  #rows = new Map<Id, Row>();
  #waiting = new Map<Id, Waiting>();
  /** In their order; null: not sorted since something went, or changed its place. */
  #sorted: Waiting[] | null = null;
  #drafts = new Map<Id, Draft>();
  #offers = new Map<string, Offer>();
  /** What lies or lay in each box, and what of it cannot be shown. */
  #boxes = new Map<Id, Set<Id>>();
  #faulty = new Map<Id, Set<Id>>();
  /** Bodies of a writing that is not made yet. */
  readonly #bodies = new Map<Id, Bytes | null>();
  #together: Batch[] | null = null;
  /** Told after each writing of this tab, and after reading anew. */
  touched: (touched: Touched, own: boolean) => void = () => undefined;

  constructor(store: Store, shelf: Shelf) {
    this.#store = store;
    this.#shelf = shelf;
  }

  /** Read anew if another tab wrote, or if a writing failed: whether it was made is not known then. */
  async fresh(): Promise<void> {
    const counted = await this.#shelf.get(GENERATION);
    const generation = counted?.length === 4 ? readUint(counted, 0, 4) : 0;
    if (!this.#stale && generation === this.#generation) return;
    const [state, rows, waiting, drafts, offers] = await Promise.all([
      this.#store.state(), this.#store.rows(), this.#store.waiting(), this.#store.drafts(), this.#store.offers(),
    ]);
    this.#state = state;
    this.#chains = new Map();
    this.#rows = new Map(rows.map((one) => [toHex(one.id), one]));
    this.#waiting = new Map(waiting.map((one) => [toHex(one.id), one]));
    this.#sorted = null;
    this.#drafts = new Map(drafts.map((one) => [toHex(one.id), one]));
    this.#offers = new Map(offers);
    this.#boxes = new Map();
    this.#faulty = new Map();
    for (const one of rows) this.#blame(one);
    for (const one of [...rows, ...waiting]) this.#place(one);
    [this.#generation, this.#stale] = [generation, false];
    this.touched(null, false);
  }

  /** All writings of this step are made as one, or none is. */
  async together<T>(step: () => Promise<T>): Promise<T> {
    if (this.#together !== null) return step();
    const batches: Batch[] = [];
    this.#together = batches;
    let result: T;
    try {
      result = await step();
    } catch (error) {
      // What was taken over in memory was never written.
      this.#stale = true;
      throw error;
    } finally {
      this.#together = null;
      this.#bodies.clear();
    }
    if (batches.length > 0) await this.#write(joined(batches));
    return result;
  }

  async commit(batch: Batch): Promise<void> {
    if (this.#together === null) {
      await this.#write(batch);
      return;
    }
    for (const [hash, body] of batch.bodies ?? []) this.#bodies.set(toHex(hash), body);
    this.#take(batch);
    this.#together.push(batch);
  }

  async #write(batch: Batch): Promise<void> {
    const generation = (this.#generation + 1) % 2 ** 32;
    // Until it is done nobody knows whether it was made.
    this.#stale = true;
    await this.#shelf.put([[GENERATION, uint(generation, 4)]]);
    await this.#store.commit(batch);
    [this.#generation, this.#stale] = [generation, false];
    const touched = this.#touchedBy(batch);
    this.#take(batch);
    this.touched(touched, true);
  }

  /** Before it is taken over: what is erased is known by where it was. */
  #touchedBy(batch: Batch): Touched {
    if (batch.afresh === true) return null;
    const touched = new Map<Id, Id>();
    for (const { id, box } of batch.rows ?? []) touched.set(toHex(id), toHex(box));
    for (const [id, one] of [...batch.waiting ?? [], ...batch.drafts ?? []]) {
      const key = toHex(id);
      const box = one?.box ?? this.#waiting.get(key)?.box ?? this.#drafts.get(key)?.box ?? this.#rows.get(key)?.box;
      if (box !== undefined) touched.set(key, toHex(box));
    }
    return touched;
  }

  #take(batch: Batch): void {
    if (batch.afresh === true) {
      this.#chains.clear();
      this.#rows.clear();
    }
    if (batch.state !== undefined) this.#state = batch.state;
    for (const [device, chain] of batch.chains ?? []) this.#chains.set(toHex(device), chain);
    for (const row of batch.rows ?? []) {
      this.#rows.set(toHex(row.id), row);
      this.#blame(row);
      this.#place(row);
    }
    for (const [id, waiting] of batch.waiting ?? []) {
      this.#wait(toHex(id), waiting);
    }
    for (const [id, draft] of batch.drafts ?? []) put(this.#drafts, toHex(id), draft);
    for (const [key, offer] of batch.offers ?? []) put(this.#offers, key, offer);
  }

  /** What is added last comes last: an import adds thousands, and each asks for the newest before it. */
  #wait(id: Id, waiting: Waiting | null): void {
    const last = this.#sorted?.at(-1)?.order ?? 0;
    if (this.#sorted !== null && waiting !== null && !this.#waiting.has(id) && waiting.order > last) this.#sorted.push(waiting);
    else this.#sorted = null;
    put(this.#waiting, id, waiting);
    if (waiting !== null) this.#place(waiting);
  }

  #place({ id, box }: { readonly id: Bytes; readonly box: Bytes }): void {
    const inside = this.#boxes.get(toHex(box));
    if (inside === undefined) this.#boxes.set(toHex(box), new Set([toHex(id)]));
    else inside.add(toHex(id));
  }

  #blame({ id, box, fault }: Row): void {
    const faulty = this.#faulty.get(toHex(box));
    if (fault === null) faulty?.delete(toHex(id));
    else if (faulty === undefined) this.#faulty.set(toHex(box), new Set([toHex(id)]));
    else faulty.add(toHex(id));
  }

  /** Where an object is, null when it was deleted or never was. */
  find(id: Id): Place | null {
    const found = this.#waiting.get(id) ?? this.#rows.get(id);
    if (found === undefined || found.op === Op.DELETE || found.op === Op.DELETE_BOX) return null;
    const row = this.#rows.get(id);
    if (row?.known.deleted === true) return null;
    const fault = this.#waiting.has(id) ? null : row?.fault ?? null;
    return { id: found.id, box: found.box, op: found.op, kind: found.kind, fault };
  }

  /** Whether the id was ever used, deleted or not: it can never be another object's. */
  knows(id: Id): boolean {
    return this.#rows.has(id) || this.#waiting.has(id);
  }

  /** What lies in a box and is not deleted, the box itself among it. */
  inside(box: Id): readonly Place[] {
    return [...(this.#boxes.get(box) ?? [])].flatMap((id) => this.find(id) ?? []);
  }

  /** Whether anything cannot be shown. */
  get isFaulty(): boolean {
    return [...this.#faulty.keys()].some((box) => this.faults(box).length > 0);
  }

  /** What of a box cannot be shown. */
  faults(box: Id): readonly Place[] {
    const found = [...(this.#faulty.get(box) ?? [])].flatMap((id) => this.find(id) ?? []);
    return found.filter(({ fault }) => fault !== null);
  }

  /** The boxes that are not deleted. */
  boxes(): readonly Place[] {
    return [...this.#boxes.keys()].flatMap((box) => {
      const found = this.find(box);
      return found !== null && found.op !== Op.PUT ? [found] : [];
    });
  }

  /** What tells one writing of an object from another; null when it is not here. */
  version(id: Id): string | null {
    const waiting = this.#waiting.get(id);
    if (waiting !== undefined) return `${String(waiting.version)} ${toHex(waiting.body?.slice(-12) ?? new Uint8Array(0))}`;
    const known = this.#rows.get(id)?.known;
    return known === undefined ? null : `${String(known.version)} ${toHex(known.body?.hash.slice(0, 12) ?? new Uint8Array(0))}`;
  }

  /** Changes that only this device has. */
  get unsent(): number {
    return this.#waiting.size + this.#drafts.size;
  }

  state(): Promise<State | null> {
    return Promise.resolve(this.#state);
  }

  /** The state as it was read last. */
  get now(): State | null {
    return this.#state;
  }

  async chain(device: Bytes): Promise<Chain | null> {
    return this.#chains.get(toHex(device)) ?? this.#store.chain(device);
  }

  row(id: Bytes): Promise<Row | null> {
    return Promise.resolve(this.#rows.get(toHex(id)) ?? null);
  }

  rows(): Promise<readonly Row[]> {
    return Promise.resolve([...this.#rows.values()]);
  }

  pages(from: number): Promise<readonly (readonly [n: number, page: SignedPage])[]> {
    return this.#store.pages(from);
  }

  async body(hash: Bytes): Promise<Bytes | null> {
    const found = this.#bodies.get(toHex(hash));
    return found === undefined ? this.#store.body(hash) : found;
  }

  waiting(): Promise<readonly Waiting[]> {
    this.#sorted ??= [...this.#waiting.values()].sort((one, other) => one.order - other.order);
    return Promise.resolve(this.#sorted);
  }

  waitingFor(id: Bytes): Promise<Waiting | null> {
    return Promise.resolve(this.#waiting.get(toHex(id)) ?? null);
  }

  drafts(): Promise<readonly Draft[]> {
    return Promise.resolve([...this.#drafts.values()]);
  }

  offers(): Promise<ReadonlyMap<string, Offer>> {
    return Promise.resolve(this.#offers);
  }

  erasures(): Promise<readonly Erasure[]> {
    return this.#store.erasures();
  }
}

function put<Key, Value>(map: Map<Key, Value>, key: Key, value: Value | null): void {
  if (value === null) map.delete(key);
  else map.set(key, value);
}

type Listed = "chains" | "rows" | "pages" | "bodies" | "waiting" | "drafts" | "offers" | "erasures" | "left";

function joined(batches: readonly Batch[]): Batch {
  const all = <Name extends Listed>(name: Name): Batch[Name] => {
    const found = batches.flatMap((one): readonly unknown[] => one[name] ?? []);
    return found as unknown as Batch[Name];
  };
  const state = batches.findLast((one) => one.state !== undefined)?.state;
  const rest = {
    chains: all("chains") ?? [], rows: all("rows") ?? [], pages: all("pages") ?? [], bodies: all("bodies") ?? [],
    waiting: all("waiting") ?? [], drafts: all("drafts") ?? [], offers: all("offers") ?? [],
    erasures: all("erasures") ?? [], left: all("left") ?? [],
  };
  const afresh = batches.some((one) => one.afresh === true);
  return { ...rest, ...(state === undefined ? {} : { state }), ...(afresh ? { afresh } : {}) };
}
