/** What a person wants remembered, and whether it is sent in the chat in sight. */

import { computed, signal } from "@preact/signals";

import { isSent, marksOf, NEW_CHAT } from "../bridge/marks.ts";
import type { MemoryRow } from "../bridge/views.ts";
import { account, chat } from "./app.ts";
import { fresh } from "./chats.ts";
import { clears } from "./clearing.ts";
import { tried } from "./failing.ts";
import type { Edited } from "./opened.ts";
import { ports } from "./ports.ts";

/** Letters (UTF-16) of one memory; the vault has room for them whatever their UTF-8 takes. */
export const MOST_LETTERS = 2000;

/** Memories and marks; null: not read yet. */
const rows = signal<readonly MemoryRow[] | null>(null);

clears(() => { rows.value = null; });

/** The memories, the newest first; null: not read yet. */
export const memories = computed<readonly MemoryRow[] | null>(() => {
  const found = rows.value?.filter(({ text }) => text !== "") ?? null;
  return found?.sort((one, other) => other.time - one.time || (one.id < other.id ? -1 : 1)) ?? null;
});

const here = computed(() => chat.value?.row.id ?? NEW_CHAT);

/** Whether memories are sent in the chat in sight, where they are at all. */
export const isSentHere = computed(() => {
  const temporary = chat.value?.row.temporary ?? (fresh.value.temporary || account.value?.state !== "open");
  return isSent(rows.value ?? [], here.value, temporary);
});

/** Read them; the vault tells by its overview that something changed. */
export async function loadMemories(): Promise<void> {
  await tried(async () => { rows.value = await ports().vault.ask("memories", {}); });
}

/** Keep a memory, new or changed. Returns whether it was kept. */
export async function saveMemory({ id, text, source, active }: Edited): Promise<boolean> {
  const kept = await tried(() => ports().vault.ask("saveMemory", { memory: id, text: text.trim(), source, active }));
  if (kept) await loadMemories();
  return kept;
}

export async function removeMemory(item: string): Promise<void> {
  if (await tried(() => ports().vault.ask("removeItem", { item }))) await loadMemories();
}

/** Send memories in the chat in sight from now on, or do not. */
export async function sendHere(active: boolean): Promise<void> {
  const source = here.value;
  const marks = marksOf(rows.value ?? [], source);
  const changed = marks.length === 0 ? [{ id: null, text: "", source }] : marks;
  for (const mark of changed) await saveMemory({ ...mark, active });
}
