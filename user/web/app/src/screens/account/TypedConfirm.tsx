/** A question before something goes for good: answered by typing, since a click is given too easily. */

import { useSignal } from "@preact/signals";
import type { ComponentChildren, JSX } from "preact";

import { Button } from "../../parts/Button.tsx";
import { Dialog } from "../../parts/Dialog.tsx";
import { Field } from "../../parts/Field.tsx";
import type { Fault } from "../../state/faults.ts";
import { t } from "../../text/text.ts";
import { ReasonNotice } from "../states/ReasonNotice.tsx";
import { agrees } from "./confirming.ts";

export interface TypedConfirmProps {
  readonly title: string;
  /** What goes, what stays. */
  readonly children: ComponentChildren;
  /** The words to type. */
  readonly phrase: string;
  /** What the button says. */
  readonly go: string;
  /** Does it; what is answered is why it was not done. */
  readonly onConfirm: () => Promise<Fault | null>;
  readonly onClose: () => void;
}

export function TypedConfirm({ title, children, phrase, go, onConfirm, onClose }: TypedConfirmProps): JSX.Element {
  const typed = useSignal("");
  const busy = useSignal(false);
  const fault = useSignal<Fault | null>(null);
  const fits = agrees(typed.value, phrase);
  const confirm = (): void => {
    if (!fits || busy.value) return;
    [busy.value, fault.value] = [true, null];
    void onConfirm().then((found) => {
      [busy.value, fault.value] = [false, found];
      if (found === null) onClose();
    });
  };
  const submit = (event: Event): void => {
    event.preventDefault();
    confirm();
  };
  return (
    <Dialog title={title} role="alertdialog" onClose={onClose}>
      <form class="stack" onSubmit={submit}>
        {children}
        {fault.value !== null && <ReasonNotice {...fault.value} act={{ try_again: confirm }} />}
        <Field label={t("account.confirm.type", { phrase })} value={typed.value} onInput={(value) => { typed.value = value; }} />
        <div class="dialog-buttons">
          <Button onClick={onClose}>{t("shell.cancel")}</Button>
          <Button kind="danger" submit disabled={!fits} busy={busy.value}>{go}</Button>
        </div>
      </form>
    </Dialog>
  );
}
