/** The blanks of a prompt: what stands in them is asked for before it goes into the composer. */

import { useSignal } from "@preact/signals";
import type { JSX } from "preact";

import { Button } from "../../parts/Button.tsx";
import { Dialog } from "../../parts/Dialog.tsx";
import { TextArea } from "../../parts/Field.tsx";
import { overview } from "../../state/app.ts";
import { typed } from "../../state/drafts.ts";
import { closeDialog, focusComposer } from "../../state/opened.ts";
import { blanksOf, filled } from "../../state/prompts.ts";
import { t } from "../../text/text.ts";

export function BlanksDialog({ prompt }: { readonly prompt: string }): JSX.Element | null {
  const values = useSignal<Readonly<Record<string, string>>>({});
  const found = overview.value?.prompts.find(({ id }) => id === prompt);
  if (found === undefined) return null;
  const insert = (event: Event): void => {
    event.preventDefault();
    typed(filled(found.text, values.value));
    closeDialog();
    setTimeout(focusComposer, 0);
  };
  return (
    <Dialog title={found.title} onClose={closeDialog}>
      <form class="stack" onSubmit={insert}>
        {blanksOf(found.text).map((name) => (
          <TextArea
            key={name} label={name} rows={1} value={values.value[name] ?? ""}
            onInput={(value) => { values.value = { ...values.value, [name]: value }; }}
          />
        ))}
        <div class="dialog-foot">
          <Button onClick={closeDialog}>{t("shell.cancel")}</Button>
          <Button kind="primary" submit>{t("chat.prompt_insert")}</Button>
        </div>
      </form>
    </Dialog>
  );
}
