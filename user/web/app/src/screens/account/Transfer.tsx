/** Bringing chats in and taking everything out. */

import type { JSX } from "preact";

import { Page } from "../../parts/Page.tsx";
import { back } from "../../state/places.ts";
import { t } from "../../text/text.ts";
import { Export } from "./Export.tsx";
import { Import } from "./Import.tsx";

export function Transfer(): JSX.Element {
  return (
    <Page title={t("account.transfer.title")} lead={t("account.transfer.lead")} onBack={back}>
      <Export />
      <Import />
    </Page>
  );
}
