/** Another name for a chat. */

import { useSignal } from "@preact/signals";
import type { JSX } from "preact";

import { Button } from "../../parts/Button.tsx";
import { Dialog } from "../../parts/Dialog.tsx";
import { Field } from "../../parts/Field.tsx";
import { rename, rows } from "../../state/chats.ts";
import { closeDialog } from "../../state/opened.ts";
import { t } from "../../text/text.ts";

/** Letters of a title, as the vault keeps it. */
const MOST = 256;

export function RenameDialog({ chat }: { readonly chat: string }): JSX.Element {
  const title = useSignal(rows.peek().find(({ id }) => id === chat)?.title ?? "");
  const save = (event: Event): void => {
    event.preventDefault();
    closeDialog();
    void rename(chat, title.value);
  };
  return (
    <Dialog title={t("sidebar.rename_title")} onClose={closeDialog}>
      <form class="stack" onSubmit={save}>
        <Field
          label={t("sidebar.rename_label")} value={title.value} maxLength={MOST} onInput={(value) => { title.value = value; }}
        />
        <div class="dialog-foot">
          <Button onClick={closeDialog}>{t("shell.cancel")}</Button>
          <Button kind="primary" submit disabled={title.value.trim() === ""}>{t("shell.save")}</Button>
        </div>
      </form>
    </Dialog>
  );
}
