/** What a person brings: read as a whole by the annex before anything is added. Source: specs/export.md, specs/importers.md. */

import type { Account } from "@privity/account/account";
import { newestKey } from "@privity/history/session";
import { type Bytes, toHex } from "@privity/protocol/bytes";
import { importKey } from "@privity/vault/box";
import type { Stamp } from "@privity/vault/clock";
import { type Library, type SavedChat, stamped, toBox } from "@privity/vault/export/library";

import { libraryOf } from "../annex/parcel.ts";
import type { ImportReport } from "../bridge/views.ts";
import type { Annexes } from "./annexes.ts";
import { field } from "./fields.ts";
import { whole } from "./files.ts";
import { bytesOf, type Id } from "./ids.ts";
import type { Saved } from "./saved.ts";
import type { Progress } from "./takeout.ts";

/** What a file would bring. Nothing was written yet. */
export interface Read {
  readonly source: ImportReport["source"];
  readonly library: Library;
  /** The bytes of a file by its id here. */
  readonly attachment: (id: Id) => Promise<Bytes>;
  /** What chats, folders, prompts and memories are called in the account that an archive of ours comes from, by their id here. */
  readonly before: ReadonlyMap<Id, Id>;
  readonly left: ImportReport["left"];
  /** Let go of the file. */
  end(): void;
}

/**
 * Read an archive of ours, of ChatGPT or of Claude, or bare JSON of theirs.
 *
 * Raises Refusal `export.*`, `passphrase.malformed`; an encrypted one without words: `export.wrong_key`.
 */
export async function read(annexes: Annexes, { session }: Account, data: Bytes, words: string | null): Promise<Read> {
  const key = await importKey(newestKey(session).key, session.identity.account);
  const annex = await annexes.open();
  try {
    const { source, library, before, left } = await annex.line.ask("unpack", { data, words, key });
    return {
      source, library: libraryOf(library), before: new Map(before.map(({ here, there }) => [here, there])), left,
      attachment: (id) => annex.line.ask("attachment", { id }), end: () => annex.end(),
    };
  } catch (error) {
    annex.end();
    throw error;
  }
}

/**
 * Whether something was brought before, or is this account's own and still here. What was deleted comes back from an
 * archive of one's own once, under another id.
 */
function isKnown({ mirror }: Saved, { before }: Read, id: Id): boolean {
  const own = before.get(id);
  return mirror.knows(id) || (own !== undefined && mirror.find(own) !== null);
}

/** What an import would add, or has added; `known` are chats that are here already. */
export function reportOf(saved: Saved, read: Read): ImportReport {
  const { source, library, left } = read;
  const fresh = library.chats.filter(({ id }) => !isKnown(saved, read, toHex(id)));
  const sum = (count: (one: SavedChat) => number): number => fresh.reduce((all, one) => all + count(one), 0);
  return {
    source, chats: fresh.length, messages: sum((one) => one.nodes.size), attachments: sum((one) => one.files.size),
    folders: [...library.folders.keys()].filter((id) => !isKnown(saved, read, id)).length,
    known: library.chats.length - fresh.length,
    left, titles: fresh.map(({ chat }) => chat.title.value),
  };
}

/**
 * Add what was read, chat by chat, each as one writing: after a crash the same file brings the rest. Chats arrive archived.
 *
 * Raises VaultError `export.*` for a file of the archive that is not what it says.
 */
export async function adopted(saved: Saved, read: Read, progress: Progress): Promise<void> {
  const { library } = read;
  const { world } = saved.account.place;
  const stamp: Stamp = { millis: world.now(), counter: 0, device: saved.account.session.identity.device };
  const home = [...library.folders, ...library.memories, ...library.prompts];
  await saved.change(async () => {
    for (const [id, one] of home) if (!isKnown(saved, read, id)) await addHome(saved, id, stamped(one, stamp));
  });
  for (const [at, chat] of library.chats.entries()) {
    progress(at, library.chats.length);
    await saved.change(() => addChat(saved, read, chat, stamp));
  }
  progress(library.chats.length, library.chats.length);
}

/** The folder of a chat: the one that was brought, or the account's own that it was. */
function folderOf({ mirror }: Saved, { before }: Read, { chat }: SavedChat): Bytes | null {
  const id = chat.folder.value === null ? null : toHex(chat.folder.value);
  const own = id === null ? undefined : before.get(id);
  return own !== undefined && mirror.find(own) !== null ? bytesOf(own) : chat.folder.value;
}

async function addHome({ mirror, account }: Saved, id: Id, content: Parameters<typeof account.history.add>[0]): Promise<void> {
  if (!mirror.knows(id)) await account.history.add(content, account.session.identity.account, bytesOf(id));
}

async function addChat(saved: Saved, read: Read, chat: SavedChat, stamp: Stamp): Promise<void> {
  const { account: { history, place: { world } }, mirror } = saved;
  const { library, attachment } = read;
  const { id: box } = chat;
  if (isKnown(saved, read, toHex(box))) return;
  const newId = (): Bytes => world.random(16);
  await history.addBox(box);
  await history.setActive(box, false);
  for (const [file, one] of chat.files) {
    const objects = await whole(bytesOf(file), await attachment(file), one, newId);
    for (const [id, content] of objects) await history.add(content, box, id);
  }
  const inFolder = { ...chat, chat: { ...chat.chat, folder: field(folderOf(saved, read, chat)) } };
  for (const [id, content] of toBox(inFolder, toHex(newId()), stamp)) await history.add(content, box, bytesOf(id));
  for (const [id, receipt] of library.receipts) {
    if (!chat.nodes.has(toHex(receipt.node)) || mirror.knows(id)) continue;
    const evidence = receipt.evidence === null ? undefined : library.evidence.get(toHex(receipt.evidence));
    if (evidence !== undefined && receipt.evidence !== null) await addHome(saved, toHex(receipt.evidence), evidence);
    await history.add(receipt, box, bytesOf(id));
  }
}
