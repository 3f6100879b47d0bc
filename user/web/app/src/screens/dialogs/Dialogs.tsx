/** The dialog that is open. */

import type { JSX } from "preact";

import { lazy } from "../../parts/lazy.tsx";
import { closeDialog, dialog, type Opened } from "../../state/opened.ts";
const nothing = (): JSX.Element => <></>;
const Blanks = lazy(async () => (await import("./Blanks.tsx")).BlanksDialog, nothing);
const Folder = lazy(async () => (await import("./Folder.tsx")).FolderDialog, nothing);
const Instructions = lazy(async () => (await import("./Instructions.tsx")).InstructionsDialog, nothing);
const Memory = lazy(async () => (await import("./Memory.tsx")).MemoryDialog, nothing);
const Move = lazy(async () => (await import("./Move.tsx")).MoveDialog, nothing);
const Rename = lazy(async () => (await import("./Rename.tsx")).RenameDialog, nothing);
const Shortcuts = lazy(async () => (await import("../palette/Shortcuts.tsx")).ShortcutsDialog, nothing);
const Share = lazy(async () => (await import("../account/ShareDialog.tsx")).ShareDialog, nothing);
const Prompts = lazy(async () => (await import("./Prompts.tsx")).PromptsDialog, nothing);

export function Dialogs(): JSX.Element | null {
  const open = dialog.value;
  return open === null ? null : <One open={open} />;
}

function One({ open }: { readonly open: Opened }): JSX.Element {
  switch (open.kind) {
    case "shortcuts": return <Shortcuts />;
    case "prompts": return <Prompts />;
    case "blanks": return <Blanks prompt={open.prompt} />;
    case "memory":
    case "used": return <Memory open={open} />;
    case "share": return <Share chat={open.chat} onClose={closeDialog} />;
    case "rename": return <Rename chat={open.chat} />;
    case "move": return <Move chat={open.chat} />;
    case "instructions": return <Instructions chat={open.chat} />;
    case "folder": return <Folder folder={open.folder} chat={open.chat} />;
  }
}
