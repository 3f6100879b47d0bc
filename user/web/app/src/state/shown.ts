/** The messages in sight: the branch that the vault shows, and at its question the answer that comes. */

import { computed } from "@preact/signals";

import type { MessageView } from "../bridge/views.ts";
import { inChunks } from "../parts/chunks.ts";
import { chat } from "./app.ts";
import { clears } from "./clearing.ts";
import { type Run, running } from "./runs.ts";
import { type Pair, pairs, placeOf } from "./second.ts";

const NONE: readonly MessageView[] = [];

/** Two answers in sight, beside each other; null where nothing of one is there. */
export interface Beside {
  readonly pair: Pair;
  readonly answers: readonly (MessageView | null)[];
  /** The one that the next question follows. */
  readonly chosen: string | null;
}

/** As long as both are the newest answers to the question at the end of what is shown. */
export const shownPair = computed<Beside | null>(() => {
  const { row: { id = "" } = {}, messages = NONE, beside = NONE } = chat.value ?? {};
  const pair = pairs.value.get(id);
  const at = messages.findIndex((one) => one.id === pair?.question);
  if (pair === undefined || at < 0 || messages.length > at + 2) return null;
  const last = messages[at + 1];
  const run = running.value?.question === pair.question ? running.value : null;
  if (run === null && last !== undefined && !pair.answers.includes(last.id)) return null;
  const known = new Map([...beside, ...messages.slice(at + 1)].map((one) => [one.id, one]));
  const answers = pair.answers.map((kept, place) => {
    if (run === null || placeOf(run) !== place) return known.get(kept ?? "") ?? null;
    return known.get(run.answer) ?? coming(run, last?.siblings ?? []);
  });
  // Newer versions from another device have taken its place: it is one version of many.
  if (answers.some((one, place) => one === null && pair.answers[place] !== null)) return null;
  return { pair, answers, chosen: last?.id ?? null };
});

export const shownMessages = computed<readonly MessageView[]>(() => {
  const messages = chat.value?.messages ?? NONE;
  const pair = shownPair.value?.pair;
  if (pair !== undefined) return messages.slice(0, messages.findIndex(({ id }) => id === pair.question) + 1);
  const run = running.value;
  // The vault tells of an answer once some of it is kept, and shows its branch once it has ended.
  if (run === null || messages.some(({ id }) => id === run.answer)) return messages;
  const at = messages.findIndex(({ id }) => id === run.question);
  return at < 0 ? messages : [...messages.slice(0, at + 1), coming(run, messages[at + 1]?.siblings ?? [])];
});

/** Everything that the person wrote in it: an address that stands there is opened unasked. */
export const written = computed(() => shownMessages.value.flatMap(({ role, text }) => role === "user" ? [text] : []).join("\n"));

/** Messages of one chunk. */
export const CHUNK = 8;
let before: readonly (readonly MessageView[])[] = [];

/** The same in chunks, which a browser draws, or leaves, as one. A chunk that did not change is the same object. */
export const shownChunks = computed<readonly (readonly MessageView[])[]>(() => {
  before = inChunks(shownMessages.value, CHUNK, before);
  return before;
});

clears(() => { before = []; });

function coming({ answer, question }: Run, versions: readonly string[]): MessageView {
  return {
    id: answer, parent: question, role: "assistant", text: "", reasoning: "", attachments: [], state: "streaming", time: 0,
    siblings: [...versions, answer], model: null, usage: null, proof: "none", evidence: null,
  };
}
