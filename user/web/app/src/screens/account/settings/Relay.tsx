/** Through which relay the enclave is asked. A name is the operator's word, so that its address stands beside it. */

import { useSignal } from "@preact/signals";
import type { JSX } from "preact";
import { useEffect } from "preact/hooks";

import type { OfferView } from "../../../bridge/channel.ts";
import { Select } from "../../../parts/Field.tsx";
import { Banner, Section } from "../../../parts/Page.tsx";
import { chooseRelay, learnRelays, relayFault, relays, type Relays } from "../../../state/relaying.ts";
import { reasonText } from "../../../text/reasons.ts";
import { t } from "../../../text/text.ts";

export function Relay(): JSX.Element {
  useEffect(() => void learnRelays(), []);
  const [found, fault] = [relays.value, relayFault.value];
  return (
    <Section title={t("settings.relay")} lead={t("settings.relay.lead")}>
      {fault !== null && <Banner kind="bad">{reasonText(fault.reason).text}</Banner>}
      {found?.given === true && found.chosen !== null && <p>{t("settings.relay.given", { relay: hostOf(found.chosen.url) })}</p>}
      {found?.given === false && (
        found.chosen === null && found.offers.length === 0 ? <p>{t("settings.relay.absent")}</p> : <Way found={found} />
      )}
      {/* A choice that cannot be read sends nothing: it can be taken back. */}
      {found === null && fault !== null && <Way found={{ chosen: null, offers: [], given: false }} />}
    </Section>
  );
}

function Way({ found: { chosen, offers } }: { readonly found: Relays }): JSX.Element {
  const busy = useSignal(false);
  const go = (url: string): void => {
    busy.value = true;
    void chooseRelay(url === "" ? null : url).finally(() => { busy.value = false; });
  };
  const known = chosen === null ? offers.map(optionOf)
    : [{ value: chosen.url, label: t("settings.relay.through", { relay: hostOf(chosen.url) }) }];
  return (
    <Select
      label={t("settings.relay.way")} hint={t("settings.relay.hint")} value={chosen?.url ?? ""} disabled={busy.value}
      options={[{ value: "", label: t("settings.relay.none") }, ...known]} onChange={go}
    />
  );
}

function optionOf({ name, url, hides }: OfferView): { readonly value: string; readonly label: string } {
  return { value: url, label: t(hides ? "settings.relay.offer" : "settings.relay.useless", { name, relay: hostOf(url) }) };
}

function hostOf(url: string): string {
  return new URL(url).host;
}
