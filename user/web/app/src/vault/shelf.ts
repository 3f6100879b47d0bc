/**
 * What this device keeps of an account beside its history, by name: sealed texts of composers, sealed pieces of the search
 * index, marks without content. Nothing of it is trusted, and each piece can be lost alone.
 */

import { type Bytes, toHex } from "@privity/protocol/bytes";

export interface Shelf {
  get(name: string): Promise<Bytes | null>;
  /** The names that begin so. */
  names(beginning: string): Promise<readonly string[]>;
  /** Null erases. All of it is durable when the promise is fulfilled, or nothing is. */
  put(pieces: readonly (readonly [name: string, data: Bytes | null])[]): Promise<void>;
  /** Let go of the storage; `erase` it too when the device is forgotten. */
  close(): void;
}

const STORE = "shelf";

export function shelfName(account: Bytes): string {
  return `privity-shelf-${toHex(account)}`;
}

/** The shelf in IndexedDB. Raises the browser's DOMException. */
export async function openShelf(factory: IDBFactory, account: Bytes): Promise<Shelf> {
  const opening = factory.open(shelfName(account), 1);
  opening.onupgradeneeded = () => {
    opening.result.createObjectStore(STORE);
  };
  const database = await answered(opening);
  // Another tab erases it: this one must let go, or it would wait for ever.
  database.onversionchange = () => {
    database.close();
  };
  return {
    get: async (name) => {
      const found = await answered(database.transaction(STORE, "readonly").objectStore(STORE).get(name)) as unknown;
      return found instanceof Uint8Array ? new Uint8Array(found) : null;
    },
    names: async (beginning) => {
      const range = IDBKeyRange.bound(beginning, `${beginning}\uffff`);
      const keys = await answered(database.transaction(STORE, "readonly").objectStore(STORE).getAllKeys(range));
      return keys.filter((one) => typeof one === "string");
    },
    put: (pieces) => new Promise((resolve, reject) => {
      const transaction = database.transaction(STORE, "readwrite", { durability: "strict" });
      transaction.oncomplete = () => resolve();
      transaction.onabort = () => reject(transaction.error ?? new DOMException("the browser gave no reason", "UnknownError"));
      try {
        const store = transaction.objectStore(STORE);
        for (const [name, data] of pieces) {
          if (data === null) store.delete(name);
          else store.put(data, name);
        }
      } catch (error) {
        // A value that cannot be cloned throws here, and what was put before it would be kept.
        transaction.abort();
        throw error;
      }
    }),
    close: () => database.close(),
  };
}

/** Erase the shelf of an account. */
export async function eraseShelf(factory: IDBFactory, account: Bytes): Promise<void> {
  await answered(factory.deleteDatabase(shelfName(account)));
}

function answered<T>(request: IDBRequest<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error ?? new DOMException("the browser gave no reason", "UnknownError"));
  });
}
