/** One device: its name, when it was added and by what, when the log last heard of it; renamed or revoked. */

import { useSignal } from "@preact/signals";
import type { JSX } from "preact";

import type { DeviceView } from "../../bridge/views.ts";
import { Button } from "../../parts/Button.tsx";
import { Dialog } from "../../parts/Dialog.tsx";
import { Field } from "../../parts/Field.tsx";
import { Icon } from "../../parts/Icon.tsx";
import { Menu } from "../../parts/Menu.tsx";
import { rename, revoke, working } from "../../state/devices.ts";
import type { Fault } from "../../state/faults.ts";
import { tell } from "../../state/notices.ts";
import { now } from "../../state/now.ts";
import { distance, moment, t } from "../../text/text.ts";
import { ReasonNotice } from "../states/ReasonNotice.tsx";

export function DeviceRow({ device }: { readonly device: DeviceView }): JSX.Element {
  const asking = useSignal<"rename" | "revoke" | null>(null);
  const name = device.label === "" ? t("entry.device.unknown") : device.label;
  return (
    <li class="row">
      <Icon name="device" />
      <div class="row-words">
        <p class="row-title"><bdi>{name}</bdi>{device.here && <span class="tag">{t("account.device.here")}</span>}</p>
        <p class="quiet">{addedText(device)}</p>
        <p class="quiet">{heardText(device)}</p>
      </div>
      {device.active && (
        <Menu
          name={t("account.device.actions", { name })} icon="more"
          items={[
            { label: t("account.device.rename"), icon: "edit", onSelect: () => { asking.value = "rename"; } },
            ...(device.here ? [] : [{
              label: t("account.device.revoke"), icon: "trash" as const, danger: true,
              onSelect: () => { asking.value = "revoke"; },
            }]),
          ]}
        />
      )}
      {asking.value === "rename" && <Rename device={device} onClose={() => { asking.value = null; }} />}
      {asking.value === "revoke" && <Revoke device={device} name={name} onClose={() => { asking.value = null; }} />}
    </li>
  );
}

function addedText({ added, addedBy }: DeviceView): string {
  const day = moment(added, "day");
  return addedBy === null ? t("account.device.first", { day }) : t("account.device.added", { day, by: addedBy });
}

function heardText({ heard, here, active }: DeviceView): string {
  if (here) return t("account.device.now");
  if (heard === null) return t("account.device.never");
  if (!active) return t("account.device.last", { day: moment(heard, "day") });
  return t("account.device.heard", { ago: distance(heard, now.value) });
}

interface AskingProps {
  readonly device: DeviceView;
  readonly onClose: () => void;
}

function Rename({ device, onClose }: AskingProps): JSX.Element {
  const label = useSignal(device.label);
  const fault = useSignal<Fault | null>(null);
  const submit = (event: Event): void => {
    event.preventDefault();
    if (label.value.trim() === "") return;
    void rename(device.id, label.value.trim()).then((found) => {
      fault.value = found;
      if (found === null) onClose();
    });
  };
  return (
    <Dialog title={t("account.device.rename")} onClose={onClose}>
      <form class="stack" onSubmit={submit}>
        <Field label={t("entry.device.name")} maxLength={64} value={label.value} onInput={(value) => { label.value = value; }} />
        {fault.value !== null && <ReasonNotice {...fault.value} />}
        <div class="dialog-buttons">
          <Button onClick={onClose}>{t("shell.cancel")}</Button>
          <Button kind="primary" submit busy={working.value === device.id}>{t("shell.save")}</Button>
        </div>
      </form>
    </Dialog>
  );
}

function Revoke({ device, name, onClose }: AskingProps & { readonly name: string }): JSX.Element {
  const fault = useSignal<Fault | null>(null);
  const go = (): void => {
    fault.value = null;
    void revoke(device.id).then((found) => {
      fault.value = found;
      if (found !== null) return;
      onClose();
      tell(t("account.device.revoked", { name }));
    });
  };
  return (
    <Dialog title={t("account.device.revoke_title", { name })} role="alertdialog" onClose={onClose}>
      <div class="stack">
        <p>{t("account.device.revoke_body")}</p>
        <p class="quiet">{t("account.device.revoke_undo")}</p>
        {fault.value !== null && <ReasonNotice {...fault.value} act={{ try_again: go }} />}
        <div class="dialog-buttons">
          <Button onClick={onClose}>{t("shell.cancel")}</Button>
          <Button kind="danger" busy={working.value === device.id} onClick={go}>{t("account.device.revoke")}</Button>
        </div>
      </div>
    </Dialog>
  );
}
