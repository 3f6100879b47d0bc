/** Everything that a person takes away, as one file. Source: specs/export.md. */

import { newWords } from "@privity/account/keys";
import { type Bytes, concat, toHex } from "@privity/protocol/bytes";
import { Op } from "@privity/protocol/stored/page";
import { dateOf } from "@privity/vault/calendar";
import type { Content } from "@privity/vault/contents/kinds";
import { Kind } from "@privity/vault/contents/schema";
import { VaultError } from "@privity/vault/errors";
import * as archive from "@privity/vault/export/archive";
import * as encrypted from "@privity/vault/export/encrypted";
import { type Library, ofBox, type SavedChat, type SavedFile } from "@privity/vault/export/library";
import { zipped } from "@privity/vault/export/zip";
import * as passphrase from "@privity/vault/passphrase";

import { bytesOfFile } from "./files.ts";
import { bytesOf, type Id } from "./ids.ts";
import type { Saved } from "./saved.ts";

const DAY_MS = 86_400_000;

/** How far something is that takes a while. */
export type Progress = (done: number, of: number) => void;

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

/** The file that a person takes away; encrypted, with the seven words that open it. */
export async function written(saved: Saved, chats: readonly Id[], isEncrypted: boolean, progress: Progress): Promise<{
  readonly fileName: string; readonly data: Bytes; readonly words: string | null;
}> {
  const { library, attachment } = await gathered(saved, chats);
  const { world, argon2id } = saved.account.place;
  const { year, month, day } = dateOf(Math.floor(world.now() / DAY_MS));
  const date = [String(year), String(month).padStart(2, "0"), String(day).padStart(2, "0")].join("-");
  const pieces: Bytes[] = [];
  let written = 0;
  const counted = async function* (entries: AsyncIterable<archive.Entry>): AsyncGenerator<archive.Entry> {
    for await (const entry of entries) {
      if (entry[0].endsWith(".md")) progress(written += 1, library.chats.length);
      yield entry;
    }
  };
  const zip = zipped(counted(archive.write(library, attachment)));
  if (!isEncrypted) {
    for await (const piece of zip) pieces.push(piece);
    return { fileName: `privity-export-${date}.zip`, data: concat(...pieces), words: null };
  }
  const { words, cost } = newWords(world);
  const shown = passphrase.written(words);
  const writer = await encrypted.Writer.begin(words, cost, argon2id);
  words.wipe();
  pieces.push(writer.header());
  for await (const piece of zip) pieces.push(await writer.feed(piece));
  pieces.push(await writer.finish());
  return { fileName: `privity-export-${date}.zip.privity`, data: concat(...pieces), words: shown };
}

