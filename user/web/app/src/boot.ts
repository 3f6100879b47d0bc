/**
 * What runs before anything else: the theme, the one Trusted Types policy, and workers whose bytes were checked.
 *
 * The page's own modules are held to their hashes by the import map. A worker is out of its reach, so its hash stands here,
 * in a module that the map covers: the bytes are fetched under it, and only they become a worker.
 */

import { hasAll } from "@privity/protocol/known_answers";

import { DARK, paint, readLook } from "./state/look.ts";
import { running } from "./unable.ts";

/** One file of this build: where it lies and what it hashes to (Subresource Integrity). */
interface Delivered {
  readonly path: string;
  readonly integrity: string;
}

export type WorkerName = "vault" | "channel" | "files" | "annex";
/** Workers with keys come in two builds; the full one has script for curves and lattices that a browser lacks. */
type FileName = WorkerName | "vault-full" | "channel-full";
export type StyleName = "formula";

/** Written by the build, which made these files before it made this module. */
declare const PRIVITY_WORKERS: Readonly<Record<FileName, Delivered>>;
declare const PRIVITY_STYLES: Readonly<Record<StyleName, Delivered>>;

const SERVICE_WORKER = "/sw.js";
/** An empty module of every build; no import map names it. */
const UNLISTED = "/unlisted.js";
/** Where `privity web` says what it is; no server of ours answers there. Source: specs/web-delivery.md. */
const STATEMENT = "/.well-known/privity-local";
const own = new Set<string>([SERVICE_WORKER]);
const started = new Map<FileName, Promise<string>>();
let able: Promise<boolean> | null = null;
const styled = new Map<StyleName, Promise<void>>();

/** What `createScriptURL` gives; browsers without Trusted Types take the text itself. */
interface ScriptUrls {
  createScriptURL(address: string): string;
}

/** The only policy that the page's headers allow, and it makes no markup and no script text. */
const policy = scriptUrls({
  createScriptURL(address: string): string {
    if (!own.has(address)) throw new TypeError("an address that boot.ts did not make");
    return address;
  },
});

function scriptUrls(rules: ScriptUrls): ScriptUrls {
  const factory = (globalThis as { trustedTypes?: { createPolicy(name: string, rules: ScriptUrls): ScriptUrls } }).trustedTypes;
  return factory?.createPolicy("privity-code", rules) ?? rules;
}

/**
 * A worker of this build; `server` is the one behind local mode, else null.
 *
 * Rejects when its file cannot be fetched or is not the one that was built.
 */
export async function startWorker(name: WorkerName, server: string | null): Promise<Worker> {
  const file = (name === "vault" || name === "channel") && !await (able ??= hasAll()) ? (`${name}-full` as const) : name;
  let address = started.get(file);
  if (address === undefined) {
    address = verified(PRIVITY_WORKERS[file]);
    started.set(file, address);
    address.catch(() => started.delete(file));
  }
  // In local mode the worker reads in its name whose requests go through this page's own origin (bridge/through.ts).
  const called = server === null ? name : `${name} ${server}`;
  return new Worker(policy.createScriptURL(await address), { type: "module", name: called });
}

/** The address of a blob that holds exactly the bytes that were built. */
async function verified({ path, integrity }: Delivered): Promise<string> {
  const fetched = (cache: RequestCache): Promise<Response> => {
    // A file of this very build, held to its hash by the browser. The page itself fetches nothing else but the statement below.
    // eslint-disable-next-line no-restricted-globals
    return fetch(path, { integrity, cache, credentials: "omit", redirect: "error", referrerPolicy: "no-referrer" });
  };
  // What was damaged on its way would otherwise lie in the browser's cache, and be refused, for a year.
  const response = await fetched("default").catch(() => fetched("reload"));
  if (!response.ok) throw new TypeError(`${path} answered ${String(response.status)}`);
  const address = URL.createObjectURL(new Blob([await response.arrayBuffer()], { type: "text/javascript" }));
  own.add(address);
  return address;
}

/** Only this machine answers at `localhost`, so a server cannot claim to be it. */
async function askLocalMode(): Promise<string | null> {
  if (location.hostname !== "localhost") return null;
  try {
    // eslint-disable-next-line no-restricted-globals
    const response = await fetch(STATEMENT, { cache: "no-store", credentials: "omit", redirect: "error" });
    return response.ok ? await response.text() : null;
  } catch {
    return null;
  }
}

/** Add a style sheet of this build that the first load does without. Rejects when it is missing or not the one built. */
export function loadStyle(name: StyleName): Promise<void> {
  const known = styled.get(name);
  if (known !== undefined) return known;
  const { path, integrity } = PRIVITY_STYLES[name];
  const link = document.createElement("link");
  Object.assign(link, { rel: "stylesheet", integrity, href: path });
  const loaded = new Promise<void>((resolve, reject) => {
    link.addEventListener("load", () => resolve());
    link.addEventListener("error", () => {
      styled.delete(name);
      link.remove();
      reject(new TypeError(`${path} was refused`));
    });
  });
  styled.set(name, loaded);
  document.head.append(link);
  return loaded;
}

/** The service worker's registration; null where there is none. */
export async function registerServiceWorker(): Promise<ServiceWorkerRegistration | null> {
  if (!("serviceWorker" in navigator)) return null;
  return navigator.serviceWorker.register(policy.createScriptURL(SERVICE_WORKER), { updateViaCache: "none" }).catch(() => null);
}

/** Whether this browser holds scripts to the published hashes: then it refuses one that the page has no hash of. */
export async function enforcesIntegrity(): Promise<boolean> {
  return import(/* @vite-ignore */ UNLISTED).then(() => false, () => true);
}

/** What `privity web` on this machine says of itself, unread; null: this page came from a server. */
export const statement: Promise<string | null> = askLocalMode();

paint(readLook().theme, matchMedia(DARK).matches);
import("./main.tsx").catch(running());
