/** Bringing chats in and taking everything out. */

import type { JSX } from "preact";

import { Button } from "../../parts/Button.tsx";
import { Page } from "../../parts/Page.tsx";
import { account } from "../../state/app.ts";
import { beginCreate } from "../../state/beginning.ts";
import { back } from "../../state/places.ts";
import { t } from "../../text/text.ts";
import { Export } from "./Export.tsx";
import { Import } from "./Import.tsx";

export function Transfer(): JSX.Element {
  if (account.value?.state !== "open") return <OfGuest />;
  return (
    <Page title={t("account.transfer.title")} lead={t("account.transfer.lead")} onBack={back}>
      <Export />
      <Import />
    </Page>
  );
}

/** A guest's chats end with the page: there is nothing to bring them into. */
function OfGuest(): JSX.Element {
  return (
    <Page title={t("account.transfer.title")} lead={t("account.transfer.guest")} onBack={back}>
      <div class="actions"><Button kind="primary" onClick={() => beginCreate()}>{t("entry.ways.create")}</Button></div>
    </Page>
  );
}
