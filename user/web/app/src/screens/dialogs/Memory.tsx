/** One memory, written or changed; or those that went with a question, as they were sent. */

import { useSignal } from "@preact/signals";
import type { JSX } from "preact";

import { Button } from "../../parts/Button.tsx";
import { Dialog } from "../../parts/Dialog.tsx";
import { TextArea } from "../../parts/Field.tsx";
import { Copy } from "../../parts/Reveal.tsx";
import { Switch } from "../../parts/Switch.tsx";
import { MOST_LETTERS, saveMemory } from "../../state/memories.ts";
import { say } from "../../state/notices.ts";
import { closeDialog, type Edited, type Opened } from "../../state/opened.ts";
import { t } from "../../text/text.ts";

export function MemoryDialog({ open }: { readonly open: Extract<Opened, { readonly kind: "memory" | "used" }> }): JSX.Element {
  if (open.kind === "memory") return <Edit row={open.row} />;
  return (
    <Dialog title={t("memory.used_title")} size="wide" onClose={closeDialog}>
      <p class="quiet">{t("memory.used_hint")}</p>
      <ul class="rows">
        {open.texts.map((text, at) => (
          <li key={at} class="row">
            <p class="row-words memory-text" dir="auto">{text}</p>
            <Copy text={text} />
          </li>
        ))}
      </ul>
    </Dialog>
  );
}

function Edit({ row }: { readonly row: Edited }): JSX.Element {
  const now = useSignal(row);
  const busy = useSignal(false);
  const ready = now.value.text.trim() !== "";
  const save = (event: Event): void => {
    event.preventDefault();
    if (!ready || busy.value) return;
    busy.value = true;
    void saveMemory(now.value).then((saved) => {
      busy.value = false;
      if (!saved) return;
      say(t("memory.saved"));
      closeDialog();
    });
  };
  return (
    <Dialog title={t(row.id === null ? "memory.add" : "memory.edit_title")} size="wide" onClose={closeDialog}>
      <form class="stack" onSubmit={save}>
        <TextArea
          label={t("memory.text")} hint={t("memory.text.hint")} value={now.value.text} rows={4} maxLength={MOST_LETTERS}
          onInput={(text) => { now.value = { ...now.value, text }; }}
        />
        <Switch
          label={t("memory.active")} on={now.value.active} onChange={(active) => { now.value = { ...now.value, active }; }}
        />
        <div class="dialog-foot">
          <Button onClick={closeDialog}>{t("shell.cancel")}</Button>
          <Button kind="primary" submit disabled={!ready}>{t("shell.save")}</Button>
        </div>
      </form>
    </Dialog>
  );
}
