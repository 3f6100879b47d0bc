// The chats that are measured, and the worker's end of the page's line to its vault: everything is in memory, nothing is sealed.
import { answerOf } from "./answers.mjs";

/** What is streamed, and what each question of the past was answered with: paragraphs, a list, the beginning of another part. */
export const STREAMED = answerOf(16_384);
const PAST = answerOf(1_400);

export function chatOf(id, count) {
  const messages = Array.from({ length: count }, (_one, at) => ({
    id: `${id}-${at}`, parent: at === 0 ? null : `${id}-${at - 1}`, role: at % 2 === 0 ? "user" : "assistant",
    text: at % 2 === 0 ? `Question ${at}, which is a sentence long.` : PAST, reasoning: "", attachments: [], state: "complete",
    time: 1_700_000_000_000 + at, siblings: [`${id}-${at}`], model: null, usage: null, proof: at % 2 === 0 ? "none" : "verified",
    evidence: null,
  }));
  const row = { id, title: id, folder: null, pinned: false, archived: false, temporary: false, time: 1, faults: [] };
  return { row, model: null, effort: null, instructions: "", folder: null, messages };
}
