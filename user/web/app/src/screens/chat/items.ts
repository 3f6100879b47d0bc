/** What can be done with a chat, as its menu lists it: in the list of chats and above the open one. */

import type { ChatRow } from "../../bridge/views.ts";
import type { MenuItem } from "../../parts/Menu.tsx";
import { account } from "../../state/app.ts";
import { keep, setArchived, setPinned } from "../../state/chats.ts";
import { beginCreate } from "../../state/beginning.ts";
import { dialog } from "../../state/opened.ts";
import { removeChats } from "../../state/removing.ts";
import { t } from "../../text/text.ts";

/** Guests and temporary chats have what makes sense for them. */
export function chatItems(row: ChatRow): readonly (MenuItem | "line")[] {
  const { id } = row;
  const saved = account.value?.state === "open" && !row.temporary;
  // A guest's chat is kept by making the account that keeps it.
  const keeps = account.value?.state === "guest" ? (): void => beginCreate(id) : (): void => void keep(id);
  const keeping: readonly MenuItem[] = row.temporary ? [{ label: t("chat.keep"), icon: "download", onSelect: keeps }] : [];
  const sharing: readonly MenuItem[] = saved
    ? [{ label: t("chat.share"), icon: "share", onSelect: () => { dialog.value = { kind: "share", chat: id }; } }] : [];
  const archiving: readonly MenuItem[] = saved ? [{
    label: row.archived ? t("chat.unarchive") : t("chat.archive"), icon: "archive",
    onSelect: () => void setArchived(id, !row.archived),
  }] : [];
  return [
    ...keeping,
    { label: t("chat.rename"), icon: "edit", onSelect: () => { dialog.value = { kind: "rename", chat: id }; } },
    { label: row.pinned ? t("chat.unpin") : t("chat.pin"), icon: "pin", onSelect: () => void setPinned(id, !row.pinned) },
    { label: t("chat.move"), icon: "folder", onSelect: () => { dialog.value = { kind: "move", chat: id }; } },
    { label: t("chat.instructions"), icon: "info", onSelect: () => { dialog.value = { kind: "instructions", chat: id }; } },
    ...sharing,
    ...archiving,
    "line",
    { label: t("chat.delete"), icon: "trash", danger: true, onSelect: () => removeChats([id]) },
  ];
}
