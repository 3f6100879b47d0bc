/** When the client locks itself, what uploading tells the service, through which relay it asks, whether answers are signed. */

import type { JSX } from "preact";

import type { SettingsView } from "../../../bridge/views.ts";
import { Button } from "../../../parts/Button.tsx";
import { Select } from "../../../parts/Field.tsx";
import { Section } from "../../../parts/Page.tsx";
import { Switch } from "../../../parts/Switch.tsx";
import { overview } from "../../../state/app.ts";
import { beginCreate } from "../../../state/beginning.ts";
import { lock, LOCK_AFTER } from "../../../state/locking.ts";
import { remember, remembered } from "../../../state/remembered.ts";
import { change, isKept } from "../../../state/settings.ts";
import { t } from "../../../text/text.ts";
import { Relay } from "./Relay.tsx";

export function Privacy(): JSX.Element {
  const settings = overview.value?.settings;
  return (
    <div class="stack settings-group">
      {isKept() && settings !== undefined ? <Account settings={settings} /> : <Guest />}
      <Relay />
      <Section title={t("settings.receipts")}>
        <Switch
          label={t("settings.receipts.ask")} hint={t("settings.receipts.hint")} on={remembered.value.receipts}
          onChange={(receipts) => remember({ receipts })}
        />
      </Section>
    </div>
  );
}

function Guest(): JSX.Element {
  return (
    <>
      <p>{t("settings.privacy.guest")}</p>
      <div class="actions"><Button kind="primary" onClick={() => beginCreate()}>{t("entry.ways.create")}</Button></div>
    </>
  );
}

function Account({ settings }: { readonly settings: SettingsView }): JSX.Element {
  return (
    <>
      <Select
        label={t("settings.lock")} hint={t("settings.lock.hint")} value={String(settings.lock ?? "")}
        options={lockOptions(settings.lock)}
        onChange={(value) => void change({ lock: value === "" ? null : Number(value) })}
      />
      <div class="actions"><Button icon="lock" onClick={() => void lock()}>{t("settings.lock.now")}</Button></div>
      <Section title={t("settings.upload")}>
        <Switch
          label={t("settings.at_once")} hint={t("settings.at_once.hint")} on={settings.atOnce}
          onChange={(atOnce) => void change({ atOnce })}
        />
      </Section>
    </>
  );
}

/** The choices, and the one that another client made. */
function lockOptions(chosen: number | null): readonly { readonly value: string; readonly label: string }[] {
  const all = LOCK_AFTER.includes(chosen as (typeof LOCK_AFTER)[number]) ? LOCK_AFTER : [chosen, ...LOCK_AFTER];
  return all.map((seconds) => ({
    value: String(seconds ?? ""),
    label: seconds === null
      ? t("settings.lock.never") : t("settings.lock.minutes", { count: Math.max(1, Math.round(seconds / 60)) }),
  }));
}
