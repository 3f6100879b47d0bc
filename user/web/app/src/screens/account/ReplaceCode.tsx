/** A new recovery code: shown, kept, typed; from then on the old one opens nothing. */

import type { JSX } from "preact";

import { Button } from "../../parts/Button.tsx";
import { Dialog } from "../../parts/Dialog.tsx";
import { replacing, turnReplacing, typeReplacing } from "../../state/devices.ts";
import { tell } from "../../state/notices.ts";
import { t } from "../../text/text.ts";
import { useFocusOf } from "../entry/focus.ts";
import { Sheet } from "../entry/Sheet.tsx";
import { Typed } from "../entry/Typed.tsx";

export function ReplaceCode(): JSX.Element | null {
  const step = replacing.value;
  useFocusOf(step?.at ?? "", "dialog");
  if (step === null) return null;
  const close = (): void => { replacing.value = null; };
  const typed = (third: string, seventh: string): void => {
    void typeReplacing(third, seventh).then((done) => { if (done) tell(t("account.code.replaced")); });
  };
  return (
    <Dialog title={t("account.code.replace_title")} size="wide" onClose={close}>
      {step.at === "code" ? (
        <div class="stack">
          <p>{t("account.code.replace_lead")}</p>
          <Sheet kind="code" shown={step.shown} />
          <div class="dialog-buttons">
            <Button kind="primary" onClick={() => turnReplacing("typed")}>{t("entry.code.kept")}</Button>
          </div>
        </div>
      ) : <Typed kind="code" fault={step.fault} busy={step.busy} onTyped={typed} onAgain={() => turnReplacing("code")} />}
    </Dialog>
  );
}
