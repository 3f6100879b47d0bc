/** What a person can take out, bring in, take back and delete. */

import { useSignal } from "@preact/signals";
import type { JSX } from "preact";
import { useEffect } from "preact/hooks";

import { Button } from "../../../parts/Button.tsx";
import { Section } from "../../../parts/Page.tsx";
import { go } from "../../../state/places.ts";
import { isKept } from "../../../state/settings.ts";
import { loadShares, shares } from "../../../state/sharing.ts";
import { t } from "../../../text/text.ts";
import { DeleteAccount, DeleteAll } from "../Deleting.tsx";
import { ForgetDevice } from "../ForgetDevice.tsx";
import { ShareRows } from "../ShareRows.tsx";

type Asked = "all" | "account" | "forget";

export function Data(): JSX.Element {
  const asked = useSignal<Asked | null>(null);
  const kept = isKept();
  useEffect(() => { if (kept) void loadShares(); }, []);
  const close = (): void => { asked.value = null; };
  const ask = (what: Asked) => () => { asked.value = what; };
  return (
    <div class="stack settings-group">
      <p>{t("settings.data.transfer")}</p>
      <div class="actions"><Button icon="download" onClick={() => go("transfer")}>{t("account.transfer.title")}</Button></div>
      {kept && shares.value !== null && shares.value.length > 0 && (
        <Section title={t("settings.data.shares")}><ShareRows shares={shares.value} /></Section>
      )}
      <Section title={t("settings.data.delete")} lead={t("settings.data.delete_lead")}>
        <div class="actions">
          <Button kind="danger" icon="trash" onClick={ask("all")}>{t("account.delete_all.title")}</Button>
          {kept && <Button kind="danger" icon="trash" onClick={ask("forget")}>{t("account.forget.title")}</Button>}
          {kept && <Button kind="danger" icon="trash" onClick={ask("account")}>{t("account.delete_account.title")}</Button>}
        </div>
      </Section>
      {asked.value === "all" && <DeleteAll onClose={close} />}
      {asked.value === "forget" && <ForgetDevice onClose={close} />}
      {asked.value === "account" && <DeleteAccount onClose={close} />}
    </div>
  );
}
