/** What a person chose, kept in their account; a guest's choices last as long as the page. */

import { signal } from "@preact/signals";

import type { ErasureView, SettingsView } from "../bridge/views.ts";
import { t } from "../text/text.ts";
import { account, overview } from "./app.ts";
import { clears } from "./clearing.ts";
import { failed } from "./failing.ts";
import { tell } from "./notices.ts";
import { ports } from "./ports.ts";
import { saveFile } from "./saving.ts";

export const SECTIONS = ["general", "instructions", "memory", "privacy", "keys", "data", "shortcuts"] as const;
export type Section = (typeof SECTIONS)[number];
export const section = signal<Section>("general");
/** What the service promised last when it erased an account or all chats; shown until it is closed. */
export const erased = signal<ErasureView | null>(null);

clears(() => { section.value = "general"; });

/** Change some settings but theme and language, which have modules of their own. What cannot be saved is put back, and told. */
export async function change(part: Partial<Omit<SettingsView, "theme" | "language">>): Promise<void> {
  const before = overview.value;
  if (before === null) return;
  const settings = { ...before.settings, ...part };
  overview.value = { ...before, settings };
  try {
    await ports().vault.ask("saveSettings", settings);
  } catch (error) {
    if (overview.value.settings === settings) overview.value = { ...overview.value, settings: before.settings };
    failed(error);
  }
}

/** Changes that only this device has: they are gone with what is erased here. */
export function unsent(): number {
  return overview.value?.sync.unsent ?? 0;
}

/** The service's promise arrived: shown for an account; of chats, which are deleted often, a note leads to it. */
export function heardErasure(receipt: ErasureView): void {
  if (receipt.what === "account") erased.value = receipt;
  else tell(t("account.erased.note"), { action: { label: t("account.erased.show"), run: () => { erased.value = receipt; } } });
}

/** Keep the service's promise as a file. */
export function saveReceipt({ n, what, data }: ErasureView): void {
  saveFile(`privity-erasure-${what}-${String(n)}.json`, data, "application/json");
}

/** Whether settings are kept in an account. */
export function isKept(): boolean {
  return account.value?.state === "open";
}
