/** The passkey signs in and cannot open: seven words will, if the person wants that. */

import { useSignal } from "@preact/signals";
import type { JSX } from "preact";

import { Button } from "../../parts/Button.tsx";
import { Switch } from "../../parts/Switch.tsx";
import type { Creating } from "../../state/beginning.ts";
import { leaveCreate, takeWords } from "../../state/creating.ts";
import { show } from "../../state/entry.ts";
import { actionText, reasonText } from "../../text/reasons.ts";
import { t } from "../../text/text.ts";

export function Unopened({ step }: { readonly step: Extract<Creating, { readonly at: "unopened" }> }): JSX.Element {
  const keepUnlocked = useSignal(true);
  const link = (): void => {
    void leaveCreate().then(() => show("link"));
  };
  return (
    <div class="stack">
      <p class="reason-text" role="alert">{reasonText(step.why).text}</p>
      <Switch
        label={t("entry.keep.label")} hint={keepUnlocked.value ? t("entry.keep.on") : t("entry.keep.words_off")}
        on={keepUnlocked.value} onChange={(on) => { keepUnlocked.value = on; }}
      />
      <div class="actions">
        <Button kind="primary" onClick={() => void takeWords(keepUnlocked.value)}>{actionText("seven_words")}</Button>
        <Button onClick={link}>{actionText("link_device")}</Button>
      </div>
    </div>
  );
}
