/** What follows once an account is open: devices that another one added are told of, a shared chat is gone on with. */

import { Refusal } from "../bridge/line.ts";
import type { DeviceView } from "../bridge/views.ts";
import { moment, t } from "../text/text.ts";
import { arrivals, revoke } from "./devices.ts";
import { failed } from "./failing.ts";
import { tell } from "./notices.ts";
import { ports } from "./ports.ts";
import { adoptWanted } from "./sharing.ts";

export { persist } from "./devices.ts";
export { openShared } from "./sharing.ts";

/** The account is open. */
export function opened(): void {
  void adoptWanted();
  void announce();
}

/** Devices that were told of already in this page. */
const told = new Set<string>();

/** Every device that another one added is told of, with the way to take it away. */
async function announce(): Promise<void> {
  try {
    const listed = await ports().vault.ask("devices", {});
    for (const device of arrivals(listed, Date.now())) {
      if (!told.has(device.id)) announceOne(device);
      told.add(device.id);
    }
  } catch {
    // Devices says what is wrong with the list, when somebody looks at it.
  }
}

function announceOne({ id, label, added, addedBy }: DeviceView): void {
  const text = t("account.device.arrived", { name: label, day: moment(added, "day"), by: addedBy ?? t("entry.device.unknown") });
  const undo = async (): Promise<void> => {
    const fault = await revoke(id);
    if (fault !== null) failed(new Refusal(fault.reason, fault.detail));
    else tell(t("account.device.revoked", { name: label }));
  };
  tell(text, { stays: null, action: { label: t("shell.undo"), run: () => void undo() } });
}
