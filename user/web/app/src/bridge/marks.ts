/** Marks: memories without a text, which say of one chat whether memories are sent in it. */

import type { MemoryRow } from "./views.ts";

/** Stands for the chat that begins with the next message. */
export const NEW_CHAT = "0".repeat(32);

/** The marks of a chat. */
export function marksOf(rows: readonly MemoryRow[], chat: string): readonly MemoryRow[] {
  return rows.filter(({ text, source }) => text === "" && source === chat);
}

/** Whether memories are sent in a chat, where they are at all: in a temporary one if its mark says so. Of two, "no" counts. */
export function isSent(rows: readonly MemoryRow[], chat: string, temporary: boolean): boolean {
  const marks = marksOf(rows, chat);
  return marks.length === 0 ? !temporary : marks.every(({ active }) => active);
}
