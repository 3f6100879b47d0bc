/**
 * A second model beside the first: which one is asked too, and the two answers that a question got.
 *
 * The second is asked when the first one's answer has ended, whatever became of that. All of it is this page's: after a reload
 * both answers are versions of each other like any, and one model is asked.
 */

import { computed, signal } from "@preact/signals";

import type { ModelView } from "../bridge/channel.ts";
import { chat, models } from "./app.ts";
import { clears } from "./clearing.ts";
import { chosenModel } from "./models.ts";
import { changed, failures, type Run, setFailure } from "./runs.ts";

/** Two answers to one question. */
export interface Pair {
  readonly question: string;
  readonly models: readonly [ModelView, ModelView];
  /** As far as they are kept. */
  readonly answers: readonly [string | null, string | null];
  /** The second has not been asked yet. */
  readonly waits: boolean;
}

/** By chat; "" is the new one. */
const chosen = signal<ReadonlyMap<string, string>>(new Map());
/** By chat: the newest question that two models were asked. */
export const pairs = signal<ReadonlyMap<string, Pair>>(new Map());
/** The second model of the chat in sight, null: one is asked. */
export const secondModel = computed(() => secondIn(chat.value?.row.id ?? "", chosenModel.value));

clears(() => {
  chosen.value = new Map();
  pairs.value = new Map();
});

/** Which model a chat asks beside the first; null: none that is there, and another one than the first. */
export function secondIn(id: string, first: ModelView | null): ModelView | null {
  const wanted = chosen.value.get(id);
  return models.value.find((one) => one.id === wanted && first !== null && one.id !== first.id) ?? null;
}

/** Ask this model too in the chat in sight, from now on; null: none. */
export function setSecond(model: string | null): void {
  chosen.value = changed(chosen.value, chat.value?.row.id ?? "", model);
}

/** The new chat has its id: its second model is that chat's, and no other new one's. */
export function followChat(id: string): void {
  const model = chosen.value.get("") ?? null;
  chosen.value = changed(changed(chosen.value, id, model), "", null);
}

/** Under what the second answer's failure is told; that of the first, and of an only one, is told under the question. */
export function secondKey(question: string): string {
  return `${question}-2`;
}

/** 0 for the first or only answer to its question, 1 for the second. */
export function placeOf({ key, question }: Pick<Run, "key" | "question">): 0 | 1 {
  return key === question ? 0 : 1;
}

export function setPair(id: string, pair: Pair | null): void {
  if (pair !== null || pairs.value.has(id)) pairs.value = changed(pairs.value, id, pair);
}

/** The pair that a question of a chat has. */
export function pairOf(id: string, question: string): Pair | null {
  const found = pairs.value.get(id);
  return found?.question === question ? found : null;
}

/** The second is asked, or cannot be. */
export function secondAsked(id: string): void {
  const pair = pairs.value.get(id);
  if (pair?.waits === true) setPair(id, { ...pair, waits: false });
}

/** Who answers next, when this answer has ended; null: nobody does. */
export function nextOf(run: Run): ModelView | null {
  const pair = pairOf(run.chat, run.question);
  return pair?.waits === true ? pair.models[1] : null;
}

/** What failed is left as it is; where nothing came of it there are no two answers. */
export function leave(question: string, key: string): void {
  const id = chat.value?.row.id ?? "";
  if (failures.value.get(key)?.answer === null && pairOf(id, question) !== null) setPair(id, null);
  setFailure(key, null);
}

/** An answer has ended; `kept`: it is in the chat. A second one that was stopped before a word leaves the first alone. */
export function answered(run: Run, kept: boolean, failed: boolean): void {
  const pair = pairOf(run.chat, run.question);
  if (pair === null) return;
  const [first, second] = pair.answers;
  if (kept) setPair(run.chat, { ...pair, answers: placeOf(run) === 0 ? [run.answer, second] : [first, run.answer] });
  else if (!failed && !pair.waits && pair.answers[placeOf(run)] === null) setPair(run.chat, null);
}
