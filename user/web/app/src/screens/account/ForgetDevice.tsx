/** "Forget this device": keys and history are erased here. What was not uploaded is named first. */

import type { JSX } from "preact";

import { Banner } from "../../parts/Page.tsx";
import { forget } from "../../state/entering.ts";
import { unsent } from "../../state/settings.ts";
import { t } from "../../text/text.ts";
import { TypedConfirm } from "./TypedConfirm.tsx";

export function ForgetDevice({ onClose }: { readonly onClose: () => void }): JSX.Element {
  const waiting = unsent();
  return (
    <TypedConfirm
      title={t("account.forget.title")} phrase={t("account.forget.phrase")} go={t("account.forget.go")} onConfirm={forget}
      onClose={onClose}
    >
      {waiting > 0 && <Banner kind="bad">{t("account.forget.unsent", { count: waiting })}</Banner>}
      <p>{t("account.forget.body")}</p>
      <p class="quiet">{t("account.forget.elsewhere")}</p>
    </TypedConfirm>
  );
}
