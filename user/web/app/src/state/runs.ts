/** Answers on their way, one for each chat. What shows one listens to its own signals, so nothing else is drawn again. */

import { computed, type Signal, signal } from "@preact/signals";

import { chat } from "./app.ts";
import { clears } from "./clearing.ts";
import { keepId, keptIds } from "./request_ids.ts";

/**
 * "asking": not taken up by a node yet. "thinking": taken up, not a letter has come. "answering": letters come.
 * "retrying", "resuming": the line broke, and it goes on. "keeping": it ended, and is being kept.
 */
export type Phase = "asking" | "thinking" | "answering" | "retrying" | "resuming" | "keeping";

export interface Run {
  /** What the channel calls it. */
  readonly request: string;
  readonly chat: string;
  readonly question: string;
  /** Under what its failure is told: the question, or for a second model's answer `secondKey` of it. */
  readonly key: string;
  readonly answer: string;
  /** 16 bytes in hexadecimal that stay the same when it is tried again. */
  readonly rid: string;
  readonly model: string;
  readonly phase: Signal<Phase>;
  readonly text: Signal<string>;
  readonly reasoning: Signal<string>;
  /** Ask once more with other tokens; null: that was done, or costs nothing. */
  again: (() => Promise<unknown>) | null;
}

/** A question that got no whole answer, and why; tried again it keeps its `rid`, so it is not paid twice. */
export interface Failure {
  readonly rid: string;
  readonly reason: string;
  readonly detail: string;
  /** The answer as far as it came, null: nothing came. */
  readonly answer: string | null;
}

/** By chat. */
export const runs = signal<ReadonlyMap<string, Run>>(new Map());
/** By `Run.key`; questions that were asked before the page was loaded anew are among them. */
export const failures = signal<ReadonlyMap<string, Failure>>(left());

/** The run of the chat in sight. */
export const running = computed<Run | null>(() => runs.value.get(chat.value?.row.id ?? "") ?? null);

clears(() => {
  runs.value = new Map();
  failures.value = left();
});

/** What was being answered when the page was loaded anew, or covered. */
function left(): ReadonlyMap<string, Failure> {
  return new Map([...keptIds()].map(([question, rid]) => [question, { rid, reason: "answer_cut", detail: "", answer: null }]));
}

export function setRun(id: string, run: Run | null): void {
  // A second answer's model is forgotten with the page, and its request with it.
  if (run !== null && run.key === run.question) keepId(run.question, run.rid);
  runs.value = changed(runs.value, id, run);
}

export function setFailure(key: string, failure: Failure | null): void {
  if (failure === null && !failures.value.has(key)) return;
  if (failure === null) keepId(key, null);
  failures.value = changed(failures.value, key, failure);
}

export function runOf(request: string): Run | null {
  return [...runs.value.values()].find((one) => one.request === request) ?? null;
}

/** A new run of an answer. */
export function newRun(of: Omit<Run, "phase" | "text" | "reasoning" | "again">): Run {
  return { ...of, phase: signal<Phase>("asking"), text: signal(""), reasoning: signal(""), again: null };
}

/** A map with another value, or without it. */
export function changed<Value>(map: ReadonlyMap<string, Value>, key: string, value: Value | null): ReadonlyMap<string, Value> {
  const next = new Map(map);
  if (value === null) next.delete(key);
  else next.set(key, value);
  return next;
}
