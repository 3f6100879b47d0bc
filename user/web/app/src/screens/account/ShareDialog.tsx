/** Sharing the branch that is shown: how long the link lives, the link, and those that were made before. */

import { useSignal } from "@preact/signals";
import type { JSX } from "preact";
import { useEffect } from "preact/hooks";

import { Button } from "../../parts/Button.tsx";
import { Dialog } from "../../parts/Dialog.tsx";
import { Copy } from "../../parts/Reveal.tsx";
import { Choice } from "../../parts/Switch.tsx";
import { beginShare, LIFETIME, LIFETIMES, made, share, shareFault, shares, sharingBusy } from "../../state/sharing.ts";
import { t } from "../../text/text.ts";
import { ReasonNotice } from "../states/ReasonNotice.tsx";
import { ShareRows } from "./ShareRows.tsx";

const HOUR = 3600;
const DAY = 86_400;

export interface ShareDialogProps {
  /** The chat that is shared. */
  readonly chat: string;
  readonly onClose: () => void;
}

export function ShareDialog({ chat, onClose }: ShareDialogProps): JSX.Element {
  const lifetime = useSignal(String(LIFETIME));
  useEffect(() => void beginShare(), []);
  const go = (): void => void share(chat, Number(lifetime.value));
  const before = (shares.value ?? []).filter((one) => one.chat === chat && one.id !== made.value?.id);
  return (
    <Dialog title={t("account.share.title")} onClose={onClose}>
      <div class="stack">
        <p>{t("account.share.lead")}</p>
        {shareFault.value !== null && <ReasonNotice {...shareFault.value} act={{ try_again: go }} />}
        {made.value === null ? (
          <>
            <Choice
              label={t("account.share.lifetime")} value={lifetime.value} onChange={(value) => { lifetime.value = value; }}
              options={LIFETIMES.map((seconds) => ({ value: String(seconds), label: lifetimeText(seconds) }))}
            />
            <div class="dialog-buttons">
              <Button kind="primary" icon="link" busy={sharingBusy.value} onClick={go}>{t("account.share.make")}</Button>
            </div>
          </>
        ) : <Made link={made.value.link} />}
        {before.length > 0 && <ShareRows shares={before} />}
        <p class="quiet">{t("account.share.limit")}</p>
      </div>
    </Dialog>
  );
}

function Made({ link }: { readonly link: string }): JSX.Element {
  return (
    <div class="stack" role="status">
      <p>{t("account.share.made")}</p>
      <code class="details" dir="ltr">{link}</code>
      <div class="actions"><Copy text={link} name={t("account.share.copy")} words /></div>
    </div>
  );
}

function lifetimeText(seconds: number): string {
  const [key, unit] = seconds < DAY ? ["account.share.hours", HOUR] as const : ["account.share.days", DAY] as const;
  return t(key, { count: seconds / unit });
}
