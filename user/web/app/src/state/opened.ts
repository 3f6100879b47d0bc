/** What lies over the page: the palette, or one dialog. */

import { signal } from "@preact/signals";

import type { MemoryRow } from "../bridge/views.ts";
import { clears } from "./clearing.ts";

/** A memory as a person writes it. */
export type Edited = Omit<MemoryRow, "id" | "time"> & { readonly id: string | null };

export type Opened =
  | { readonly kind: "shortcuts" }
  | { readonly kind: "prompts" }
  /** The blanks of a prompt, before it goes into the composer. */
  | { readonly kind: "blanks"; readonly prompt: string }
  /** A memory to change, or, with id null, to add. */
  | { readonly kind: "memory"; readonly row: Edited }
  /** The memories that went with a question, as they were sent. */
  | { readonly kind: "used"; readonly texts: readonly string[] }
  | { readonly kind: "share"; readonly chat: string }
  | { readonly kind: "rename"; readonly chat: string }
  | { readonly kind: "move"; readonly chat: string }
  | { readonly kind: "instructions"; readonly chat: string }
  /** A folder to change, or null to make one, into which `chat` goes. */
  | { readonly kind: "folder"; readonly folder: string | null; readonly chat: string | null };

export const paletteOpen = signal(false);
export const dialog = signal<Opened | null>(null);

clears(() => {
  paletteOpen.value = false;
  dialog.value = null;
});

/** Close the dialog. */
export function closeDialog(): void {
  dialog.value = null;
}

let composer: (() => void) | null = null;

/** How the composer takes the focus; the composer says so itself. */
export function composerFocus(focus: (() => void) | null): void {
  composer = focus;
}

/** Put the focus into the composer. */
export function focusComposer(): void {
  composer?.();
}
