/** What people see of this browser and this server, in their own words. */

import { ownName } from "../../state/entering.ts";
import { t } from "../../text/text.ts";

/** A name for this device, such as "Chrome on Linux"; a person may change it. */
export function deviceName(userAgent: string = navigator.userAgent): string {
  const { browser, system } = ownName(userAgent);
  if (browser === "" || system === "") return t("entry.device.unknown");
  return t("entry.device.of", { browser, system });
}

/** A name for a new passkey in the browser's picker: two accounts at one address can be told apart by their day. */
export function passkeyName(now: Date = new Date()): string {
  return `Privity ${now.toISOString().slice(0, 10)}`;
}
