/** Everything that a person takes away, as one file. Source: specs/export.md. */

import { newWords } from "@privity/account/keys";
import { type Bytes, toHex } from "@privity/protocol/bytes";
import { Op } from "@privity/protocol/stored/page";
import { dateOf } from "@privity/vault/calendar";
import type { Content } from "@privity/vault/contents/kinds";
import { Kind } from "@privity/vault/contents/schema";
import { VaultError } from "@privity/vault/errors";
import { type Library, ofBox, type SavedChat, type SavedFile } from "@privity/vault/export/library";
import * as passphrase from "@privity/vault/passphrase";
import type { Cost } from "@privity/vault/passphrase";

import { parcelOf } from "../annex/parcel.ts";
import type { Annexes } from "./annexes.ts";
import { bytesOfFile } from "./files.ts";
import { bytesOf, type Id } from "./ids.ts";
import type { Saved } from "./saved.ts";

const DAY_MS = 86_400_000;

/** How far something is that takes a while. */
export type Progress = (done: number, of: number) => void;

/** What writes archives, and who is told how far it is. */
export interface Means {
  readonly annexes: Annexes;
  readonly progress: Progress;
}

/** Everything that can be read, or the chats named. `attachment` gives a file's bytes when the archive comes to it. */
export async function gathered(saved: Saved, chats: readonly Id[]): Promise<{
  readonly library: Library; readonly attachment: (id: Id) => Promise<Bytes>;
}> {
  const { mirror, contents, homeBox, account } = saved;
  const wanted = chats.length === 0 ? saved.book.list().map(({ id }) => id) : chats;
  const found: SavedChat[] = [];
  const boxOf = new Map<Id, ReadonlyMap<Id, Content>>();
  const receipts = new Map<Id, Extract<Content, { readonly kind: typeof Kind.RECEIPT }>>();
  for (const id of wanted) {
    const inside = await contents.inside(id);
    const chat = ofBox(bytesOf(id), mirror.find(id)?.op === Op.BOX_ARCHIVED, inside);
    const files = new Map<Id, SavedFile>();
    for (const [file, one] of chat.files) if (await isWhole(saved, file, inside)) files.set(file, one);
    for (const file of files.keys()) boxOf.set(file, inside);
    found.push({ ...chat, files });
    for (const [receipt, one] of inside) if (one.kind === Kind.RECEIPT) receipts.set(receipt, one);
  }
  const home = await contents.inside(homeBox);
  const of = <Of extends Content["kind"]>(kind: Of): ReadonlyMap<Id, Extract<Content, { readonly kind: Of }>> => {
    const rows = [...home].filter((one): one is [Id, Extract<Content, { readonly kind: Of }>] => one[1].kind === kind);
    return new Map(rows.sort(([one], [other]) => (one < other ? -1 : 1)));
  };
  const named = new Set(Array.from(receipts.values(), ({ evidence }) => (evidence === null ? "" : toHex(evidence))));
  const all = chats.length === 0;
  const library: Library = {
    time: Math.floor(account.place.world.now() / 1000), chats: found, folders: of(Kind.FOLDER),
    settings: all ? of(Kind.SETTINGS).values().next().value ?? null : null,
    memories: all ? of(Kind.MEMORY) : new Map(), prompts: all ? of(Kind.PROMPT) : new Map(), receipts,
    evidence: new Map([...of(Kind.EVIDENCE)].filter(([id]) => named.has(id))),
  };
  return {
    library,
    attachment: async (id) => {
      const one = boxOf.get(id)?.get(id);
      if (one?.kind !== Kind.ATTACHMENT) throw new VaultError("object.missing", "a file");
      return bytesOfFile(id, one, (object) => contents.one(object));
    },
  };
}

/** Whether all of a file is here and is what was attached. */
async function isWhole(saved: Saved, id: Id, inside: ReadonlyMap<Id, Content>): Promise<boolean> {
  const one = inside.get(id);
  if (one?.kind !== Kind.ATTACHMENT) return false;
  try {
    await bytesOfFile(id, one, (object) => saved.contents.one(object));
    return true;
  } catch (error) {
    if (error instanceof VaultError) return false;
    throw error;
  }
}

/** The file that a person takes away, written by the annex; encrypted, with the seven words that open it. */
export async function written(saved: Saved, chats: readonly Id[], isEncrypted: boolean, { annexes, progress }: Means): Promise<{
  readonly fileName: string; readonly data: Bytes; readonly words: string | null;
}> {
  const { library, attachment } = await gathered(saved, chats);
  const { world } = saved.account.place;
  const { year, month, day } = dateOf(Math.floor(world.now() / DAY_MS));
  const date = [String(year), String(month).padStart(2, "0"), String(day).padStart(2, "0")].join("-");
  const { words, cost } = newWords(world);
  const shown = isEncrypted ? passphrase.written(words) : null;
  const revealed = isEncrypted ? words.reveal() : null;
  words.wipe();
  const data = await packed(library, { words: revealed, ...cost }, attachment, { annexes, progress });
  return { fileName: `privity-export-${date}.zip${isEncrypted ? ".privity" : ""}`, data, words: shown };
}

/** Raises Refusal `export.*`, and what `attachment` raises. */
async function packed(
  library: Library, lock: Cost & { readonly words: Bytes | null }, attachment: (id: Id) => Promise<Bytes>,
  { annexes, progress }: Means,
): Promise<Bytes> {
  const lost: unknown[] = [];
  const annex = await annexes.open((news) => {
    if (news.kind === "written") progress(news.done, library.chats.length);
    else void attachment(news.id).catch((error: unknown) => {
      lost.push(error);
      return null;
    }).then((data) => annex.line.ask("give", { id: news.id, data })).catch(() => undefined);
  });
  try {
    return await annex.line.ask("pack", { library: parcelOf(library), ...lock });
  } catch (error) {
    throw lost[0] ?? error;
  } finally {
    annex.end();
  }
}
