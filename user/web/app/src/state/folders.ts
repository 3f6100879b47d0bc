/** Folders: made, named, ordered, taken away; each may have instructions for the chats in it. */

import { computed } from "@preact/signals";
import { between } from "@privity/vault/order";

import type { FolderRow } from "../bridge/views.ts";
import { overview } from "./app.ts";
import { failed, tried } from "./failing.ts";
import { ports } from "./ports.ts";

/** In the order in which people put them; equal places by id, as on every other device. */
export const folders = computed<readonly FolderRow[]>(() => {
  const all = overview.value?.folders ?? [];
  return [...all].sort((left, right) => compared(left.order, right.order) || compared(left.id, right.id));
});

/** Make a folder at the end of the list; returns its id, null when that failed. It is in the list then. */
export async function addFolder(name: string): Promise<string | null> {
  try {
    const id = await ports().vault.ask("addFolder", { title: name.trim() });
    overview.value = await ports().vault.ask("overview", {});
    return id;
  } catch (error) {
    failed(error);
    return null;
  }
}

/** Change a folder's name, instructions or colour. */
export async function editFolder(folder: FolderRow, change: Partial<Omit<FolderRow, "id">>): Promise<boolean> {
  const { name, instructions, order, colour } = { ...folder, ...change };
  return await tried(() => ports().vault.ask("editFolder", { folder: folder.id, title: name, instructions, order, colour }));
}

/** Put a folder before another one; null: at the end. */
export async function placeFolder(id: string, before: string | null): Promise<void> {
  const others = folders.value.filter((one) => one.id !== id);
  const moved = folders.value.find((one) => one.id === id);
  const at = before === null ? others.length : others.findIndex((one) => one.id === before);
  if (moved === undefined || at < 0) return;
  await tried(async () => {
    const order = between(others[at - 1]?.order ?? null, others[at]?.order ?? null);
    await editFolder(moved, { order });
  });
}

/** Take a folder away; its chats stay, in no folder. */
export async function removeFolder(id: string): Promise<void> {
  await tried(() => ports().vault.ask("removeItem", { item: id }));
}

function compared(left: string, right: string): number {
  if (left === right) return 0;
  return left < right ? -1 : 1;
}
