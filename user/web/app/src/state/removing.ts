/** Deleting chats: they leave the page at once, and the device and the service some seconds later, unless that is taken back. */

import { signal } from "@preact/signals";

import { t } from "../text/text.ts";
import { chat } from "./app.ts";
import { leaving, newChat } from "./chats.ts";
import { failed } from "./failing.ts";
import { dismiss, say, tell } from "./notices.ts";
import { ports } from "./ports.ts";

/** Milliseconds within which a deletion can be taken back. */
export const UNDO = 8000;

interface Removal {
  readonly chats: readonly string[];
  readonly clock: ReturnType<typeof setTimeout>;
  readonly notice: number;
}

const pending = new Set<Removal>();
/** How many deletions can still be taken back. */
export const undoable = signal(0);

/** Delete chats, after a moment in which it can be taken back. */
export function removeChats(chats: readonly string[]): void {
  if (chats.length === 0) return;
  leaving.value = new Set([...leaving.value, ...chats]);
  if (chat.value !== null && chats.includes(chat.value.row.id)) newChat();
  const clock = setTimeout(() => void carryOut(removal), UNDO);
  const notice = tell(t("sidebar.deleted", { count: chats.length }), {
    stays: UNDO, action: { label: t("shell.undo"), run: () => takeBack(removal) },
  });
  const removal: Removal = { chats, clock, notice };
  pending.add(removal);
  undoable.value = pending.size;
}

/** Take back the newest deletion that still can be. */
export function undoRemoval(): void {
  const newest = [...pending].at(-1);
  if (newest !== undefined) takeBack(newest);
}

/** Carry out now what waits: the page goes, or is locked. */
export async function flushRemovals(): Promise<void> {
  await Promise.all([...pending].map(carryOut));
}

function takeBack(removal: Removal): void {
  settle(removal);
  leaving.value = new Set([...leaving.value].filter((id) => !removal.chats.includes(id)));
  say(t("sidebar.kept", { count: removal.chats.length }));
}

async function carryOut(removal: Removal): Promise<void> {
  if (!pending.has(removal)) return;
  settle(removal);
  try {
    await ports().vault.ask("deleteChats", { chats: removal.chats });
  } catch (error) {
    leaving.value = new Set([...leaving.value].filter((id) => !removal.chats.includes(id)));
    failed(error);
  }
}

function settle(removal: Removal): void {
  pending.delete(removal);
  undoable.value = pending.size;
  clearTimeout(removal.clock);
  dismiss(removal.notice);
}
