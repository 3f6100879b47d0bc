/** Devices, what opens the account, where its history stands, and what this browser promised to keep. */

import { useSignal } from "@preact/signals";
import type { JSX } from "preact";
import { useEffect } from "preact/hooks";

import { Button } from "../../parts/Button.tsx";
import { Banner, Page, Section } from "../../parts/Page.tsx";
import { Skeleton } from "../../parts/Skeleton.tsx";
import { overview } from "../../state/app.ts";
import { linkAsked } from "../../state/arriving.ts";
import { listed, listFault, load, persist, persisted } from "../../state/devices.ts";
import { scan } from "../../state/linking.ts";
import { back, go } from "../../state/places.ts";
import { repair } from "../../state/syncing.ts";
import { t } from "../../text/text.ts";
import { ReasonNotice } from "../states/ReasonNotice.tsx";
import { DeviceRow } from "./DeviceRow.tsx";
import { Fingerprint } from "./Fingerprint.tsx";
import { ForgetDevice } from "./ForgetDevice.tsx";
import { LinkDevice } from "./LinkDevice.tsx";
import { Openers } from "./Openers.tsx";
import { Saving } from "./Saving.tsx";

export function Devices(): JSX.Element {
  const linking = useSignal(linkAsked.value !== null);
  const forgetting = useSignal(false);
  useEffect(() => {
    void load();
    const link = linkAsked.value;
    linkAsked.value = null;
    if (link !== null) void scan(link);
  }, []);
  const { value } = listed;
  const halted = overview.value?.sync.halted ?? null;
  return (
    <Page
      title={t("account.devices.title")} lead={t("account.devices.lead")} onBack={back}
      actions={<Button icon="link" onClick={() => { linking.value = true; }}>{t("account.link.title")}</Button>}
    >
      {halted !== null && (
        <Banner kind="bad">
          <ReasonNotice reason={halted} act={{ export: () => go("transfer"), repair: () => void repair() }} />
        </Banner>
      )}
      {listFault.value !== null && <ReasonNotice {...listFault.value} act={{ try_again: () => void load() }} />}
      {value === null && listFault.value === null && <Skeleton lines={4} />}
      {value !== null && (
        <>
          <ul class="rows">
            {value.devices.filter((one) => one.active).map((one) => <DeviceRow key={one.id} device={one} />)}
          </ul>
          <Openers />
          <Revoked />
        </>
      )}
      <Saving />
      <Fingerprint />
      <Section
        title={t("account.here.title")}
        lead={t(persisted.value === true ? "account.here.persisted" : "account.here.not_persisted")}
      >
        <div class="actions">
          {persisted.value === false && <Button onClick={() => void persist()}>{t("account.here.persist")}</Button>}
          <Button kind="danger" icon="trash" onClick={() => { forgetting.value = true; }}>{t("account.forget.title")}</Button>
        </div>
      </Section>
      {linking.value && <LinkDevice onClose={() => { linking.value = false; }} />}
      {forgetting.value && <ForgetDevice onClose={() => { forgetting.value = false; }} />}
    </Page>
  );
}

function Revoked(): JSX.Element | null {
  const gone = listed.value?.devices.filter((one) => !one.active) ?? [];
  if (gone.length === 0) return null;
  return (
    <Section title={t("account.devices.revoked")} lead={t("account.devices.revoked_lead")}>
      <ul class="rows">{gone.map((one) => <DeviceRow key={one.id} device={one} />)}</ul>
    </Section>
  );
}
