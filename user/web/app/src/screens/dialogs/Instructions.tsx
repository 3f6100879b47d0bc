/** What a chat's model is told before everything else. */

import { useSignal } from "@preact/signals";
import type { JSX } from "preact";
import { useEffect } from "preact/hooks";

import { Button } from "../../parts/Button.tsx";
import { Dialog } from "../../parts/Dialog.tsx";
import { TextArea } from "../../parts/Field.tsx";
import { chat as shown } from "../../state/app.ts";
import { openChat, setInstructions } from "../../state/chats.ts";
import { closeDialog } from "../../state/opened.ts";
import { t } from "../../text/text.ts";

/** Characters, as the vault keeps them. */
const MOST = 16_000;

export function InstructionsDialog({ chat }: { readonly chat: string }): JSX.Element {
  const open = shown.value?.row.id === chat ? shown.value : null;
  const text = useSignal<string | null>(null);
  // Another chat's instructions are known once it is open.
  useEffect(() => { if (open === null) void openChat(chat); }, [chat]);
  const value = text.value ?? open?.instructions ?? "";
  const save = (event: Event): void => {
    event.preventDefault();
    closeDialog();
    void setInstructions(chat, value.trim());
  };
  return (
    <Dialog title={t("chat.instructions")} onClose={closeDialog}>
      <form class="stack" onSubmit={save}>
        <TextArea
          label={t("chat.instructions_label")} hint={t("chat.instructions_hint")} value={value} maxLength={MOST}
          disabled={open === null} onInput={(next) => { text.value = next; }}
        />
        <div class="dialog-foot">
          <Button onClick={closeDialog}>{t("shell.cancel")}</Button>
          <Button kind="primary" submit disabled={open === null}>{t("shell.save")}</Button>
        </div>
      </form>
    </Dialog>
  );
}
