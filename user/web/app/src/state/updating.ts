/**
 * Which build of the page this browser is served, and what happens when the server has another: a person is asked.
 *
 * The service worker goes on with the build that was taken last. A server can replace the service worker as well, so this
 * shows a change and cannot prevent one; the text says so.
 */

import { effect } from "@preact/signals";

import type { BuildView } from "../bridge/channel.ts";
import { isServed, type Served, type Told } from "../offline/build.ts";
import { allTexts, t } from "../text/text.ts";
import { panelOpen } from "./app.ts";
import { flushDrafts } from "./drafts.ts";
import { tell } from "./notices.ts";
import { provenance } from "./page.ts";
import { ports } from "./ports.ts";

/** Milliseconds between two looks while the page is open. */
const AGAIN = 3_600_000;
/** Milliseconds after which a service worker that says nothing counts as none. */
const PATIENCE = 5000;
const SHORT = 8;

/** What a browser can do with builds. */
export interface Builds {
  /** What its service worker serves; null: there is none yet. */
  served(): Promise<Served | null>;
  /** Take the build that the server sends now, and load the page again. Rejects when it cannot be had whole. */
  take(digest: string): Promise<void>;
}

let announced = "";

/** Look now and every hour. `enforced` says whether the browser holds scripts to the published hashes. */
export async function watchBuild(builds: Builds, enforced: () => Promise<boolean>): Promise<void> {
  const stop = effect(() => {
    if (!panelOpen.value) return;
    void enforced().then((integrity) => { provenance.value = { ...provenance.value, integrity }; });
    queueMicrotask(() => stop());
  });
  setInterval(() => void look(builds).catch(() => undefined), AGAIN);
  await look(builds);
}

/** Compare what is served here with what the server sends. Raises Refusal where the server is not there. */
export async function look(builds: Builds): Promise<void> {
  const served = await builds.served();
  const { channel } = ports();
  const sent = await channel.ask("build", { digest: null });
  const known = served?.adopted ?? sent.digest;
  const logged = known === sent.digest ? sent : await channel.ask("build", { digest: known });
  provenance.value = { ...provenance.value, build: known, logged };
  if (known !== sent.digest && announced !== sent.digest) await announce(builds, known, sent);
}

async function announce(builds: Builds, known: string, sent: BuildView): Promise<void> {
  await allTexts();
  announced = sent.digest;
  const values = { old: shown(known), new: shown(sent.digest), log: t(`update.log.${sent.state}`) };
  tell(t(sent.state === "logged" ? "update.changed" : "update.doubtful", values), {
    urgent: sent.state !== "logged", stays: null, details: `${known} → ${sent.digest}`,
    action: { label: t("update.take"), run: () => void taken(builds, sent.digest) },
  });
}

async function taken(builds: Builds, digest: string): Promise<void> {
  try {
    await flushDrafts();
    await builds.take(digest);
  } catch (error) {
    tell(t("update.failed"), { urgent: true, details: error instanceof Error ? error.message : "" });
  }
}

function shown(digest: string): string {
  return `${digest.slice(0, SHORT)}…`;
}

/** Builds as this browser's service workers have them. */
export function ofBrowser(registration: ServiceWorkerRegistration | null): Builds {
  return {
    served: async () => {
      const controller = registration === null ? null : navigator.serviceWorker.controller;
      return controller === null ? null : ask(controller, "who");
    },
    take: async (digest) => {
      if (registration !== null && !await adopted(registration, digest)) await forget(registration);
      location.reload();
    },
  };
}

/** Whether a service worker came with this build, and serves it from now on. Rejects when the build is not whole. */
async function adopted(registration: ServiceWorkerRegistration, digest: string): Promise<boolean> {
  await registration.update();
  const { installing } = registration;
  if (installing !== null) await installation(installing);
  // The newest is asked, and not waited for any longer: a browser lets it take over only when the old one has nothing left
  // to do, which may be minutes later. Until then the old one serves what was adopted.
  const newest = registration.waiting ?? registration.active;
  const said = newest === null ? null : await ask(newest, "adopt");
  if (said?.own !== digest) return false;
  if (said.adopted !== digest) throw new Error(digest);
  return true;
}

/** No service worker has this build: without one the page comes from the server, as it does at a first visit. */
async function forget(registration: ServiceWorkerRegistration): Promise<void> {
  await registration.unregister();
  for (const name of await caches.keys()) await caches.delete(name);
}

function installation(worker: ServiceWorker): Promise<void> {
  return new Promise((resolve, reject) => {
    const heard = (): void => {
      if (worker.state === "redundant") reject(new Error("the new code is not whole"));
      else if (worker.state !== "installing" && worker.state !== "parsed") resolve();
    };
    worker.addEventListener("statechange", heard);
    heard();
  });
}

function ask(worker: ServiceWorker, told: Told): Promise<Served | null> {
  return new Promise((resolve) => {
    const { port1, port2 } = new MessageChannel();
    // Adopting fetches the whole build, which a slow line may take its time for.
    const late = told === "who" ? setTimeout(() => resolve(null), PATIENCE) : undefined;
    port1.onmessage = ({ data }: MessageEvent<unknown>) => {
      clearTimeout(late);
      resolve(isServed(data) ? data : null);
    };
    worker.postMessage(told, [port2]);
  });
}
