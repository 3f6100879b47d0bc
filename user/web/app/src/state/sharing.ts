/** Sharing one branch by link, and reading what somebody shared. The key is in the link, and in nothing that is sent. */

import { signal } from "@preact/signals";

import type { SharedView, ShareRow } from "../bridge/views.ts";
import { account, screen } from "./app.ts";
import { openChat } from "./chats.ts";
import { clears } from "./clearing.ts";
import { failed } from "./failing.ts";
import { type Fault, faultOf } from "./faults.ts";
import { ports } from "./ports.ts";

/** Seconds for which a link may live; the third is what is chosen for people. */
export const LIFETIMES = [3600, 86_400, 604_800, 2_592_000] as const;
export const LIFETIME: (typeof LIFETIMES)[number] = 604_800;

export const shares = signal<readonly ShareRow[] | null>(null);
export const made = signal<ShareRow | null>(null);
export const shareFault = signal<Fault | null>(null);
export const sharingBusy = signal(false);

export type Shared =
  | { readonly at: "reading" }
  | { readonly at: "shown"; readonly view: SharedView }
  | { readonly at: "failed"; readonly fault: Fault };
/** What somebody shared with this person. */
export const shared = signal<Shared | null>(null);
/** "Continue in my account" was pressed before there was one. */
let wanted = false;

clears(() => {
  [shares.value, made.value, shareFault.value] = [null, null, null];
  shared.value = null;
});

/** Begin with a chat: nothing is made yet. */
export async function beginShare(): Promise<void> {
  [made.value, shareFault.value, shares.value] = [null, null, null];
  await loadShares();
}

/** All links of this person, newest first. */
export async function loadShares(): Promise<void> {
  try {
    shares.value = await ports().vault.ask("shares", {});
  } catch (error) {
    shareFault.value = faultOf(error);
  }
}

/** Make a link to the branch that is shown; what is written later is not in it. */
export function share(of: string, lifetime: number): Promise<void> {
  return worked(async () => {
    made.value = await ports().vault.ask("share", { chat: of, lifetime });
    await loadShares();
  });
}

/** The link opens nothing from now on; what was read stays read. */
export function revokeShare(id: string): Promise<void> {
  return worked(async () => {
    await ports().vault.ask("revokeShare", { share: id });
    if (made.value?.id === id) made.value = null;
    await loadShares();
  });
}

async function worked(step: () => Promise<void>): Promise<void> {
  if (sharingBusy.value) return;
  [sharingBusy.value, shareFault.value] = [true, null];
  try {
    await step();
  } catch (error) {
    shareFault.value = faultOf(error);
  } finally {
    sharingBusy.value = false;
  }
}

/** Read what a link shares; the last one again without `link`. */
export async function openShared(link: string): Promise<void> {
  shared.value = { at: "reading" };
  screen.value = "shared";
  try {
    shared.value = { at: "shown", view: await ports().vault.ask("openShare", { link }) };
  } catch (error) {
    shared.value = { at: "failed", fault: faultOf(error) };
  }
}

/** "Continue in my account": the shared chat becomes one of this person's, at once or when they have come in. */
export async function adoptShared(): Promise<void> {
  if (account.value?.state === "locked") {
    wanted = true;
    screen.value = "unlock";
    return;
  }
  wanted = false;
  try {
    const adopted = await ports().vault.ask("adoptShare", {});
    shared.value = null;
    await openChat(adopted);
  } catch (error) {
    failed(error);
  }
}

/** Go on with what was asked for before the account was open. */
export async function adoptWanted(): Promise<void> {
  if (wanted && account.value?.state === "open") await adoptShared();
}

export function closeShared(): void {
  shared.value = null;
  wanted = false;
  screen.value = account.value?.state === "locked" ? "unlock" : "chat";
}
