/** Linking two browsers: the new one shows a code and six digits, the one that has the account scans, types and grants. */

import { signal } from "@preact/signals";

import type { AccountState } from "../bridge/views.ts";
import { screen } from "./app.ts";
import { clears } from "./clearing.ts";
import { became } from "./entry.ts";
import { type Fault, faultOf } from "./faults.ts";
import { ports } from "./ports.ts";
import { withProof } from "./proving.ts";

/** Milliseconds between two questions for a step of the other device. */
const PATIENCE = 1000;

/** The new device. */
export type Offering =
  | { readonly at: "begin"; readonly fault: Fault | null }
  | { readonly at: "making" }
  /** `link` waits to be scanned or pasted. */
  | { readonly at: "shown"; readonly link: string }
  /** `code` waits to be typed, where there is no camera. */
  | { readonly at: "code"; readonly code: string }
  /** To be typed on the other device. */
  | { readonly at: "digits"; readonly digits: string };

/** The device that has the account. */
export type Granting =
  | { readonly at: "link"; readonly fault: Fault | null }
  | { readonly at: "waiting" }
  | { readonly at: "digits"; readonly left: number; readonly wrong: boolean; readonly busy: boolean }
  | { readonly at: "name"; readonly fault: Fault | null; readonly busy: boolean }
  | { readonly at: "done"; readonly label: string };

export const offering = signal<Offering>({ at: "begin", fault: null });
export const granting = signal<Granting>({ at: "link", fault: null });

/** A new number makes every question of the attempt before it end. */
let attempts = 0;

clears(stop);

/** New device: show a code to be scanned, or to be `typed`, then digits, then open. */
export async function offer(typed = false): Promise<void> {
  const mine = ++attempts;
  offering.value = { at: "making" };
  try {
    const made: Offering = typed
      ? { at: "code", code: await ports().vault.ask("offerCode", {}) }
      : { at: "shown", link: await ports().vault.ask("offer", {}) };
    if (mine !== attempts) return;
    offering.value = made;
    const digits = await awaited(mine, () => ports().vault.ask("answered", {}));
    if (digits === null) return;
    offering.value = { at: "digits", digits };
    const state = await awaited<AccountState>(mine, () => ports().vault.ask("granted", {}));
    if (state === null) return;
    offering.value = { at: "begin", fault: null };
    screen.value = "chat";
    await became(state);
  } catch (error) {
    if (mine === attempts) offering.value = { at: "begin", fault: faultOf(error) };
  }
}

/** Either device: nobody waits for the other any longer. */
export function stop(): void {
  attempts += 1;
  offering.value = { at: "begin", fault: null };
  granting.value = { at: "link", fault: null };
}

/** Device with the account: the link that the new one shows was scanned, pasted or opened. */
export async function scan(link: string): Promise<void> {
  const mine = ++attempts;
  granting.value = { at: "waiting" };
  try {
    await ports().vault.ask("scan", { link });
    const left = await awaited(mine, () => ports().vault.ask("revealed", {}));
    if (left !== null) granting.value = { at: "digits", left, wrong: false, busy: false };
  } catch (error) {
    if (mine === attempts) granting.value = { at: "link", fault: faultOf(error) };
  }
}

/** Device with the account: the digits that the new one shows. The third wrong code ends the link. */
export async function typeDigits(digits: string): Promise<void> {
  const { value } = granting;
  if (value.at !== "digits" || value.busy) return;
  granting.value = { ...value, busy: true };
  try {
    const { matched, left } = await ports().vault.ask("digits", { digits: digits.replace(/\D/g, "") });
    granting.value = matched ? { at: "name", fault: null, busy: false } : { at: "digits", left, wrong: true, busy: false };
  } catch (error) {
    granting.value = { at: "link", fault: faultOf(error) };
  }
}

/** Device with the account: behind a fresh proof the new device is let in. */
export async function grant(label: string): Promise<void> {
  const { value } = granting;
  if (value.at !== "name" || value.busy) return;
  granting.value = { at: "name", fault: null, busy: true };
  try {
    await withProof(() => ports().vault.ask("grant", { label }));
    granting.value = { at: "done", label };
  } catch (error) {
    granting.value = { at: "name", fault: faultOf(error), busy: false };
  }
}

/** Ask until the other device did its step; null: somebody began anew. */
async function awaited<T>(mine: number, step: () => Promise<T | null>): Promise<T | null> {
  for (;;) {
    if (mine !== attempts) return null;
    const answer = await step();
    if (mine !== attempts) return null;
    if (answer !== null) return answer;
    await new Promise((resolve) => setTimeout(resolve, PATIENCE));
  }
}
