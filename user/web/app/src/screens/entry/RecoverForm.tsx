/** A recovery code is typed: it signs in and opens by itself. */

import { useSignal } from "@preact/signals";
import type { JSX } from "preact";

import { Button } from "../../parts/Button.tsx";
import { Field } from "../../parts/Field.tsx";
import { recover } from "../../state/entering.ts";
import { attempt } from "../../state/entry.ts";
import { t } from "../../text/text.ts";

/** Letters of a code with its check, and what people put between them. */
const MOST = 96;
const LETTERS = 34;

export function RecoverForm({ label }: { readonly label: string }): JSX.Element {
  const typed = useSignal("");
  const { busy } = attempt.value;
  const letters = typed.value.replace(/[\s-]/g, "").length;
  const submit = (event: Event): void => {
    event.preventDefault();
    if (letters > 0) void recover(typed.value, label);
  };
  return (
    <form class="stack" onSubmit={submit}>
      <Field
        label={t("entry.recover.label")} hint={t("entry.recover.letters", { done: Math.min(letters, LETTERS), of: LETTERS })} code
        maxLength={MOST} value={typed.value} onInput={(value) => { typed.value = value; }}
      />
      <div class="actions">
        <Button kind="primary" submit busy={busy}>{busy ? t("entry.waiting.opening") : t("entry.recover.go")}</Button>
      </div>
    </form>
  );
}
