/** The store in a browser: one IndexedDB database for an account, one object store for each kind of row. */

import { type Bytes, toHex } from "@privity/protocol/bytes";
import type { Chain, SignedPage } from "@privity/vault/page";

import type { Erasure } from "./erasure.ts";
import type { Batch, Draft, Offer, Row, State, Store, Waiting } from "./store.ts";

const NAMES = ["state", "chains", "rows", "pages", "bodies", "waiting", "drafts", "offers", "erasures", "left"] as const;
type Name = (typeof NAMES)[number];
const STATE = "state";
/** 2: pages are kept; a device of before goes on without those that it had read. 3: receipts of erasure. */
const VERSION = 3;

/** The name of an account's database. */
export function databaseName(account: Bytes): string {
  return `privity-${toHex(account)}`;
}

/** Open the store of an account, made when it is not there. Raises the browser's DOMException. */
export async function open(factory: IDBFactory, account: Bytes): Promise<IndexedStore> {
  const opening = factory.open(databaseName(account), VERSION);
  opening.onupgradeneeded = () => {
    const there = opening.result.objectStoreNames;
    for (const name of NAMES) if (!there.contains(name)) opening.result.createObjectStore(name);
  };
  return new IndexedStore(await answered(opening));
}

/** Erase the store of an account: "Forget this device". */
export async function forget(factory: IDBFactory, account: Bytes): Promise<void> {
  await answered(factory.deleteDatabase(databaseName(account)));
}

export class IndexedStore implements Store {
  readonly #database: IDBDatabase;
  /** What reads at the moment: what is asked for in one go is one transaction. */
  #reading: IDBTransaction | null = null;

  constructor(database: IDBDatabase) {
    this.#database = database;
    // Another tab deletes or upgrades: this one must let go, or it would wait for ever.
    database.onversionchange = () => {
      database.close();
    };
  }

  close(): void {
    this.#database.close();
  }

  async state(): Promise<State | null> {
    return this.#get<State>("state", STATE);
  }

  async chain(device: Bytes): Promise<Chain | null> {
    return this.#get<Chain>("chains", toHex(device));
  }

  async row(id: Bytes): Promise<Row | null> {
    return this.#get<Row>("rows", toHex(id));
  }

  async rows(): Promise<readonly Row[]> {
    return this.#all<Row>("rows");
  }

  async pages(from: number): Promise<readonly (readonly [n: number, page: SignedPage])[]> {
    const range = IDBKeyRange.lowerBound(from);
    const [keys, values] = await Promise.all([
      this.#read("pages", (store) => store.getAllKeys(range)), this.#read("pages", (store) => store.getAll(range)),
    ]);
    return keys.map((key, at) => [key as number, values[at] as SignedPage]);
  }

  async body(hash: Bytes): Promise<Bytes | null> {
    return this.#get<Bytes>("bodies", toHex(hash));
  }

  async waiting(): Promise<readonly Waiting[]> {
    return (await this.#all<Waiting>("waiting")).sort((one, other) => one.order - other.order);
  }

  async waitingFor(id: Bytes): Promise<Waiting | null> {
    return this.#get<Waiting>("waiting", toHex(id));
  }

  async drafts(): Promise<readonly Draft[]> {
    return this.#all<Draft>("drafts");
  }

  async offers(): Promise<ReadonlyMap<string, Offer>> {
    const [keys, values] = await Promise.all([
      this.#read("offers", (store) => store.getAllKeys()), this.#read("offers", (store) => store.getAll()),
    ]);
    return new Map(keys.map((key, at) => [key as string, values[at] as Offer]));
  }

  async erasures(): Promise<readonly Erasure[]> {
    return (await this.#all<Erasure>("erasures")).sort((one, other) => one.n - other.n);
  }

  async commit(batch: Batch): Promise<void> {
    // Strict: an acknowledged question must survive a loss of power, and this is where it is acknowledged.
    const transaction = this.#database.transaction(NAMES, "readwrite", { durability: "strict" });
    try {
      write(transaction, batch);
    } catch (error) {
      // A value that cannot be cloned throws here, and what was put before it would be committed.
      transaction.abort();
      throw error;
    }
    await done(transaction);
  }

  async #get<T>(name: Name, key: string): Promise<T | null> {
    const found = (await this.#read(name, (store) => store.get(key))) as T | undefined;
    return found ?? null;
  }

  async #all<T>(name: Name): Promise<T[]> {
    return (await this.#read(name, (store) => store.getAll())) as T[];
  }

  /**
   * Ask within the transaction that reads, or a new one once that is over. It never sees less than what was committed
   * before: a transaction that still takes requests began after every commit that has happened.
   */
  #read<T>(name: Name, step: (store: IDBObjectStore) => IDBRequest<T>): Promise<T> {
    if (this.#reading !== null) {
      try {
        return answered(step(this.#reading.objectStore(name)));
      } catch (error) {
        if (!isOver(error)) throw error;
      }
    }
    this.#reading = this.#database.transaction(NAMES, "readonly");
    return answered(step(this.#reading.objectStore(name)));
  }
}

function write(transaction: IDBTransaction, batch: Batch): void {
  const put = (name: Name, key: string | number, value: unknown): void => {
    if (value === null) transaction.objectStore(name).delete(key);
    else transaction.objectStore(name).put(value, key);
  };
  if (batch.afresh === true) for (const name of ["chains", "rows", "pages"] as const) transaction.objectStore(name).clear();
  if (batch.state !== undefined) put("state", STATE, batch.state);
  for (const [device, chain] of batch.chains ?? []) put("chains", toHex(device), chain);
  for (const row of batch.rows ?? []) put("rows", toHex(row.id), row);
  for (const [n, page] of batch.pages ?? []) put("pages", n, page);
  for (const one of batch.erasures ?? []) put("erasures", one.n, one);
  for (const page of batch.left ?? []) put("left", toHex(page.signature), page);
  for (const [hash, body] of batch.bodies ?? []) put("bodies", toHex(hash), body);
  for (const [id, waiting] of batch.waiting ?? []) put("waiting", toHex(id), waiting);
  for (const [id, draft] of batch.drafts ?? []) put("drafts", toHex(id), draft);
  for (const [key, offer] of batch.offers ?? []) put("offers", key, offer);
}

function isOver(error: unknown): boolean {
  return error instanceof DOMException && ["TransactionInactiveError", "InvalidStateError"].includes(error.name);
}

function answered<T>(request: IDBRequest<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(reasonOf(request.error));
  });
}

function done(transaction: IDBTransaction): Promise<void> {
  return new Promise((resolve, reject) => {
    transaction.oncomplete = () => resolve();
    transaction.onabort = () => reject(reasonOf(transaction.error));
  });
}

function reasonOf(error: DOMException | null): DOMException {
  return error ?? new DOMException("the browser gave no reason", "UnknownError");
}
