/** Every action that has a name: what the palette lists and keys call. */

import type { IconName } from "../parts/Icon.tsx";
import { type Key, t } from "../text/text.ts";
import { account, chat, panelOpen, sidebarOpen } from "./app.ts";
import { stop } from "./asking.ts";
import { newChat, setArchived, setPinned } from "./chats.ts";
import { lock } from "./locking.ts";
import { say } from "./notices.ts";
import { dialog, focusComposer, type Opened, paletteOpen } from "./opened.ts";
import { go } from "./places.ts";
import { remember, remembered } from "./remembered.ts";
import { removeChats, undoable, undoRemoval } from "./removing.ts";
import { running } from "./runs.ts";
import { chooseTheme } from "./theme.ts";
import { checkAgain } from "./verifying.ts";

export interface Action {
  readonly name: string;
  readonly text: Key;
  readonly icon: IconName;
  /** Keys that it has unless a person gave it others; "" is none. */
  readonly keys: string;
  readonly run: () => void;
  /** Whether it can be done now; always, when not given. */
  readonly fits?: () => boolean;
  /** Only keys call it: it acts on what has the focus. */
  readonly hidden?: boolean;
}

const isOpen = (): boolean => account.value?.state === "open";
const canStop = (): boolean => running.value !== null || panelOpen.value;
const hasChat = (): boolean => chat.value !== null;
const withChat = (step: (id: string) => void): (() => void) => {
  return () => { if (chat.value !== null) step(chat.value.row.id); };
};

/** Stop the answer that comes; when none does, close what stands beside the chat. */
function stopOrClose(): void {
  if (running.value !== null) stop(running.value.chat);
  else panelOpen.value = false;
}

function openPalette(): void {
  paletteOpen.value = true;
}

function togglePanel(): void {
  panelOpen.value = !panelOpen.value;
}

function ask(what: Opened): void {
  dialog.value = what;
}

/** Show or hide the list of chats: beside the chat where there is room, over it where there is none. */
export function toggleSidebar(): void {
  if (matchMedia("(min-width: 900px)").matches) remember({ sidebar: !remembered.value.sidebar });
  else sidebarOpen.value = !sidebarOpen.value;
}

const THEMES: readonly Action[] = (["light", "dark", "system"] as const).map((theme) => ({
  name: `theme_${theme}`, text: `shell.action.theme_${theme}` as const, icon: theme === "dark" ? "moon" : "sun", keys: "",
  run: () => chooseTheme(theme), fits: () => remembered.value.theme !== theme,
}));

export const ACTIONS: readonly Action[] = [
  { name: "palette", text: "shell.action.palette", icon: "palette", keys: "Mod+K", run: openPalette },
  { name: "new", text: "shell.action.new", icon: "edit", keys: "Mod+Shift+O", run: () => newChat() },
  {
    name: "temporary", text: "shell.action.temporary", icon: "temporary", keys: "Mod+Shift+E",
    run: () => newChat({ temporary: true }),
  },
  { name: "search", text: "shell.action.search", icon: "search", keys: "Mod+Shift+F", run: () => go("search") },
  { name: "composer", text: "shell.action.composer", icon: "edit", keys: "/", run: focusComposer },
  { name: "stop", text: "shell.action.stop", icon: "stop", keys: "Escape", run: stopOrClose, fits: canStop },
  { name: "undo", text: "shell.action.undo", icon: "retry", keys: "", run: undoRemoval, fits: () => undoable.value > 0 },
  { name: "next", text: "shell.action.next", icon: "down", keys: "Alt+ArrowDown", run: () => undefined, hidden: true },
  { name: "previous", text: "shell.action.previous", icon: "up", keys: "Alt+ArrowUp", run: () => undefined, hidden: true },
  {
    name: "branch_next", text: "shell.action.branch_next", icon: "forward", keys: "Alt+ArrowRight", run: () => undefined,
    hidden: true,
  },
  {
    name: "branch_previous", text: "shell.action.branch_previous", icon: "back", keys: "Alt+ArrowLeft", run: () => undefined,
    hidden: true,
  },
  { name: "edit_last", text: "shell.action.edit_last", icon: "edit", keys: "ArrowUp", run: () => undefined, hidden: true },
  { name: "copy_code", text: "shell.action.copy_code", icon: "copy", keys: "Mod+Shift+C", run: copyLastCode, fits: hasChat },
  {
    name: "panel", text: "shell.action.panel", icon: "passed", keys: "Mod+Shift+V",
    run: togglePanel,
  },
  { name: "check_again", text: "shell.action.check_again", icon: "retry", keys: "", run: () => void checkAgain() },
  { name: "sidebar", text: "shell.action.sidebar", icon: "sidebar", keys: "Mod+B", run: toggleSidebar },
  { name: "lock", text: "shell.action.lock", icon: "lock", keys: "Mod+Shift+L", run: () => void lock(), fits: isOpen },
  {
    name: "shortcuts", text: "shell.action.shortcuts", icon: "keyboard", keys: "?",
    run: () => ask({ kind: "shortcuts" }),
  },
  {
    name: "rename", text: "shell.action.rename", icon: "edit", keys: "F2", fits: hasChat,
    run: withChat((id) => ask({ kind: "rename", chat: id })),
  },
  {
    name: "move", text: "shell.action.move", icon: "folder", keys: "", fits: hasChat,
    run: withChat((id) => ask({ kind: "move", chat: id })),
  },
  {
    name: "instructions", text: "shell.action.instructions", icon: "info", keys: "", fits: hasChat,
    run: withChat((id) => ask({ kind: "instructions", chat: id })),
  },
  {
    name: "share", text: "account.share.title", icon: "share", keys: "",
    fits: () => isOpen() && chat.value?.row.temporary === false,
    run: withChat((id) => { dialog.value = { kind: "share", chat: id }; }),
  },
  {
    name: "pin", text: "shell.action.pin", icon: "pin", keys: "", fits: hasChat,
    run: withChat((id) => void setPinned(id, chat.value?.row.pinned !== true)),
  },
  {
    name: "archive", text: "shell.action.archive", icon: "archive", keys: "", fits: () => hasChat() && isOpen(),
    run: withChat((id) => void setArchived(id, chat.value?.row.archived !== true)),
  },
  {
    name: "delete", text: "shell.action.delete", icon: "trash", keys: "", fits: hasChat,
    run: withChat((id) => removeChats([id])),
  },
  {
    name: "folder", text: "shell.action.folder", icon: "folder", keys: "",
    run: () => ask({ kind: "folder", folder: null, chat: null }),
  },
  { name: "prompts", text: "shell.action.prompts", icon: "file", keys: "", run: () => ask({ kind: "prompts" }) },
  { name: "settings", text: "shell.action.settings", icon: "settings", keys: "Mod+,", run: () => go("settings") },
  { name: "devices", text: "shell.action.devices", icon: "device", keys: "", run: () => go("devices"), fits: isOpen },
  { name: "usage", text: "shell.action.usage", icon: "usage", keys: "", run: () => go("usage"), fits: isOpen },
  { name: "transfer", text: "shell.action.transfer", icon: "download", keys: "", run: () => go("transfer") },
  ...THEMES,
];

/** Put the last block of code in sight on the clipboard. */
function copyLastCode(): void {
  const code = [...document.querySelectorAll<HTMLElement>(".message pre code")].at(-1);
  if (code !== undefined) void navigator.clipboard.writeText(code.textContent).then(() => say(t("shell.copied")));
}
