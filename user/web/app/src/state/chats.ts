/** The chats: which one is open, and what a person does with them. */

import { computed, signal } from "@preact/signals";

import type { ChatRow, ChatView } from "../bridge/views.ts";
import { chat, overview, screen, sidebarOpen } from "./app.ts";
import { clears } from "./clearing.ts";
import { failed, tried } from "./failing.ts";
import { merged } from "./merging.ts";
import { arrived } from "./places.ts";
import { ports } from "./ports.ts";

/** How the next new chat begins. */
export interface Fresh {
  readonly temporary: boolean;
  readonly folder: string | null;
  readonly model: string | null;
  readonly effort: string | null;
}

const PLAIN: Fresh = { temporary: false, folder: null, model: null, effort: null };

export const fresh = signal<Fresh>(PLAIN);
/** The message to show when its chat opens, as a search found it; `word` for marking. */
export const target = signal<string | null>(null);
/** The chat that is being read; null: none. */
export const opening = signal<string | null>(null);
/** Chats that go within seconds, unless that is taken back: they are shown no more. */
export const leaving = signal<ReadonlySet<string>>(new Set());
/** Counts each change of the chat in sight, so that the composer can take the focus. */
export const turned = signal(0);

clears(() => {
  chat.value = null;
  overview.value = null;
  fresh.value = PLAIN;
  target.value = null;
  opening.value = null;
  leaving.value = new Set();
});

/** The rows that are shown, the newest first. */
export const rows = computed<readonly ChatRow[]>(() => {
  const all = overview.value?.chats ?? [];
  return all.filter(({ id }) => !leaving.value.has(id)).sort((left, right) => right.time - left.time);
});

/** Begin a new chat: nothing is made before its first message. `anew`: without another step of Back. */
export function newChat(how: Partial<Fresh> = {}, anew = false): void {
  fresh.value = { ...PLAIN, ...how };
  chat.value = null;
  opening.value = null;
  target.value = null;
  showChat();
  arrived(null, anew);
}

/** Open a chat, at a message when one is named. Raises nothing: what fails is told. */
export async function openChat(id: string, at: string | null = null): Promise<void> {
  target.value = at;
  if (chat.value?.row.id === id) {
    await reread(id);
    showChat();
    return;
  }
  opening.value = id;
  try {
    if (at !== null) await ports().vault.ask("branch", { chat: id, message: at });
    const view = await ports().vault.ask("open", { chat: id });
    if (opening.value !== id) return;
    chat.value = view;
    showChat();
    arrived(id);
  } catch (error) {
    failed(error);
  } finally {
    if (opening.value === id) opening.value = null;
  }
}

/** Show what Back, Forward or a reload came to; in the place of a chat that is gone, a new one. */
export function openPlace(id: string | null): void {
  if (id !== null && rows.value.some((one) => one.id === id)) void openChat(id);
  else newChat({}, true);
}

/** A chat that a first message made is in sight from now on, without another step of Back. */
export function adopt(view: ChatView): void {
  chat.value = view;
  arrived(view.row.id, true);
}

/** Read the open chat again, if it is this one. */
export async function reread(id: string): Promise<void> {
  if (chat.value?.row.id !== id) return;
  const view = await ports().vault.ask("open", { chat: id });
  if (chat.value.row.id === id) chat.value = merged(chat.value, view);
}

const waiting = new Set<string>();
const again = new Set<string>();

/** The same for news: at most one reading at a time, and one more for what came meanwhile. */
export async function rereadSoon(id: string): Promise<void> {
  if (waiting.has(id)) {
    again.add(id);
    return;
  }
  waiting.add(id);
  try {
    do {
      again.delete(id);
      await reread(id);
    } while (again.has(id));
  } catch (error) {
    failed(error);
  } finally {
    waiting.delete(id);
  }
}

function showChat(): void {
  screen.value = "chat";
  sidebarOpen.value = false;
  turned.value += 1;
}

/** Give a chat another name. */
export async function rename(id: string, title: string): Promise<void> {
  const name = title.trim();
  if (name !== "") await tried(() => ports().vault.ask("setTitle", { chat: id, title: name }));
}

export async function setPinned(id: string, pinned: boolean): Promise<void> {
  await tried(() => ports().vault.ask("setPinned", { chat: id, pinned }));
}

export async function setArchived(id: string, archived: boolean): Promise<void> {
  await tried(() => ports().vault.ask("setArchived", { chat: id, archived }));
}

/** Put a chat into a folder; null: into none. */
export async function moveTo(id: string, folder: string | null): Promise<void> {
  await tried(() => ports().vault.ask("setFolder", { chat: id, folder }));
}

/** Choose the model and effort of the chat in sight, or of the new one. */
export async function setModel(model: string | null, effort: string | null): Promise<void> {
  const open = chat.value;
  if (open === null) fresh.value = { ...fresh.value, model, effort };
  else if (await tried(() => ports().vault.ask("setModel", { chat: open.row.id, model, effort }))) await reread(open.row.id);
}

export async function setInstructions(id: string, text: string): Promise<void> {
  if (await tried(() => ports().vault.ask("setInstructions", { chat: id, text }))) await reread(id);
}

/** Show the branch of the open chat that goes through a message. */
export async function showBranch(message: string): Promise<void> {
  const open = chat.value;
  if (open === null) return;
  if (await tried(() => ports().vault.ask("branch", { chat: open.row.id, message }))) await reread(open.row.id);
}

/** A temporary or guest's chat is saved from now on, under the id that the worker gives it. */
export async function keep(id: string): Promise<void> {
  try {
    const kept = await ports().vault.ask("keep", { chat: id });
    await openChat(kept);
  } catch (error) {
    failed(error);
  }
}

/** Archive the chat that was used least recently, so that another can begin. */
export async function archiveOldest(): Promise<void> {
  const active = rows.value.filter(({ archived, temporary, pinned }) => !archived && !temporary && !pinned);
  const oldest = active.at(-1);
  if (oldest !== undefined) await setArchived(oldest.id, true);
}
