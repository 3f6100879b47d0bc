/** The fixed banner of a test enclave, and the typed consent without which nothing is sent to one. */

import { useSignal } from "@preact/signals";
import type { JSX } from "preact";

import { Button } from "../../parts/Button.tsx";
import { Dialog } from "../../parts/Dialog.tsx";
import { Field } from "../../parts/Field.tsx";
import { Icon } from "../../parts/Icon.tsx";
import { record } from "../../state/app.ts";
import { agree, consentAsked, isTest } from "../../state/verifying.ts";
import { t } from "../../text/text.ts";

/** On every screen as long as the enclave is one for tests. */
export function TestBanner(): JSX.Element | null {
  if (!isTest.value) return null;
  return (
    <div class="test-banner" role="region" aria-label={t("states.banner_name")}>
      <Icon name="warning" />
      <span>{t("states.banner")}</span>
      {record.value?.verdict === "refused" && (
        <Button kind="quiet" onClick={() => { consentAsked.value = true; }}>{t("states.action.agree")}</Button>
      )}
    </div>
  );
}

/** Asked once per address, by typing: a click is given too easily. */
export function Consent(): JSX.Element | null {
  const typed = useSignal("");
  if (!consentAsked.value) return null;
  const phrase = t("states.consent.phrase");
  const fits = typed.value.trim().toLocaleLowerCase() === phrase.toLocaleLowerCase();
  const close = (): void => { consentAsked.value = false; };
  const submit = (event: Event): void => {
    event.preventDefault();
    if (!fits) return;
    close();
    void agree();
  };
  return (
    <Dialog title={t("states.consent.title")} role="alertdialog" onClose={close}>
      <form class="consent" onSubmit={submit}>
        <p>{t("states.consent.body")}</p>
        <Field label={t("states.consent.label", { phrase })} value={typed.value} onInput={(value) => { typed.value = value; }} />
        <div class="reason-actions">
          <Button onClick={close}>{t("states.consent.decline")}</Button>
          <Button kind="primary" submit disabled={!fits}>{t("states.consent.agree")}</Button>
        </div>
      </form>
    </Dialog>
  );
}
