/** A folder's name, and the instructions that every chat in it follows. */

import { useSignal } from "@preact/signals";
import type { JSX } from "preact";

import { Button } from "../../parts/Button.tsx";
import { Dialog } from "../../parts/Dialog.tsx";
import { Field, TextArea } from "../../parts/Field.tsx";
import { moveTo } from "../../state/chats.ts";
import { addFolder, editFolder, folders } from "../../state/folders.ts";
import { closeDialog } from "../../state/opened.ts";
import { t } from "../../text/text.ts";

/** Characters, as the vault keeps them. */
const MOST_NAME = 256;
const MOST_TEXT = 16_000;

export interface FolderDialogProps {
  /** Null: a new one. */
  readonly folder: string | null;
  /** The chat that goes into the new folder. */
  readonly chat: string | null;
}

export function FolderDialog({ folder, chat }: FolderDialogProps): JSX.Element {
  const known = folders.peek().find(({ id }) => id === folder);
  const name = useSignal(known?.name ?? "");
  const instructions = useSignal(known?.instructions ?? "");
  const save = (event: Event): void => {
    event.preventDefault();
    closeDialog();
    void keep(folder, chat, name.value.trim(), instructions.value.trim());
  };
  return (
    <Dialog title={known === undefined ? t("sidebar.new_folder") : t("sidebar.edit_folder")} onClose={closeDialog}>
      <form class="stack" onSubmit={save}>
        <Field
          label={t("sidebar.folder_name")} value={name.value} maxLength={MOST_NAME} onInput={(value) => { name.value = value; }}
        />
        <TextArea
          label={t("sidebar.folder_instructions")} hint={t("sidebar.folder_instructions_hint")} value={instructions.value}
          maxLength={MOST_TEXT} onInput={(value) => { instructions.value = value; }}
        />
        <div class="dialog-foot">
          <Button onClick={closeDialog}>{t("shell.cancel")}</Button>
          <Button kind="primary" submit disabled={name.value.trim() === ""}>{t("shell.save")}</Button>
        </div>
      </form>
    </Dialog>
  );
}

async function keep(folder: string | null, chat: string | null, name: string, instructions: string): Promise<void> {
  const id = folder ?? await addFolder(name);
  const row = folders.value.find((one) => one.id === id);
  if (row === undefined) return;
  if (row.name !== name || row.instructions !== instructions) await editFolder(row, { name, instructions });
  if (chat !== null) await moveTo(chat, row.id);
}
