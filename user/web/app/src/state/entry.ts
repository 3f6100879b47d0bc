/** Who this browser is, and how the last attempt to come in went: what the first screen needs of it. */

import { signal } from "@preact/signals";

import type { AccountState } from "../bridge/views.ts";
import { account, overview, screen } from "./app.ts";
import { clears } from "./clearing.ts";
import type { Fault } from "./faults.ts";
import { go } from "./places.ts";
import { ports } from "./ports.ts";

export interface Attempt {
  readonly busy: boolean;
  readonly fault: Fault | null;
  /** The passkey signs in and does not open: the seven words are asked for. */
  readonly words: boolean;
  /** Something failed since this way in was shown. */
  readonly failed: boolean;
}

export const FRESH: Attempt = { busy: false, fault: null, words: false, failed: false };
/** The attempt that is running, or the last one. */
export const attempt = signal<Attempt>(FRESH);

clears(() => { attempt.value = FRESH; });

/** Show one of the ways in, as if nothing had been tried. */
export function show(way: "unlock" | "recover" | "link"): void {
  attempt.value = FRESH;
  go(way);
}

/** Who this browser is from now on. */
export async function became(state: AccountState): Promise<void> {
  account.value = state;
  if (state.state === "locked") {
    overview.value = null;
    return;
  }
  if (state.state === "unproven") screen.value = "create";
  overview.value = await ports().vault.ask("overview", {});
}

/** What the vault answered to `start`: what stays unlocked on this device, or in another tab, is open already. */
export async function begin(state: AccountState): Promise<void> {
  if (state.state === "locked") screen.value = "unlock";
  await became(state);
}
