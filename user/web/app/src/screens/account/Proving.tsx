/** "Show that it is you", for what adds or takes away. The passkey was asked already; here stands what else can be done. */

import { useSignal } from "@preact/signals";
import type { JSX } from "preact";

import { Button } from "../../parts/Button.tsx";
import { Dialog } from "../../parts/Dialog.tsx";
import { Field } from "../../parts/Field.tsx";
import { Reveal } from "../../parts/Reveal.tsx";
import { leaveProof, proving, type Proving as Step, tryProof } from "../../state/proving.ts";
import { t } from "../../text/text.ts";
import { Waiting } from "../entry/Waiting.tsx";
import { ReasonNotice } from "../states/ReasonNotice.tsx";

export function Proving(): JSX.Element | null {
  const step = proving.value;
  return step === null ? null : <Asked step={step} />;
}

function Asked({ step: { busy, fault } }: { readonly step: Step }): JSX.Element {
  const other = useSignal(false);
  const typed = useSignal("");
  const submit = (event: Event): void => {
    event.preventDefault();
    if (typed.value.trim() !== "") void tryProof(typed.value);
  };
  return (
    <Dialog title={t("account.prove.title")} onClose={leaveProof}>
      <div class="stack">
        <p>{t("account.prove.lead")}</p>
        {busy && <Waiting what={t("entry.waiting.passkey")} />}
        {!busy && fault !== null && (
          <ReasonNotice {...fault} act={{ try_again: () => void tryProof(), another_way: () => { other.value = true; } }} />
        )}
        {!busy && (
          <Reveal label={t("account.prove.code")} open={other.value}>
            <form class="stack" onSubmit={submit}>
              <Field
                label={t("entry.recover.label")} code maxLength={96} value={typed.value}
                onInput={(value) => { typed.value = value; }}
              />
              <div class="actions"><Button submit>{t("account.prove.go")}</Button></div>
            </form>
          </Reveal>
        )}
      </div>
    </Dialog>
  );
}
