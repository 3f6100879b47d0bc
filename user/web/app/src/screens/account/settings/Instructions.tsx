/** What every model is told before a chat begins. */

import { useSignal } from "@preact/signals";
import type { JSX } from "preact";

import { Button } from "../../../parts/Button.tsx";
import { TextArea } from "../../../parts/Field.tsx";
import { overview } from "../../../state/app.ts";
import { say } from "../../../state/notices.ts";
import { dialog } from "../../../state/opened.ts";
import { change } from "../../../state/settings.ts";
import { t } from "../../../text/text.ts";

/** As many characters as the settings hold. */
const MOST = 65_536;

export function Instructions(): JSX.Element {
  const kept = overview.value?.settings.instructions ?? "";
  const text = useSignal(kept);
  const submit = (event: Event): void => {
    event.preventDefault();
    void change({ instructions: text.value }).then(() => say(t("settings.saved")));
  };
  return (
    <form class="stack settings-group" onSubmit={submit}>
      <TextArea
        label={t("settings.instructions")} hint={t("settings.instructions.hint")} rows={6} maxLength={MOST} value={text.value}
        onInput={(value) => { text.value = value; }}
      />
      <div class="actions">
        <Button kind="primary" submit disabled={text.value === kept}>{t("shell.save")}</Button>
        <Button kind="quiet" onClick={() => { dialog.value = { kind: "prompts" }; }}>{t("settings.prompts")}</Button>
      </div>
    </form>
  );
}
