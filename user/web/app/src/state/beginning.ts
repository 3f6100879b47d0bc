/** The way to an account: where somebody is on it, and its first step. What follows is loaded with its screen. */

import { signal } from "@preact/signals";

import { clears } from "./clearing.ts";
import type { Fault } from "./faults.ts";
import type { Unopening } from "./gestures.ts";
import { go } from "./places.ts";

export type Creating =
  | { readonly at: "begin"; readonly fault: Fault | null }
  /** The browser asks for the passkey. */
  | { readonly at: "passkey" }
  /** "Finish with your passkey": the second answer waits for a click. */
  | { readonly at: "again" }
  /** The passkey signs in and cannot open: seven words are offered. */
  | { readonly at: "unopened"; readonly why: Unopening }
  | { readonly at: "making" }
  | { readonly at: "words"; readonly words: string }
  | { readonly at: "words_typed"; readonly words: string; readonly differs: boolean }
  | { readonly at: "code"; readonly shown: string }
  | { readonly at: "code_typed"; readonly shown: string; readonly fault: Fault | null; readonly busy: boolean }
  /** `chats`: those of the guest that may now be kept. */
  | { readonly at: "done"; readonly chats: readonly string[]; readonly busy: boolean };

export const creating = signal<Creating>({ at: "begin", fault: null });
/** The chat that made a person begin, which is kept without asking. */
export const wanted = signal<string | null>(null);

clears(() => {
  wanted.value = null;
  creating.value = { at: "begin", fault: null };
});

/** Show the way to an account. `keep`: the chat that a person wants to keep. */
export function beginCreate(keep: string | null = null): void {
  wanted.value = keep;
  creating.value = { at: "begin", fault: null };
  go("create");
}
