/** What the plan allows, what of it is used, and what happens beyond. */

import type { JSX } from "preact";

import { Button } from "../../parts/Button.tsx";
import { Page, Section } from "../../parts/Page.tsx";
import { account, overview } from "../../state/app.ts";
import { archiveOldest } from "../../state/chats.ts";
import { beginCreate } from "../../state/beginning.ts";
import { back } from "../../state/places.ts";
import { bytes, localeOf, t } from "../../text/text.ts";
import { Plan } from "./Plan.tsx";

export function Usage(): JSX.Element {
  const quota = overview.value?.quota;
  if (account.value?.state === "guest") return <OfGuest />;
  return (
    <Page title={t("account.usage.title")} lead={t("account.usage.lead")} onBack={back}>
      {quota !== undefined && (
        <>
          <Plan />
          <Section title={t("account.usage.chats")}>
            <Used used={quota.active} limit={quota.activeLimit} text={chatsText(quota.active, quota.activeLimit)} />
            {quota.activeLimit !== null && <p class="quiet">{t("account.usage.chats_beyond")}</p>}
            {quota.activeLimit !== null && quota.active >= quota.activeLimit && (
              <div class="actions">
                <Button icon="archive" onClick={() => void archiveOldest()}>{t("account.usage.archive")}</Button>
              </div>
            )}
          </Section>
          <Section title={t("account.usage.bytes")}>
            <Used used={quota.bytes} limit={quota.bytesLimit} text={bytesText(quota.bytes, quota.bytesLimit)} />
            {quota.bytesLimit !== null && <p class="quiet">{t("account.usage.bytes_beyond")}</p>}
          </Section>
        </>
      )}
      <p class="quiet">{t("account.usage.blind")}</p>
    </Page>
  );
}

function OfGuest(): JSX.Element {
  return (
    <Page title={t("account.usage.title")} lead={t("account.usage.guest")} onBack={back}>
      <div class="actions"><Button kind="primary" onClick={() => beginCreate()}>{t("entry.ways.create")}</Button></div>
    </Page>
  );
}

interface UsedProps {
  readonly used: number;
  readonly limit: number | null;
  readonly text: string;
}

function Used({ used, limit, text }: UsedProps): JSX.Element {
  const full = limit !== null && used >= limit;
  return (
    <div class="used">
      <p class="used-text">{text}</p>
      {limit !== null && limit > 0 && (
        <meter class={full ? "used-full" : ""} aria-label={text} value={Math.min(used, limit)} max={limit} />
      )}
      {full && <p class="used-note">{t("account.usage.full")}</p>}
    </div>
  );
}

function chatsText(active: number, limit: number | null): string {
  if (limit === null) return t("account.usage.active_free", { count: active });
  return t("account.usage.active", { used: active, count: limit });
}

/** Bytes with the share of the limit, where there is one. */
function bytesText(size: number, limit: number | null): string {
  if (limit === null) return t("account.usage.stored_free", { size: bytes(size) });
  const percent = new Intl.NumberFormat(localeOf(), { style: "percent", maximumFractionDigits: 1 });
  const share = percent.format(limit === 0 ? 1 : size / limit);
  return t("account.usage.stored", { size: bytes(size), limit: bytes(limit), share });
}
