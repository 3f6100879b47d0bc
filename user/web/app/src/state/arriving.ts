/**
 * What a page was opened for, as its address says, and what follows once an account is open: a link to take up, devices that
 * another one added, storage that the browser is asked to keep.
 */

import { effect, signal } from "@preact/signals";

import { Refusal } from "../bridge/line.ts";
import { t } from "../text/text.ts";
import { account, overview, screen } from "./app.ts";
import type * as arrived from "./arrived.ts";
import { failed } from "./failing.ts";
import { tell } from "./notices.ts";

export type Wanted =
  | { readonly kind: "shared"; readonly link: string }
  | { readonly kind: "link"; readonly link: string }
  | { readonly kind: "devices" };

const MAX_LINK = 1024;
const SHARED = /^\/s\/[\w-]{22}$/;

/** A link that this page was opened with; Devices takes it up. */
export const linkAsked = signal<string | null>(null);

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
      screen.value = "shared";
      await (await late()).openShared(wanted.link);
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
      void late().then(({ opened }) => opened(), failed);
    }),
    effect(() => { if (isSaving()) void late().then(({ persist }) => persist(), failed); }),
  ];
  return () => stops.forEach((stop) => stop());
}

/** Whether the first chat of an account has been saved here. */
function isSaving(): boolean {
  return account.value?.state === "open" && overview.value?.chats.some((one) => !one.temporary) === true;
}

/** What nobody needs before an account is open, or a shared chat. Raises Refusal `page.not_loaded`. */
function late(): Promise<typeof arrived> {
  return import("./arrived.ts").catch(() => { throw new Refusal("page.not_loaded"); });
}
