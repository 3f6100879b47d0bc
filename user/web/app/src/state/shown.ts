/** The messages in sight: the branch that the vault shows, and at its question the answer that comes. */

import { computed } from "@preact/signals";

import type { MessageView } from "../bridge/views.ts";
import { inChunks } from "../parts/chunks.ts";
import { chat } from "./app.ts";
import { clears } from "./clearing.ts";
import { type Run, running } from "./runs.ts";

const NONE: readonly MessageView[] = [];

export const shownMessages = computed<readonly MessageView[]>(() => {
  const messages = chat.value?.messages ?? NONE;
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
