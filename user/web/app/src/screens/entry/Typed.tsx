/** Two groups of a code, or two words, are typed: whoever can do that has the sheet. */

import { useSignal } from "@preact/signals";
import type { JSX } from "preact";

import { Button } from "../../parts/Button.tsx";
import { Field } from "../../parts/Field.tsx";
import type { Fault } from "../../state/faults.ts";
import { reasonText } from "../../text/reasons.ts";
import { t } from "../../text/text.ts";

export interface TypedProps {
  readonly kind: "code" | "words";
  readonly fault: Fault | null;
  readonly busy: boolean;
  readonly onTyped: (third: string, seventh: string) => void;
  /** Back to the sheet. */
  readonly onAgain: () => void;
}

/** Letters of a group, with room for what people put between. */
const MOST = 16;

export function Typed({ kind, fault, busy, onTyped, onAgain }: TypedProps): JSX.Element {
  const third = useSignal("");
  const seventh = useSignal("");
  const submit = (event: Event): void => {
    event.preventDefault();
    if (!busy && third.value.trim() !== "" && seventh.value.trim() !== "") onTyped(third.value, seventh.value);
  };
  const label = (number: number): string => t(kind === "code" ? "entry.typed.group" : "entry.typed.word", { number });
  return (
    <form class="stack typed" onSubmit={submit}>
      <div class="typed-fields">
        <Field label={label(3)} code maxLength={MOST} value={third.value} onInput={(value) => { third.value = value; }} />
        <Field label={label(7)} code maxLength={MOST} value={seventh.value} onInput={(value) => { seventh.value = value; }} />
      </div>
      {fault !== null && <p class="field-error" role="alert">{reasonText(fault.reason, fault.detail).text}</p>}
      <div class="actions">
        <Button kind="primary" submit busy={busy}>{busy ? t("entry.typed.busy") : t("entry.typed.done")}</Button>
        <Button kind="quiet" onClick={onAgain}>
          {t(kind === "code" ? "entry.typed.code_again" : "entry.typed.words_again")}
        </Button>
      </div>
    </form>
  );
}
