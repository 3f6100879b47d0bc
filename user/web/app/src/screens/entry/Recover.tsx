/** Coming back with nothing but the recovery code. */

import { useSignal } from "@preact/signals";
import type { JSX } from "preact";

import { Field } from "../../parts/Field.tsx";
import { Page } from "../../parts/Page.tsx";
import { attempt } from "../../state/entry.ts";
import { back } from "../../state/places.ts";
import { t } from "../../text/text.ts";
import { ReasonNotice } from "../states/ReasonNotice.tsx";
import { deviceName } from "./name.ts";
import { RecoverForm } from "./RecoverForm.tsx";

export function Recover(): JSX.Element {
  const label = useSignal(deviceName());
  const { fault } = attempt.value;
  return (
    <Page title={t("entry.recover.title")} lead={t("entry.recover.lead")} onBack={back}>
      {fault !== null && <ReasonNotice {...fault} />}
      <Field
        label={t("entry.device.name")} hint={t("entry.device.hint")} maxLength={64} value={label.value}
        onInput={(value) => { label.value = value; }}
      />
      <RecoverForm label={label.value} />
    </Page>
  );
}
