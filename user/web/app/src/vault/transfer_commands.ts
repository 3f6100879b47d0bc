/** The commands that take chats out, bring them in, and share them by links. */

import * as calls from "@privity/account/calls";
import { BLANK } from "@privity/vault/export/library";
import type { Snapshot } from "@privity/vault/share";

import { Refusal } from "../bridge/line.ts";
import type { Accounts } from "./accounts.ts";
import { adopted, read, type Read, reportOf } from "./bringing.ts";
import type { VaultHandlers } from "./chat_commands.ts";
import { field } from "./fields.ts";
import { bytesOf, type Id } from "./ids.ts";
import { question, reply } from "./message.ts";
import * as sharing from "./sharing.ts";
import { type Progress, written } from "./takeout.ts";
import type { Desk } from "./desk.ts";

type Transfer = Pick<VaultHandlers, "exportAll" | "preview" | "adopt" | "annex">;
type Sharing = Pick<VaultHandlers, "share" | "shares" | "revokeShare" | "openShare" | "adoptShare">;

export function transferCommands({ desk }: Accounts): Transfer {
  const progress: Progress = (done, of) => desk.edges.tell({ kind: "progress", done, of });
  const { annexes } = desk.edges;
  let previewed: Read | null = null;
  const forget = (): void => {
    previewed?.end();
    previewed = null;
  };
  return {
    exportAll: ({ chats, encrypted }) => written(desk.open, chats, encrypted, { annexes, progress }),
    preview: async ({ data, words }) => {
      forget();
      const found = await read(annexes, desk.open.account, data, words);
      previewed = found;
      return reportOf(desk.open, found);
    },
    adopt: async () => {
      const found = previewed;
      if (found === null) throw new Refusal("page.order");
      const report = reportOf(desk.open, found);
      await adopted(desk.open, found, progress);
      forget();
      desk.changed(null);
      return report;
    },
    annex: ({ port }) => {
      annexes.arrived(port);
      return Promise.resolve(null);
    },
  };
}

export function sharingCommands(accounts: Accounts): Sharing {
  const { desk } = accounts;
  let shown: Snapshot | null = null;
  return {
    share: ({ chat, lifetime }) => {
      if (desk.temporary.has(chat)) throw new Refusal("chat.temporary");
      return sharing.create(desk.open, chat, lifetime);
    },
    shares: () => Promise.resolve(sharing.listed(desk.open)),
    revokeShare: async ({ share }) => {
      await sharing.revoke(desk.open, share);
      return null;
    },
    openShare: async ({ link }) => {
      const way = calls.asking(accounts.premises.outside, null);
      const { snapshot, ...view } = await sharing.fetched(way, link, desk.edges.now());
      shown = snapshot;
      return view;
    },
    adoptShare: async () => {
      if (shown === null) throw new Refusal("page.order");
      const chat = await taken(desk, shown);
      desk.changed([chat]);
      return chat;
    },
  };
}

/** A shared chat becomes one of this person's: the same messages under new ids, each after the one before. */
async function taken(desk: Desk, { title, messages }: Snapshot): Promise<Id> {
  const saved = desk.saved;
  await saved?.roomFor(null, saved.book);
  const book = saved?.book ?? desk.temporary;
  const chat = book.newId();
  const nodes = new Map<Id, ReturnType<typeof question>>();
  let parent: Id | null = null;
  let last = 0;
  for (const { role, text, time } of messages) {
    last = Math.max(time * 1000, last + 1);
    const above = parent === null ? null : bytesOf(parent);
    const id: Id = book.newId();
    nodes.set(id, role === "user"
      ? question(bytesOf(chat), { parent: above, text, files: [], time: last })
      : reply(bytesOf(chat), { parent: above, text, reasoning: "", model: null, usage: null, state: "complete", time: last }));
    parent = id;
  }
  const content = { ...BLANK, title: field(title, desk.edges.now()) };
  if (saved !== null) await saved.book.take(chat, content, nodes, new Map(), new Map());
  else await desk.temporary.take(chat, content, nodes);
  return chat;
}
