/** Dragging chats into folders, and folders among each other. Menu and keys do the same. */

import { signal } from "@preact/signals";

import { moveTo } from "../../state/chats.ts";
import { placeFolder } from "../../state/folders.ts";

/** Our own type, so that nothing from elsewhere is taken for a chat. */
const CHAT = "application/x-privity-chat";
const FOLDER = "application/x-privity-folder";

/** The folder over which something hangs; "" is the list without a folder; null: none. */
export const over = signal<string | null>(null);

/** A chat or folder is taken up. */
export function took(event: DragEvent, kind: "chat" | "folder", id: string): void {
  event.stopPropagation();
  event.dataTransfer?.setData(kind === "chat" ? CHAT : FOLDER, id);
  if (event.dataTransfer !== null) event.dataTransfer.effectAllowed = "move";
}

/** What a folder does with what hangs over it and is let go; null is the list without a folder. */
export function dropping(folder: string | null): {
  readonly onDragOver: (event: DragEvent) => void;
  readonly onDragLeave: (event: DragEvent) => void;
  readonly onDrop: (event: DragEvent) => void;
} {
  const key = folder ?? "";
  return {
    onDragOver: (event) => {
      const types = event.dataTransfer?.types ?? [];
      if (!types.includes(CHAT) && (folder === null || !types.includes(FOLDER))) return;
      event.preventDefault();
      over.value = key;
    },
    onDragLeave: (event) => {
      const inside = event.currentTarget instanceof Node && event.relatedTarget instanceof Node
        && event.currentTarget.contains(event.relatedTarget);
      if (!inside && over.value === key) over.value = null;
    },
    onDrop: (event) => {
      event.preventDefault();
      over.value = null;
      const chat = event.dataTransfer?.getData(CHAT) ?? "";
      const moved = event.dataTransfer?.getData(FOLDER) ?? "";
      if (chat !== "") void moveTo(chat, folder);
      else if (moved !== "" && folder !== null && moved !== folder) void placeFolder(moved, folder);
    },
  };
}
