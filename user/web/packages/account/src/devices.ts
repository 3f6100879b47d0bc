/**
 * The keys of this browser as a device, one entry for each account. Source: specs/account.md, section "On the device".
 *
 * Keys are non-extractable: a copy of the database signs and opens in this browser and nowhere else. No name that a person
 * gave stands here.
 */

import type { Erasure } from "@privity/history/erasure";
import { type Bytes, toHex } from "@privity/protocol/bytes";
import type { Stored } from "@privity/vault/signer";

/** How this browser opens the account: its opener's record as it was written last, and the key if it stays unlocked. */
export interface OwnOpener {
  readonly id: Bytes;
  readonly record: Bytes;
  /** Null: a passkey or the seven words are asked for. */
  readonly key: CryptoKey | null;
}

export interface KnownDevice {
  readonly format: 1;
  readonly account: Bytes;
  readonly origin: string;
  readonly device: Bytes;
  readonly signing: Stored;
  readonly opener: OwnOpener;
}

/** Durable storage of them. Each change has happened when its promise is fulfilled. */
export interface Devices {
  all(): Promise<readonly KnownDevice[]>;
  put(known: KnownDevice): Promise<void>;
  remove(account: Bytes): Promise<void>;
  /** What the service promised of accounts that were erased from here: it outlives them. */
  erasures(): Promise<readonly Erasure[]>;
  keepErasure(erasure: Erasure): Promise<void>;
}

export const DATABASE = "privity-devices";
const STORE = "devices";
const ERASURES = "erasures";
/** 2: receipts of erased accounts. */
const VERSION = 2;

/** The entries in IndexedDB. Each call raises the browser's DOMException. */
export class IndexedDevices implements Devices {
  readonly #factory: IDBFactory;

  constructor(factory: IDBFactory) {
    this.#factory = factory;
  }

  async all(): Promise<readonly KnownDevice[]> {
    const found = await this.#with(STORE, "readonly", (store) => store.getAll());
    return (found as readonly (KnownDevice | { readonly format: null })[]).filter((one) => one.format === 1);
  }

  async put(known: KnownDevice): Promise<void> {
    await this.#with(STORE, "readwrite", (store) => store.put(known, toHex(known.account)));
  }

  async remove(account: Bytes): Promise<void> {
    await this.#with(STORE, "readwrite", (store) => store.delete(toHex(account)));
  }

  async erasures(): Promise<readonly Erasure[]> {
    return (await this.#with(ERASURES, "readonly", (store) => store.getAll())) as readonly Erasure[];
  }

  async keepErasure(erasure: Erasure): Promise<void> {
    await this.#with(ERASURES, "readwrite", (store) => store.put(erasure, toHex(erasure.account)));
  }

  async #with<T>(name: string, mode: IDBTransactionMode, step: (store: IDBObjectStore) => IDBRequest<T>): Promise<T> {
    const opening = this.#factory.open(DATABASE, VERSION);
    opening.onupgradeneeded = () => {
      const there = opening.result.objectStoreNames;
      for (const one of [STORE, ERASURES]) if (!there.contains(one)) opening.result.createObjectStore(one);
    };
    const database = await answered(opening);
    try {
      // Strict: what opens an account is on the disk before the service is told to keep the account.
      const transaction = database.transaction(name, mode, { durability: "strict" });
      const [result] = await Promise.all([answered(step(transaction.objectStore(name))), ended(transaction)]);
      return result;
    } finally {
      database.close();
    }
  }
}

function answered<T>(request: IDBRequest<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(reasonOf(request.error));
  });
}

function ended(transaction: IDBTransaction): Promise<void> {
  return new Promise((resolve, reject) => {
    transaction.oncomplete = () => resolve();
    transaction.onabort = () => reject(reasonOf(transaction.error));
  });
}

function reasonOf(error: DOMException | null): DOMException {
  return error ?? new DOMException("the browser gave no reason", "UnknownError");
}
