/** The new device: a code to be scanned by one that has the account, then six digits to be typed there. */

import type { JSX } from "preact";
import { useEffect } from "preact/hooks";

import { Button } from "../../parts/Button.tsx";
import { lazy } from "../../parts/lazy.tsx";
import { Page } from "../../parts/Page.tsx";
import { Copy } from "../../parts/Reveal.tsx";
import { offer, offering, type Offering, stop } from "../../state/linking.ts";
import { back } from "../../state/places.ts";
import { t } from "../../text/text.ts";
import { ReasonNotice } from "../states/ReasonNotice.tsx";
import { useFocusOf } from "./focus.ts";
import { Groups, groupsOf } from "./Groups.tsx";
import { Steps } from "./Steps.tsx";
import { Waiting } from "./Waiting.tsx";

const QrCode = lazy(async () => (await import("./QrCode.tsx")).QrCode);

export function Link(): JSX.Element {
  useEffect(() => {
    void offer();
    return stop;
  }, []);
  const step = offering.value;
  useFocusOf(step.at);
  return (
    <Page title={t("entry.link.title")} lead={t("entry.link.lead")} onBack={back}>
      <Steps names={[t("entry.link.step_scan"), t("entry.link.step_digits")]} at={step.at === "digits" ? 1 : 0} />
      <Step step={step} />
    </Page>
  );
}

function Step({ step }: { readonly step: Offering }): JSX.Element {
  switch (step.at) {
    case "begin":
      return step.fault === null
        ? <div class="actions"><Button kind="primary" onClick={() => void offer()}>{t("entry.link.again")}</Button></div>
        : <ReasonNotice {...step.fault} act={{ try_again: () => void offer() }} />;
    case "making": return <Waiting what={t("entry.link.making")} />;
    case "shown": return <Shown link={step.link} />;
    case "code": return <Code code={step.code} />;
    case "digits": return <Digits digits={step.digits} />;
  }
}

function Shown({ link }: { readonly link: string }): JSX.Element {
  return (
    <div class="link-shown">
      <QrCode text={link} name={t("entry.link.qr")} />
      <div class="stack">
        <p>{t("entry.link.scan")}</p>
        <p class="quiet">{t("entry.link.without_camera")}</p>
        <div class="link-text">
          <code class="details" dir="ltr">{link}</code>
          <Copy text={link} name={t("entry.link.copy")} words />
        </div>
        <div class="actions">
          <Button kind="quiet" onClick={() => void offer(true)}>{t("entry.link.type_instead")}</Button>
        </div>
        <p class="quiet" role="status">{t("entry.link.waiting")}</p>
      </div>
    </div>
  );
}

function Code({ code }: { readonly code: string }): JSX.Element {
  return (
    <div class="stack">
      <p>{t("entry.link.code")}</p>
      <div class="sheet-card"><Groups label={t("entry.link.code_name")} groups={groupsOf(code)} kind="code" /></div>
      <p class="quiet">{t("entry.link.code_limit")}</p>
      <div class="actions"><Button kind="quiet" onClick={() => void offer()}>{t("entry.link.scan_instead")}</Button></div>
      <p class="quiet" role="status">{t("entry.link.waiting")}</p>
    </div>
  );
}

function Digits({ digits }: { readonly digits: string }): JSX.Element {
  return (
    <div class="stack">
      <p>{t("entry.link.type")}</p>
      <p class="digits" translate={false} role="status">
        <span dir="ltr" class="digits-shown" aria-hidden="true">
          {digits.slice(0, 3)}<span class="digits-gap" />{digits.slice(3)}
        </span>
        <span class="spoken">{digits.split("").join(" ")}</span>
      </p>
      <p class="quiet">{t("entry.link.granting")}</p>
    </div>
  );
}
