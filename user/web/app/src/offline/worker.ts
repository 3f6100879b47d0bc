/** The service worker. It comes with one build of the client, which was written into it, and serves what a person took. */

import { hasAll } from "@privity/protocol/known_answers";

import { type Build, isTold } from "./build.ts";
import { Shell } from "./shell.ts";

/** Written by the build, after everything else was built. */
declare const PRIVITY_BUILD: Build;
/** Workers that the page starts: in browsers that have all curves and lattices, and in others. */
declare const PRIVITY_WORKING: Readonly<Record<"native" | "full", readonly string[]>>;

/** Of a service worker's own scope, what is used here; its types and those of a page exclude each other. */
interface Extendable extends Event {
  waitUntil(work: Promise<unknown>): void;
}
interface Fetching extends Extendable {
  readonly request: Request;
  respondWith(answer: Promise<Response>): void;
}
interface Messaged extends Extendable {
  readonly data: unknown;
  readonly ports: readonly MessagePort[];
}
interface Scope {
  readonly caches: CacheStorage;
  readonly clients: { claim(): Promise<void> };
  readonly location: Location;
  fetch(address: string, options: RequestInit): Promise<Response>;
  skipWaiting(): Promise<void>;
  addEventListener(type: "install" | "activate", listener: (event: Extendable) => void): void;
  addEventListener(type: "fetch", listener: (event: Fetching) => void): void;
  addEventListener(type: "message", listener: (event: Messaged) => void): void;
}

const scope = self as unknown as Scope;
const shell = new Shell(PRIVITY_BUILD, {
  origin: scope.location.origin,
  caches: scope.caches,
  fetch: (address, options) => scope.fetch(address, options),
  working: async () => PRIVITY_WORKING[(await hasAll()) ? "native" : "full"],
});

// It may take over at once: that changes who serves, not what is served.
scope.addEventListener("install", (event) => event.waitUntil(shell.install().then(() => scope.skipWaiting())));
scope.addEventListener("activate", (event) => event.waitUntil(scope.clients.claim()));
scope.addEventListener("fetch", (event) => {
  const answer = shell.answer(event.request);
  if (answer === null) return;
  event.respondWith(answer);
  if (event.request.mode === "navigate") event.waitUntil(answer.then(() => shell.refresh()));
});
scope.addEventListener("message", (event) => {
  const { data, ports: [port] } = event;
  if (!isTold(data)) return;
  // What is served afterwards says whether it was adopted.
  const done = data === "adopt" ? shell.adopt().catch(() => undefined) : Promise.resolve();
  event.waitUntil(done.then(() => shell.served()).then((said) => port?.postMessage(said)));
});
