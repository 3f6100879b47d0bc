/** Search in everything that is on this device; no request is made. */

import { signal } from "@preact/signals";

import type { Found } from "../bridge/views.ts";
import { clears } from "./clearing.ts";
import { failed } from "./failing.ts";
import { ports } from "./ports.ts";

/** Where and when to look; times are Unix milliseconds, null: from the first, to the last. */
export interface Filter {
  readonly folder: string | null;
  readonly since: number | null;
  readonly until: number | null;
}

export interface Results {
  /** What was looked for. */
  readonly words: string;
  readonly found: readonly Found[];
  readonly more: boolean;
}

const EVERYTHING: Filter = { folder: null, since: null, until: null };
/** Milliseconds after a letter before it is looked for. */
const PAUSE = 80;

export const words = signal("");
export const filter = signal<Filter>(EVERYTHING);
/** Null: nothing was looked for yet. */
export const results = signal<Results | null>(null);
export const searching = signal(false);

let number = 0;
let clock: ReturnType<typeof setTimeout> | null = null;

clears(() => {
  words.value = "";
  filter.value = EVERYTHING;
  results.value = null;
  searching.value = false;
});

/** Look for other words, or elsewhere. The last wish counts: what an older one finds is not shown. */
export function look(change: { readonly words?: string; readonly filter?: Partial<Filter> }): void {
  if (change.words !== undefined) words.value = change.words;
  if (change.filter !== undefined) filter.value = { ...filter.value, ...change.filter };
  number += 1;
  if (clock !== null) clearTimeout(clock);
  clock = setTimeout(() => void find(number), PAUSE);
}

async function find(mine: number): Promise<void> {
  const sought = words.value.trim();
  if (sought === "") {
    results.value = null;
    searching.value = false;
    return;
  }
  searching.value = true;
  try {
    const { found, more } = await ports().vault.ask("search", { words: sought, ...filter.value });
    if (mine === number) results.value = { words: sought, found, more };
  } catch (error) {
    if (mine === number) failed(error);
  } finally {
    if (mine === number) searching.value = false;
  }
}
