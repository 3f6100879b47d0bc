/** The question whose words are being changed; null: none. */

import { signal } from "@preact/signals";

import type { MessageView } from "../bridge/views.ts";
import { chat } from "./app.ts";
import { clears } from "./clearing.ts";
import { running } from "./runs.ts";

export const editing = signal<string | null>(null);

clears(() => { editing.value = null; });

/** The question that was asked last in the open chat. */
export function lastQuestion(): MessageView | null {
  return chat.value?.messages.findLast(({ role }) => role === "user") ?? null;
}

/** Change the words of the last question. Returns whether there is one, and no answer on its way. */
export function editLast(): boolean {
  const last = lastQuestion();
  if (last === null || running.value !== null) return false;
  editing.value = last.id;
  return true;
}
