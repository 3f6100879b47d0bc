/** Devices and what opens the account: listed, renamed, added, taken away. Taking away always makes new keys. */

import { signal } from "@preact/signals";

import type { DeviceView, OpenerView } from "../bridge/views.ts";
import { account } from "./app.ts";
import { clears } from "./clearing.ts";
import { type Fault, faultOf } from "./faults.ts";
import { enrol } from "./gestures.ts";
import { ports } from "./ports.ts";
import { withProof } from "./proving.ts";

export interface Listed {
  readonly devices: readonly DeviceView[];
  readonly openers: readonly OpenerView[];
}

export const listed = signal<Listed | null>(null);
export const listFault = signal<Fault | null>(null);
/** What is being done now, as the id it is done to, or "passkey", "code"; null: nothing. */
export const working = signal<string | null>(null);
/** Whether the browser promised to keep what is saved here; null: it was not asked yet. */
export const persisted = signal<boolean | null>(null);

clears(() => { [listed.value, listFault.value, working.value, replacing.value] = [null, null, null, null]; });

/** Devices that were added within these days by another one are told of when this one opens. */
const NEWS_DAYS = 3;
const DAY = 86_400_000;

/** Read the list. */
export async function load(): Promise<void> {
  listFault.value = null;
  try {
    listed.value = await ports().vault.ask("devices", {});
  } catch (error) {
    listFault.value = faultOf(error);
  }
  persisted.value = "storage" in navigator ? await navigator.storage.persisted() : null;
}

/** Ask the browser to keep what is saved here; it may refuse. */
export async function persist(): Promise<void> {
  if ("storage" in navigator && persisted.peek() !== true) persisted.value = await navigator.storage.persist();
}

/** Devices that another one added since this one is there, and lately: people are told, and may take them away. */
export function arrivals({ devices }: Listed, now: number): readonly DeviceView[] {
  const own = devices.find((one) => one.here);
  if (own === undefined) return [];
  return devices.filter(({ active, here, label, added, addedBy }) => {
    const strange = active && !here && addedBy !== null && addedBy !== own.label && label !== own.addedBy;
    return strange && added >= own.added && now - added < NEWS_DAYS * DAY;
  });
}

/** Take a device away: it is not let in again, and what is written from now on has new keys. */
export function revoke(device: string): Promise<Fault | null> {
  return worked(device, () => withProof(() => ports().vault.ask("revoke", { device })));
}

export function rename(device: string, label: string): Promise<Fault | null> {
  return worked(device, () => ports().vault.ask("rename", { device, label }));
}

/** Another passkey that opens; one that cannot is refused. `again` waits for the click before its second answer. */
export function addPasskey(passkeyLabel: string, again: () => Promise<void>): Promise<Fault | null> {
  return worked("passkey", async () => {
    // Before the gesture: a proof is a gesture of its own.
    const challenge = await withProof(() => ports().vault.ask("addPasskey", {}));
    const { registration, material } = await enrol(() => Promise.resolve(challenge), passkeyLabel, again);
    await ports().vault.ask("addedPasskey", { ...registration, material, passkeyLabel });
  });
}

/** Take a passkey, a code or words away; what remains must still open. */
export function removeOpener(opener: string): Promise<Fault | null> {
  return worked(opener, () => withProof(() => ports().vault.ask("removeOpener", { opener })));
}

async function worked(what: string, step: () => Promise<unknown>): Promise<Fault | null> {
  if (working.value !== null) return null;
  working.value = what;
  try {
    await step();
    if (account.value?.state === "open") await load();
    return null;
  } catch (error) {
    return faultOf(error);
  } finally {
    working.value = null;
  }
}

/** A new recovery code in place of the old one: shown, typed, then it alone counts. */
export type Replacing =
  | { readonly at: "code"; readonly shown: string }
  | { readonly at: "typed"; readonly shown: string; readonly fault: Fault | null; readonly busy: boolean };

export const replacing = signal<Replacing | null>(null);

/** Raises nothing: why it did not begin is answered. */
export function replaceCode(): Promise<Fault | null> {
  return worked("code", async () => {
    const shown = await withProof(() => ports().vault.ask("ceremony", {}));
    replacing.value = { at: "code", shown };
  });
}

export function turnReplacing(at: Replacing["at"]): void {
  const { value } = replacing;
  if (value === null) return;
  replacing.value = at === "code" ? { at, shown: value.shown } : { at, shown: value.shown, fault: null, busy: false };
}

/** Groups 3 and 7. Until they match the old code counts. */
export async function typeReplacing(third: string, seventh: string): Promise<boolean> {
  const { value } = replacing;
  if (value?.at !== "typed" || value.busy) return false;
  replacing.value = { ...value, fault: null, busy: true };
  try {
    await withProof(() => ports().vault.ask("typed", { third, seventh }));
    replacing.value = null;
    await load();
    return true;
  } catch (error) {
    replacing.value = { ...value, fault: faultOf(error), busy: false };
    return false;
  }
}
