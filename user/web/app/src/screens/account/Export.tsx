/** Everything as one zip that a plain reader opens; encrypted, its seven words are shown once. */

import { useSignal } from "@preact/signals";
import type { JSX } from "preact";

import { Button } from "../../parts/Button.tsx";
import { Section } from "../../parts/Page.tsx";
import { Progress } from "../../parts/Skeleton.tsx";
import { Switch } from "../../parts/Switch.tsx";
import { progress } from "../../state/news.ts";
import { exportAll, exportDone, exporting } from "../../state/transfer.ts";
import { t } from "../../text/text.ts";
import { Sheet } from "../entry/Sheet.tsx";
import { ReasonNotice } from "../states/ReasonNotice.tsx";

export function Export(): JSX.Element {
  const encrypted = useSignal(false);
  const step = exporting.value;
  const go = (): void => void exportAll(encrypted.value);
  return (
    <Section title={t("account.export.title")} lead={t("account.export.lead")}>
      {step.at === "ready" && step.fault !== null && <ReasonNotice {...step.fault} act={{ try_again: go }} />}
      {step.at !== "done" && (
        <Switch
          label={t("account.export.encrypt")} hint={t("account.export.encrypt_hint")} on={encrypted.value}
          disabled={step.at === "packing"} onChange={(on) => { encrypted.value = on; }}
        />
      )}
      {step.at === "packing" && (
        <Progress label={t("account.export.packing")} done={progress.value?.done ?? 0} of={progress.value?.of ?? null} />
      )}
      {step.at === "ready" && (
        <div class="actions"><Button kind="primary" icon="download" onClick={go}>{t("account.export.go")}</Button></div>
      )}
      {step.at === "done" && (
        <div class="stack">
          <p role="status">{t("account.export.done", { name: step.fileName })}</p>
          {step.words !== null && (
            <>
              <p>{t("account.export.words")}</p>
              <Sheet kind="words" shown={step.words} />
            </>
          )}
          <div class="actions">
            <Button onClick={exportDone}>{step.words === null ? t("account.export.again") : t("entry.words.kept")}</Button>
          </div>
        </div>
      )}
    </Section>
  );
}
