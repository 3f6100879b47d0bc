/** The first step to an account: what this device is called, and the passkey. */

import { useSignal } from "@preact/signals";
import type { JSX } from "preact";

import { Button } from "../../parts/Button.tsx";
import { Field } from "../../parts/Field.tsx";
import { Reveal } from "../../parts/Reveal.tsx";
import { Switch } from "../../parts/Switch.tsx";
import { makePasskey } from "../../state/creating.ts";
import { show } from "../../state/entry.ts";
import type { Fault } from "../../state/faults.ts";
import { t } from "../../text/text.ts";
import { ReasonNotice } from "../states/ReasonNotice.tsx";
import { deviceName, passkeyName } from "./name.ts";

/** Letters of a device's name, as the keyring keeps it. */
export const MAX_LABEL = 64;

export function Begin({ fault }: { readonly fault: Fault | null }): JSX.Element {
  const label = useSignal(deviceName());
  const keepUnlocked = useSignal(false);
  const invitation = useSignal("");
  const make = (): void => {
    const given = invitation.value.trim();
    void makePasskey({
      label: label.value.trim() === "" ? deviceName() : label.value.trim(), passkeyLabel: passkeyName(),
      keepUnlocked: keepUnlocked.value, invitation: given === "" ? null : given,
    });
  };
  const submit = (event: Event): void => {
    event.preventDefault();
    make();
  };
  const closed = fault?.reason === "account.closed";
  return (
    <form class="stack" onSubmit={submit}>
      {fault !== null && <ReasonNotice {...fault} act={{ try_again: make, link_device: () => show("link") }} />}
      <Field
        label={t("entry.device.name")} hint={t("entry.device.hint")} maxLength={MAX_LABEL} value={label.value}
        onInput={(value) => { label.value = value; }}
      />
      <Switch
        label={t("entry.keep.label")} hint={keepUnlocked.value ? t("entry.keep.on") : t("entry.keep.off")} on={keepUnlocked.value}
        onChange={(on) => { keepUnlocked.value = on; }}
      />
      <Reveal label={t("entry.invitation.have")} open={closed}>
        <Field
          label={t("entry.invitation.label")} code value={invitation.value} onInput={(value) => { invitation.value = value; }}
        />
      </Reveal>
      <div class="actions"><Button kind="primary" icon="key" submit>{t("entry.create.go")}</Button></div>
    </form>
  );
}
