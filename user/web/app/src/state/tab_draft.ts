/**
 * A guest's unsent words over a reload, or a tab that the system ended: in the tab's own session, which ends with it, sealed
 * under a key of this browser that no script can read.
 *
 * Trusted? Whoever has this browser's profile on disk can open it, as with every key that a browser keeps. Altered or lost: it
 * does not open, and the composer is empty. Rolled back: an older draft. With an account the vault keeps drafts instead.
 */

import { base64urlDecode, base64urlEncode } from "@privity/protocol/canonical";

const ITEM = "privity.draft";
const DATABASE = "privity-tab";
const STORE = "keys";
const NONCE = 12;
/** Characters (UTF-16) that are held; a session has room for five million, and base64 takes more. */
const MOST = 500_000;

let last: Promise<unknown> = Promise.resolve();
let next: string | null = null;

/** Hold this text from now on; "" holds none. It never fails: where nothing can be kept, the text is in the composer alone. */
export function holdDraft(text: string): void {
  if (!canHold()) return;
  const waits = next !== null;
  next = text;
  // Of what is typed while one is sealed, the newest counts.
  if (!waits) void inTurn(sealNext);
}

/** What was held when the page was left; "" is nothing. Whatever is held from now on waits until this was read. */
export function heldDraft(): Promise<string> {
  return canHold() ? inTurn(opened).then((text) => text ?? "") : Promise.resolve("");
}

/** Hold nothing any more, and leave no key. */
export function dropDraft(): void {
  if (!canHold()) return;
  next = null;
  void inTurn(() => {
    sessionStorage.removeItem(ITEM);
    // eslint-disable-next-line no-restricted-globals -- its own database, which is here alone
    indexedDB.deleteDatabase(DATABASE);
    return Promise.resolve();
  });
}

function canHold(): boolean {
  // eslint-disable-next-line no-restricted-globals -- its own database, which is here alone
  return typeof sessionStorage !== "undefined" && typeof indexedDB !== "undefined";
}

/** One after the other; what fails is as if it had not been asked. */
function inTurn<T>(step: () => Promise<T>): Promise<T | null> {
  const done = last.then(step).catch(() => null);
  last = done;
  return done;
}

async function sealNext(): Promise<void> {
  const text = next;
  next = null;
  if (text === null) return;
  if (text === "" || text.length > MOST) {
    sessionStorage.removeItem(ITEM);
    return;
  }
  const iv = crypto.getRandomValues(new Uint8Array(NONCE));
  const sealed = await crypto.subtle.encrypt({ name: "AES-GCM", iv }, await keyOf(), new TextEncoder().encode(text));
  const all = new Uint8Array(NONCE + sealed.byteLength);
  all.set(iv);
  all.set(new Uint8Array(sealed), NONCE);
  sessionStorage.setItem(ITEM, base64urlEncode(all));
}

async function opened(): Promise<string> {
  const data = base64urlDecode(sessionStorage.getItem(ITEM) ?? "");
  if (data === null || data.length <= NONCE) return "";
  const text = await crypto.subtle.decrypt({ name: "AES-GCM", iv: data.slice(0, NONCE) }, await keyOf(), data.slice(NONCE));
  return new TextDecoder().decode(text);
}

/** The key, made when there is none. Raises the browser's DOMException. */
async function keyOf(): Promise<CryptoKey> {
  // eslint-disable-next-line no-restricted-globals -- its own database, which is here alone
  const opening = indexedDB.open(DATABASE, 1);
  opening.onupgradeneeded = () => opening.result.createObjectStore(STORE);
  const database = await answered(opening);
  try {
    const found: unknown = await answered(database.transaction(STORE).objectStore(STORE).get(0));
    if (found instanceof CryptoKey) return found;
    const made = await crypto.subtle.generateKey({ name: "AES-GCM", length: 256 }, false, ["encrypt", "decrypt"]);
    await answered(database.transaction(STORE, "readwrite").objectStore(STORE).put(made, 0));
    return made;
  } finally {
    database.close();
  }
}

function answered<T>(request: IDBRequest<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error ?? new DOMException("the browser gave no reason", "UnknownError"));
  });
}
