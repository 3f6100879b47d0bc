/** Number and fingerprint of the newest page of the history, for people who compare two devices. */

import type { JSX } from "preact";

import { Section } from "../../parts/Page.tsx";
import { overview } from "../../state/app.ts";
import { t } from "../../text/text.ts";

/** Digits that are read in one breath. */
const TOGETHER = 5;

export function Fingerprint(): JSX.Element | null {
  const sync = overview.value?.sync;
  if (sync === undefined || sync.n === 0) return null;
  const digits = sync.fingerprint.replace(/\D/g, "");
  const groups = digits.match(new RegExp(`.{1,${String(TOGETHER)}}`, "g")) ?? [];
  return (
    <Section title={t("account.fingerprint.title")} lead={t("account.fingerprint.lead")}>
      <p class="fingerprint" translate={false}>
        <span class="fingerprint-n">{t("account.fingerprint.page", { n: sync.n })}</span>
        <span dir="ltr" class="fingerprint-digits">{groups.map((group) => <span key={group}>{group}</span>)}</span>
      </p>
      <p class="quiet">{t("account.fingerprint.limit")}</p>
    </Section>
  );
}
