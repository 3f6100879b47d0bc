/** The dialog that is open. */

import type { JSX } from "preact";

import { lazy } from "../../parts/lazy.tsx";
import { closeDialog, dialog, type Opened } from "../../state/opened.ts";
import { BlanksDialog } from "./Blanks.tsx";
import { FolderDialog } from "./Folder.tsx";
import { InstructionsDialog } from "./Instructions.tsx";
import { MoveDialog } from "./Move.tsx";
import { RenameDialog } from "./Rename.tsx";

const Shortcuts = lazy(async () => (await import("../palette/Shortcuts.tsx")).ShortcutsDialog);
const Share = lazy(async () => (await import("../account/ShareDialog.tsx")).ShareDialog);
const Prompts = lazy(async () => (await import("./Prompts.tsx")).PromptsDialog);

export function Dialogs(): JSX.Element | null {
  const open = dialog.value;
  return open === null ? null : <One open={open} />;
}

function One({ open }: { readonly open: Opened }): JSX.Element {
  switch (open.kind) {
    case "shortcuts": return <Shortcuts />;
    case "prompts": return <Prompts />;
    case "blanks": return <BlanksDialog prompt={open.prompt} />;
    case "share": return <Share chat={open.chat} onClose={closeDialog} />;
    case "rename": return <RenameDialog chat={open.chat} />;
    case "move": return <MoveDialog chat={open.chat} />;
    case "instructions": return <InstructionsDialog chat={open.chat} />;
    case "folder": return <FolderDialog folder={open.folder} chat={open.chat} />;
  }
}
