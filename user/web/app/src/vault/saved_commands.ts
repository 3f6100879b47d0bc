/** The commands that are about an account's history as a whole: agreeing, mending, keeping, deleting everything. */

import { VaultError } from "@privity/vault/errors";

import type { Accounts } from "./accounts.ts";
import type { VaultHandlers } from "./chat_commands.ts";
import type { Id } from "./ids.ts";
import { keep } from "./keeping.ts";
import { forget } from "./memories.ts";
import * as offers from "./offers.ts";
import type { Saved } from "./saved.ts";

type Part = Pick<VaultHandlers, "sync" | "repair" | "answerOffer" | "hide" | "keep" | "deleteAll">;

export function savedCommands(accounts: Accounts): Part {
  const { desk } = accounts;
  return {
    sync: async () => {
      // "Find on another device": what is missing is named to the others, who give it back.
      if (desk.open.mirror.isFaulty) await accounts.turn((account) => account.history.findElsewhere());
      await accounts.sync.now();
      return null;
    },
    repair: async () => {
      const saved = desk.open;
      await accounts.turn(() => repaired(saved));
      desk.changed(null);
      await accounts.sync.now();
      return null;
    },
    answerOffer: async ({ key, take }) => {
      const saved = desk.open;
      await offers.answer(saved, key, take);
      await saved.turn(() => saved.look());
      desk.changed(null);
      return null;
    },
    hide: async ({ chat, object }) => {
      await desk.open.hidden.add(object);
      desk.changed([chat]);
      return null;
    },
    keep: async ({ chat }) => {
      await keep(desk, chat);
      desk.changed([chat]);
      return chat;
    },
    deleteAll: async () => {
      const saved = desk.saved;
      const chats: readonly Id[] = saved?.book.list().map(({ id }) => id) ?? [];
      const temporary = desk.temporary.list().map(({ id }) => id);
      for (const id of [...chats, ...temporary]) desk.answers.moved(id, null);
      await saved?.book.remove(chats);
      await desk.temporary.remove(temporary);
      for (const id of chats) {
        await desk.composer.compose(id, "", true);
        await forget(desk, id);
      }
      desk.changed(null);
      return null;
    },
  };
}

/**
 * After a reason that halts. If the service continues what this device has by now, writing goes on. Else the branches are
 * compared: this device's goes on where the service only lost its end, else the service's; what it lacks is appended.
 */
async function repaired({ account }: Saved): Promise<void> {
  const { history } = account;
  try {
    await history.settle();
    await history.again();
    return;
  } catch (error) {
    if (!(error instanceof VaultError) || !error.reason.startsWith("log.")) throw error;
  }
  const seen = await history.compare();
  const [first] = seen.choices;
  if (first === undefined) {
    await history.settle();
    return;
  }
  const choice = seen.theirs.pages === 0 && seen.choices.includes("ours") ? "ours" : "theirs";
  await history.repair(seen, seen.choices.includes(choice) ? choice : first);
}

