/** Links that this person made: what they open, until when, and the way to end them. */

import type { JSX } from "preact";

import type { ShareRow } from "../../bridge/views.ts";
import { Button } from "../../parts/Button.tsx";
import { Icon } from "../../parts/Icon.tsx";
import { Copy } from "../../parts/Reveal.tsx";
import { now } from "../../state/now.ts";
import { revokeShare, sharingBusy } from "../../state/sharing.ts";
import { moment, t } from "../../text/text.ts";

export function ShareRows({ shares }: { readonly shares: readonly ShareRow[] }): JSX.Element {
  return <ul class="rows">{shares.map((one) => <Row key={one.id} share={one} />)}</ul>;
}

function Row({ share: { id, title, link, expiry, revoked } }: { readonly share: ShareRow }): JSX.Element {
  const ended = revoked || expiry * 1000 <= now.value;
  const until = moment(expiry * 1000, "full");
  const state = revoked ? t("account.share.revoked") : ended ? t("account.share.expired") : t("account.share.until", { until });
  return (
    <li class="row">
      <Icon name="link" />
      <div class="row-words">
        <p class="row-title"><bdi>{title === "" ? t("account.share.untitled") : title}</bdi></p>
        <p class="quiet">{state}</p>
      </div>
      {!ended && <Copy text={link} name={t("account.share.copy")} />}
      {!ended && (
        <Button kind="quiet" busy={sharingBusy.value} onClick={() => void revokeShare(id)}>{t("account.share.revoke")}</Button>
      )}
    </li>
  );
}
