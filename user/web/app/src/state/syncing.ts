/** Agreeing with the service because a person wants it now, and mending a history that two views tore apart. */

import { signal } from "@preact/signals";

import { tried } from "./failing.ts";
import { ports } from "./ports.ts";

export const syncing = signal(false);

/** Upload and read at once: the service learns the moment. */
export function syncNow(): Promise<void> {
  return once(() => ports().vault.ask("sync", {}));
}

/** After contradicting pages: keep one branch, and append what it lacks. Nothing heals without this word. */
export function repair(): Promise<void> {
  return once(() => ports().vault.ask("repair", {}));
}

async function once(step: () => Promise<unknown>): Promise<void> {
  if (syncing.value) return;
  syncing.value = true;
  await tried(step);
  syncing.value = false;
}
