/**
 * What a person wants remembered. Whether it is sent is a consent among the settings; a memory without text is a mark, whose
 * `active` says the same of its one chat. What goes with a question is chosen in an annex (`annex/recall.ts`).
 */

import { toHex } from "@privity/protocol/bytes";
import type { Memory } from "@privity/vault/contents/home";
import { Kind } from "@privity/vault/contents/schema";

import type { Recalled } from "../bridge/annex.ts";
import { marksOf, NEW_CHAT } from "../bridge/marks.ts";
import type { MemoryRow } from "../bridge/views.ts";
import type { VaultHandlers } from "./chat_commands.ts";
import type { Desk } from "./desk.ts";
import { field } from "./fields.ts";
import type { Home } from "./home.ts";
import { bytesOf, type Id } from "./ids.ts";
import { kept } from "./limits.ts";
import { settingsOf, settingsView } from "./settings.ts";

/** Memories and marks; those of chats of which nothing is kept are never written anywhere. */
function rows(desk: Desk): readonly MemoryRow[] {
  const found = new Map([...desk.temporaryHome.all(Kind.MEMORY), ...desk.home.all(Kind.MEMORY)]);
  return Array.from(found, ([id, { text, source, active }]) => {
    return { id, text: text.value, source: sourceOf(source), time: text.stamp.millis, active: active.value };
  });
}

function sourceOf({ value }: Memory["source"]): Id | null {
  return value === null ? null : toHex(value);
}

function homeOf(desk: Desk, chat: Id | null): Home {
  return chat === NEW_CHAT || (chat !== null && desk.temporary.has(chat)) ? desk.temporaryHome : desk.home;
}

/** The memories that go with a question of a chat. Raises Refusal `page.annex`: nothing is asked then. */
export async function recalled(desk: Desk, chat: Id, question: string): Promise<Recalled> {
  const memories = rows(desk);
  if (memories.length === 0 || !settingsView(settingsOf(desk.home).content).memory) return { content: "", used: [] };
  const annex = await desk.edges.annexes.open();
  try {
    return await annex.line.ask("recall", { question, chat, temporary: desk.temporary.has(chat), memories });
  } finally {
    annex.end();
  }
}

/** The mark of a chat that had another id, or of which nothing was kept, is that of `to` from now on. */
export async function carried(desk: Desk, from: Id, to: Id): Promise<void> {
  for (const [id, one] of desk.temporaryHome.all(Kind.MEMORY)) {
    if (sourceOf(one.source) !== from) continue;
    await desk.temporaryHome.remove([id]);
    await homeOf(desk, to).add({ ...one, source: field(bytesOf(to)) }, id);
  }
}

/** The chat is gone, and its marks with it. */
export async function forget(desk: Desk, chat: Id): Promise<void> {
  const marks = marksOf(rows(desk), chat).map(({ id }) => id);
  if (marks.length === 0) return;
  for (const home of [desk.temporaryHome, desk.home]) await home.remove(marks);
}

type Part = Pick<VaultHandlers, "memories" | "saveMemory">;

export function memoryCommands(desk: Desk): Part {
  return {
    memories: () => Promise.resolve(rows(desk)),
    saveMemory: async ({ memory, text, source, active }) => {
      const said = kept(text, "memory");
      const home = homeOf(desk, source);
      if (memory !== null) await home.edit<Memory>(memory, Kind.MEMORY, { text: said, active });
      else {
        await home.add({
          kind: Kind.MEMORY, text: field(said, desk.edges.now()), source: field(source === null ? null : bytesOf(source)),
          active: field(active), embedding: field(new Uint8Array(0)),
        });
      }
      desk.changed([]);
      return null;
    },
  };
}
