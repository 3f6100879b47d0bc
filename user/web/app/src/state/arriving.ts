/**
 * What a page was opened for, as its address says, and what follows once an account is open: a link to take up, devices that
 * another one added, storage that the browser is asked to keep.
 */

import { effect } from "@preact/signals";

import { Refusal } from "../bridge/line.ts";
import type { DeviceView } from "../bridge/views.ts";
import { moment, t } from "../text/text.ts";
import { account, overview, screen } from "./app.ts";
import { arrivals, persist, revoke } from "./devices.ts";
import { failed } from "./failing.ts";
import { linkAsked } from "./linking.ts";
import { tell } from "./notices.ts";
import { ports } from "./ports.ts";
import { adoptWanted, openShared } from "./sharing.ts";

export type Wanted =
  | { readonly kind: "shared"; readonly link: string }
  | { readonly kind: "link"; readonly link: string }
  | { readonly kind: "devices" };

const MAX_LINK = 1024;
const SHARED = /^\/s\/[\w-]{22}$/;

/** What an address asks for; null: nothing but the page. Longer ones than a link can be are nobody's. */
export function wantedOf({ origin, pathname, hash }: Pick<URL, "origin" | "pathname" | "hash">): Wanted | null {
  const link = `${origin}${pathname}${hash}`;
  if (link.length > MAX_LINK) return null;
  if (SHARED.test(pathname) && hash.length > 1) return { kind: "shared", link };
  if (pathname === "/link" && hash.length > 1) return { kind: "link", link };
  return pathname === "/devices" ? { kind: "devices" } : null;
}

/** Read the address, and leave nothing of it in the address bar: what stands behind # is a key. */
export function takeAddress(): Wanted | null {
  const wanted = wantedOf(location);
  if (location.pathname !== "/" || location.hash !== "") history.replaceState(history.state, "", "/");
  return wanted;
}

/** Do what the address asked for. `account` is known by now. */
export async function arrive(wanted: Wanted): Promise<void> {
  switch (wanted.kind) {
    case "shared":
      await openShared(wanted.link);
      break;
    case "link":
      if (account.value?.state === "guest") tell(t("account.link.guest"), { urgent: true });
      else linkAsked.value = wanted.link;
      break;
    case "devices":
      if (account.value?.state === "open") screen.value = "devices";
  }
}

/** Watch for the account to be open. Returns what ends it. */
export function followAccount(): () => void {
  const stops = [
    effect(() => {
      if (account.value?.state !== "open") return;
      if (linkAsked.value !== null) screen.value = "devices";
      void adoptWanted();
      void announce();
    }),
    effect(() => { if (isSaving()) void persist(); }),
  ];
  return () => stops.forEach((stop) => stop());
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

/** Whether the first chat of an account has been saved here. */
function isSaving(): boolean {
  return account.value?.state === "open" && overview.value?.chats.some((one) => !one.temporary) === true;
}
