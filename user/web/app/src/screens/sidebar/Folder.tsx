/** A folder in the list: it takes chats, opens and closes, and can be put elsewhere. */

import type { JSX } from "preact";

import type { ChatRow, FolderRow } from "../../bridge/views.ts";
import { Icon } from "../../parts/Icon.tsx";
import { Menu, type MenuItem } from "../../parts/Menu.tsx";
import { newChat } from "../../state/chats.ts";
import { isFolded, setFolded } from "../../state/folding.ts";
import { folders, placeFolder, removeFolder } from "../../state/folders.ts";
import { dialog } from "../../state/opened.ts";
import { t } from "../../text/text.ts";
import { Rows } from "./Chats.tsx";
import { dropping, over, took } from "./dragging.ts";

export function Folder({ folder, rows }: { readonly folder: FolderRow; readonly rows: readonly ChatRow[] }): JSX.Element {
  const { id, name } = folder;
  const closed = isFolded(id, false);
  return (
    <div class={over.value === id ? "folder sidebar-over" : "folder"} {...dropping(id)}>
      <div class="listed" draggable onDragStart={(event) => took(event, "folder", id)}>
        <button
          type="button" class="listed-link folder-link" aria-expanded={!closed}
          onClick={() => setFolded(id, !closed, false)}
          onKeyDown={(event) => placed(event, id)}
        >
          <Icon name={closed ? "forward" : "down"} />
          <span class="listed-title" dir="auto">{name}</span>
          <span class="folder-count" aria-label={t("sidebar.chats_in", { count: rows.length })}>{rows.length}</span>
        </button>
        <Menu name={t("sidebar.folder_menu", { name })} icon="more" items={itemsOf(folder)} />
      </div>
      {!closed && (
        <div class="folder-rows">
          {rows.length === 0 ? <p class="sidebar-empty">{t("sidebar.empty_folder")}</p> : <Rows rows={rows} />}
        </div>
      )}
    </div>
  );
}

function itemsOf(folder: FolderRow): readonly (MenuItem | "line")[] {
  const { id } = folder;
  const all = folders.value;
  const at = all.findIndex((one) => one.id === id);
  return [
    { label: t("sidebar.new_in"), icon: "edit", onSelect: () => newChat({ folder: id }) },
    {
      label: t("sidebar.edit_folder"), icon: "info",
      onSelect: () => { dialog.value = { kind: "folder", folder: id, chat: null }; },
    },
    { label: t("sidebar.folder_up"), icon: "up", disabled: at <= 0, onSelect: () => void step(id, -1) },
    { label: t("sidebar.folder_down"), icon: "down", disabled: at >= all.length - 1, onSelect: () => void step(id, 1) },
    "line",
    { label: t("sidebar.remove_folder"), icon: "trash", danger: true, onSelect: () => void removeFolder(id) },
  ];
}

/** Alt and an arrow put the folder one place up or down. */
function placed(event: KeyboardEvent, id: string): void {
  if (!event.altKey || (event.key !== "ArrowUp" && event.key !== "ArrowDown")) return;
  event.preventDefault();
  event.stopPropagation();
  void step(id, event.key === "ArrowUp" ? -1 : 1);
}

async function step(id: string, by: 1 | -1): Promise<void> {
  const all = folders.value;
  const at = all.findIndex((one) => one.id === id);
  const target = at + by;
  if (at < 0 || target < 0 || target >= all.length) return;
  await placeFolder(id, (by < 0 ? all[target] : all[target + 1])?.id ?? null);
}
