/** The device that has the account: scan what the new one shows, type its digits, let it in. */

import { useSignal } from "@preact/signals";
import type { JSX } from "preact";
import { useEffect } from "preact/hooks";

import { Button } from "../../parts/Button.tsx";
import { Dialog } from "../../parts/Dialog.tsx";
import { Field } from "../../parts/Field.tsx";
import { lazy } from "../../parts/lazy.tsx";
import { Banner } from "../../parts/Page.tsx";
import { Reveal } from "../../parts/Reveal.tsx";
import { load } from "../../state/devices.ts";
import type { Fault } from "../../state/faults.ts";
import { grant, granting, type Granting, scan, stop, typeDigits } from "../../state/linking.ts";
import { t } from "../../text/text.ts";
import { useFocusOf } from "../entry/focus.ts";
import { Waiting } from "../entry/Waiting.tsx";
import { ReasonNotice } from "../states/ReasonNotice.tsx";

const Scanner = lazy(async () => (await import("./Scanner.tsx")).Scanner);
const MAX_LINK = 1024;

export function LinkDevice({ onClose }: { readonly onClose: () => void }): JSX.Element {
  useEffect(() => stop, []);
  const step = granting.value;
  useFocusOf(step.at, "dialog");
  const close = (): void => {
    if (step.at === "done") void load();
    onClose();
  };
  return (
    <Dialog title={t("account.link.title")} onClose={close}>
      <Step step={step} onClose={close} />
    </Dialog>
  );
}

function Step({ step, onClose }: { readonly step: Granting; readonly onClose: () => void }): JSX.Element {
  switch (step.at) {
    case "link": return <Choose fault={step.fault} />;
    case "waiting": return <Waiting what={t("account.link.waiting")} />;
    case "digits": return <Digits step={step} />;
    case "name": return <Name step={step} />;
    case "done":
      return (
        <div class="stack">
          <p role="status">{t("account.link.done", { name: step.label })}</p>
          <div class="dialog-buttons"><Button kind="primary" onClick={onClose}>{t("shell.close")}</Button></div>
        </div>
      );
  }
}

function Choose({ fault }: { readonly fault: Fault | null }): JSX.Element {
  const camera = useSignal(false);
  const pasted = useSignal("");
  const submit = (event: Event): void => {
    event.preventDefault();
    if (pasted.value.trim() !== "") void scan(pasted.value.trim());
  };
  return (
    <div class="stack">
      {fault !== null && <ReasonNotice {...fault} />}
      <p>{t("account.link.lead")}</p>
      {camera.value
        ? <Scanner onFound={(text) => void scan(text)} />
        : (
          <div class="actions">
            <Button kind="primary" icon="image" onClick={() => { camera.value = true; }}>{t("account.link.camera")}</Button>
          </div>
        )}
      <Reveal label={t("account.link.paste")} open={fault !== null}>
        <form class="stack" onSubmit={submit}>
          <Field
            label={t("account.link.field")} code maxLength={MAX_LINK} value={pasted.value}
            onInput={(value) => { pasted.value = value; }}
          />
          <div class="actions"><Button submit>{t("account.link.go")}</Button></div>
        </form>
      </Reveal>
    </div>
  );
}

function Digits({ step }: { readonly step: Extract<Granting, { readonly at: "digits" }> }): JSX.Element {
  const typed = useSignal("");
  const submit = (event: Event): void => {
    event.preventDefault();
    if (typed.value.replace(/\D/g, "").length !== 6) return;
    void typeDigits(typed.value);
    typed.value = "";
  };
  return (
    <form class="stack" onSubmit={submit}>
      <Banner kind="warn">{t("account.link.hands")}</Banner>
      <Field
        label={t("account.link.digits")} code inputMode="numeric" maxLength={12} value={typed.value}
        error={step.wrong ? t("account.link.wrong", { count: step.left }) : null} onInput={(value) => { typed.value = value; }}
      />
      <div class="dialog-buttons"><Button kind="primary" submit busy={step.busy}>{t("account.link.compare")}</Button></div>
    </form>
  );
}

function Name({ step }: { readonly step: Extract<Granting, { readonly at: "name" }> }): JSX.Element {
  const label = useSignal(t("account.link.new_device"));
  const go = (): void => {
    if (label.value.trim() !== "") void grant(label.value.trim());
  };
  const submit = (event: Event): void => {
    event.preventDefault();
    go();
  };
  return (
    <form class="stack" onSubmit={submit}>
      <p>{t("account.link.matched")}</p>
      {step.fault !== null && <ReasonNotice {...step.fault} act={{ try_again: go }} />}
      <Field label={t("account.link.name")} maxLength={64} value={label.value} onInput={(value) => { label.value = value; }} />
      <div class="dialog-buttons">
        <Button kind="primary" icon="key" submit busy={step.busy}>{t("account.link.grant")}</Button>
      </div>
    </form>
  );
}
