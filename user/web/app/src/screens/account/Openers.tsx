/** What opens the account: passkeys, the recovery code, seven words; added, replaced, taken away. */

import { useSignal } from "@preact/signals";
import type { JSX } from "preact";

import type { OpenerView } from "../../bridge/views.ts";
import { Button } from "../../parts/Button.tsx";
import { Dialog } from "../../parts/Dialog.tsx";
import { Icon } from "../../parts/Icon.tsx";
import { Section } from "../../parts/Page.tsx";
import { listed, removeOpener, replaceCode, replacing, working } from "../../state/devices.ts";
import type { Fault } from "../../state/faults.ts";
import { moment, t } from "../../text/text.ts";
import { ReasonNotice } from "../states/ReasonNotice.tsx";
import { AddPasskey } from "./AddPasskey.tsx";
import { ReplaceCode } from "./ReplaceCode.tsx";

export function Openers(): JSX.Element {
  const adding = useSignal(false);
  const removing = useSignal<OpenerView | null>(null);
  const fault = useSignal<Fault | null>(null);
  const shown = (listed.value?.openers ?? []).filter((one) => one.kind !== "device");
  const replace = (): void => {
    fault.value = null;
    void replaceCode().then((found) => { fault.value = found; });
  };
  const passkeys = shown.filter((one) => one.kind === "passkey").length;
  return (
    <Section title={t("account.openers.title")} lead={t("account.openers.lead")}>
      {fault.value !== null && <ReasonNotice {...fault.value} act={{ try_again: replace }} />}
      <ul class="rows">
        {shown.map((one) => (
          <li key={one.id} class="row">
            <Icon name="key" />
            <div class="row-words">
              <p class="row-title"><bdi>{nameOf(one)}</bdi></p>
              <p class="quiet">{t("account.opener.added", { day: moment(one.added, "day") })}</p>
            </div>
            {one.kind === "code" && (
              <Button busy={working.value === "code"} onClick={replace}>{t("account.code.replace")}</Button>
            )}
            {one.kind === "passkey" && passkeys > 1 && (
              <Button kind="quiet" busy={working.value === one.id} onClick={() => { removing.value = one; }}>
                {t("account.opener.remove")}
              </Button>
            )}
          </li>
        ))}
      </ul>
      <div class="actions">
        <Button icon="add" busy={working.value === "passkey"} onClick={() => { adding.value = true; }}>
          {t("account.passkey.add")}
        </Button>
      </div>
      {adding.value && <AddPasskey onClose={() => { adding.value = false; }} />}
      {replacing.value !== null && <ReplaceCode />}
      {removing.value !== null && <Remove opener={removing.value} onClose={() => { removing.value = null; }} />}
    </Section>
  );
}

export function nameOf({ kind, label }: OpenerView): string {
  switch (kind) {
    case "passkey": return label === "" ? t("account.opener.passkey") : label;
    case "code": return t("account.opener.code");
    case "words": return t("account.opener.words");
    case "device": return label === "" ? t("entry.device.unknown") : label;
  }
}

function Remove({ opener, onClose }: { readonly opener: OpenerView; readonly onClose: () => void }): JSX.Element {
  const fault = useSignal<Fault | null>(null);
  const go = (): void => {
    fault.value = null;
    void removeOpener(opener.id).then((found) => {
      fault.value = found;
      if (found === null) onClose();
    });
  };
  return (
    <Dialog title={t("account.opener.remove_title", { name: nameOf(opener) })} role="alertdialog" onClose={onClose}>
      <div class="stack">
        <p>{t("account.opener.remove_body")}</p>
        {fault.value !== null && <ReasonNotice {...fault.value} act={{ try_again: go }} />}
        <div class="dialog-buttons">
          <Button onClick={onClose}>{t("shell.cancel")}</Button>
          <Button kind="danger" busy={working.value === opener.id} onClick={go}>{t("account.opener.remove")}</Button>
        </div>
      </div>
    </Dialog>
  );
}
