/** Where saving stands, and the way to have it done now. */

import type { JSX } from "preact";

import type { SyncView } from "../../bridge/views.ts";
import { Button } from "../../parts/Button.tsx";
import { Section } from "../../parts/Page.tsx";
import { online, overview } from "../../state/app.ts";
import { now } from "../../state/now.ts";
import { syncing, syncNow } from "../../state/syncing.ts";
import { distance, t } from "../../text/text.ts";

export function Saving(): JSX.Element | null {
  const sync = overview.value?.sync;
  if (sync === undefined) return null;
  const busy = syncing.value || sync.syncing;
  return (
    <Section title={t("account.history.title")} lead={textOf(sync, online.value, now.value)}>
      {sync.halted === null && online.value && (
        <>
          <div class="actions">
            <Button icon="retry" busy={busy} onClick={() => void syncNow()}>{t("account.history.sync")}</Button>
          </div>
          <p class="quiet">{t("account.history.sync_hint")}</p>
        </>
      )}
    </Section>
  );
}

function textOf({ unsent, offline, agreed }: SyncView, connected: boolean, at: number): string {
  if (offline || !connected) return t("account.history.offline");
  if (unsent > 0) return t("account.history.unsent", { count: unsent });
  return agreed === null ? t("account.history.saved") : t("account.history.agreed", { ago: distance(Math.min(agreed, at), at) });
}
