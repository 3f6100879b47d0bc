/** What was lost or changed meanwhile, and what a person decides about it. */

import { tried } from "./failing.ts";
import { reread } from "./chats.ts";
import { ports } from "./ports.ts";

/** Look once more, here and on the service, for what is missing: another device may have brought it back. */
export async function findElsewhere(): Promise<void> {
  await tried(() => ports().vault.ask("sync", {}));
}

/** Show the chat without the item that is lost. */
export async function hideFault(chat: string, object: string): Promise<void> {
  if (await tried(() => ports().vault.ask("hide", { chat, object }))) await reread(chat);
}

/** Take the text that gave way, or leave the one that stands. */
export async function answerOffer(key: string, take: boolean): Promise<void> {
  await tried(() => ports().vault.ask("answerOffer", { key, take }));
}
