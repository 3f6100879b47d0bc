/** The letters of a running answer: gathered as they come, shown once a frame, kept twice a second. */

import { batch } from "@preact/signals";

import { ports } from "./ports.ts";
import type { Run } from "./runs.ts";

/** Milliseconds between two drafts of one answer. */
export const KEEP_EACH = 500;

interface Gathered {
  text: string;
  reasoning: string;
  drawn: boolean;
  /** It begins anew: what is here gives way to the first letter that comes, and stays if none does. */
  void: boolean;
  clock: ReturnType<typeof setTimeout> | null;
}

const gathered = new Map<string, Gathered>();

/** Begin to gather. */
export function beginStream(run: Run): void {
  gathered.set(run.request, { text: "", reasoning: "", drawn: true, void: false, clock: null });
}

/** More came. */
export function addPiece(run: Run, text: string, reasoning: string): void {
  const one = gathered.get(run.request);
  if (one === undefined) return;
  if (one.void) [one.text, one.reasoning, one.void] = ["", "", false];
  one.text += text;
  one.reasoning += reasoning;
  if (one.drawn) {
    one.drawn = false;
    nextFrame(() => draw(run, one));
  }
  one.clock ??= setTimeout(() => {
    one.clock = null;
    ports().vault.ask("draft", { chat: run.chat, answer: run.answer, text: one.text, reasoning: one.reasoning })
      // The answer is kept whole at its end; a draft that fails is only less of it after a crash.
      .catch(() => undefined);
  }, KEEP_EACH);
}

/** It begins anew: what came is void as soon as something new comes. */
export function restart(run: Run): void {
  const one = gathered.get(run.request);
  if (one !== undefined) one.void = true;
}

/** What came of an answer. `old`: it is from before a new beginning that brought nothing. */
export interface Came {
  readonly text: string;
  readonly reasoning: string;
  readonly old: boolean;
}

/** All that came; nothing is gathered from now on. */
export function endStream(run: Run): Came {
  const one = gathered.get(run.request);
  if (one === undefined) return { text: run.text.value, reasoning: run.reasoning.value, old: false };
  gathered.delete(run.request);
  if (one.clock !== null) clearTimeout(one.clock);
  draw(run, one);
  return { text: one.text, reasoning: one.reasoning, old: one.void };
}

function draw(run: Run, one: Gathered): void {
  one.drawn = true;
  batch(() => {
    run.text.value = one.text;
    run.reasoning.value = one.reasoning;
  });
}

/** The next frame; a page that nobody sees has none, so it takes a moment. */
function nextFrame(step: () => void): void {
  if (typeof requestAnimationFrame === "function" && document.visibilityState === "visible") requestAnimationFrame(step);
  else setTimeout(step, 0);
}
