/**
 * What the channel keeps in this browser: one IndexedDB database, a row for each thing and service.
 *
 * Trusted: as the browser's own storage. Lost: the next heads and the next pin are believed as the first ones were. A
 * lock that all tabs share is held while something is changed; IndexedDB's own transactions end while a step waits.
 */

import type { Bytes } from "@privity/protocol/bytes";

import type { Cabinet, Kept } from "./edges.ts";

const NAME = "privity-channel";
const STORE = "kept";
const VERSION = 1;

/** The database, made when it is not there. Raises the browser's DOMException. */
export async function open(factory: IDBFactory): Promise<IDBDatabase> {
  const opening = factory.open(NAME, VERSION);
  opening.onupgradeneeded = () => opening.result.createObjectStore(STORE);
  const database = await answered(opening);
  // Another tab deletes or upgrades: this one must let go, or it would wait for ever.
  database.onversionchange = () => database.close();
  return database;
}

/** What is kept of one service. */
export function cabinetOf(database: IDBDatabase, locks: LockManager, service: string): Cabinet {
  const key = (name: Kept): string => `${service} ${name}`;
  const get = async (name: Kept): Promise<Bytes | null> => {
    const found: unknown = await answered(database.transaction(STORE, "readonly").objectStore(STORE).get(key(name)));
    return found instanceof Uint8Array ? new Uint8Array(found) : null;
  };
  const write = (change: (store: IDBObjectStore) => void): Promise<void> => {
    // Strict: a head that was used must be remembered, whatever happens next.
    const transaction = database.transaction(STORE, "readwrite", { durability: "strict" });
    change(transaction.objectStore(STORE));
    return new Promise((resolve, reject) => {
      transaction.oncomplete = () => resolve();
      transaction.onabort = () => reject(reasonOf(transaction.error));
    });
  };
  const put = (name: Kept, data: Bytes): Promise<void> => write((store) => store.put(data, key(name)));
  return {
    get,
    put,
    // No origin has a space, and "!" comes after it: these are the names of this service and of no other.
    erase: () => write((store) => store.delete(IDBKeyRange.bound(`${service} `, `${service}!`, false, true))),
    update: async (name, step) => {
      await locks.request(`${NAME} ${key(name)}`, async () => put(name, await step(await get(name))));
    },
  };
}

function answered<T>(request: IDBRequest<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(reasonOf(request.error));
  });
}

function reasonOf(error: DOMException | null): DOMException {
  return error ?? new DOMException("the browser gave no reason", "UnknownError");
}
