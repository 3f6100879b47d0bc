/** What a person brings: read as a whole before anything of it is added. Source: specs/export.md, specs/importers.md. */

import type { Account } from "@privity/account/account";
import { newestKey } from "@privity/history/session";
import { ascii, type Bytes, concat, toHex } from "@privity/protocol/bytes";
import { importIds, type Ids } from "@privity/vault/box";
import type { Stamp } from "@privity/vault/clock";
import { VaultError } from "@privity/vault/errors";
import * as archive from "@privity/vault/export/archive";
import * as encrypted from "@privity/vault/export/encrypted";
import { adopt, type Library, type SavedChat, type SavedFile, stamped, toBox } from "@privity/vault/export/library";
import { NAME } from "@privity/vault/export/manifest";
import * as unzip from "@privity/vault/export/unzip";
import * as chatgpt from "@privity/vault/importers/chatgpt";
import * as claude from "@privity/vault/importers/claude";
import * as passphrase from "@privity/vault/passphrase";

import type { ImportReport } from "../bridge/views.ts";
import { field } from "./fields.ts";
import { whole } from "./files.ts";
import { bytesOf, type Id } from "./ids.ts";
import type { Saved } from "./saved.ts";
import type { Progress } from "./takeout.ts";

const OWN = "privity";
const CONVERSATIONS = "conversations";
const ZIP = Uint8Array.of(0x50, 0x4b);

/** What a file would bring. Nothing was written yet. */
export interface Read {
  readonly source: ImportReport["source"];
  readonly library: Library;
  /** The bytes of a file by its id here. */
  readonly attachment: (id: Id) => Promise<Bytes>;
  /** What chats, folders, prompts and memories are called in the account that an archive of ours comes from, by their id here. */
  readonly before: ReadonlyMap<Id, Id>;
  readonly left: ReadonlyMap<string, number>;
}

/** Whether a file begins as an encrypted export does. */
export function isEncrypted(data: Bytes): boolean {
  return encrypted.OPENING.every((byte, at) => data[at] === byte);
}

/**
 * Read an archive of ours, of ChatGPT or of Claude, or bare JSON of theirs.
 *
 * Raises VaultError `export.*`, `passphrase.malformed`; AccountError none. An encrypted one without words:
 * `export.wrong_key`.
 */
export async function read(account: Account, data: Bytes, words: string | null): Promise<Read> {
  const plain = isEncrypted(data) ? await decrypted(account, data, words) : data;
  const idsOf = (source: string): Promise<Ids> => {
    const { session } = account;
    return importIds(newestKey(session).key, session.identity.account, source);
  };
  if (!ZIP.every((byte, at) => plain[at] === byte)) return foreign([plain], idsOf);
  const opened = await unzip.open({ size: plain.length, read: (from, to) => Promise.resolve(plain.slice(from, to)) });
  if (opened.names.has(NAME)) return own(opened, await idsOf(OWN));
  const names = [...opened.names].filter((name) => isConversations(name)).sort();
  if (names.length === 0) throw new VaultError("export.malformed", "neither a manifest nor conversations");
  return foreign(await Promise.all(names.map((name) => opened.load(name))), idsOf);
}

function isConversations(name: string): boolean {
  return name.endsWith(".json") && (name.split("/").at(-1) ?? "").startsWith(CONVERSATIONS);
}

async function decrypted({ place }: Account, data: Bytes, words: string | null): Promise<Bytes> {
  if (words === null) throw new VaultError("export.wrong_key", "the seven words are needed");
  const reader = new encrypted.Reader(passphrase.read(words), place.argon2id);
  const pieces: Bytes[] = [];
  for (let at = 0; at < data.length; at += encrypted.FRAME) {
    pieces.push(await reader.feed(data.subarray(at, at + encrypted.FRAME)));
  }
  pieces.push(await reader.finish());
  return concat(...pieces);
}

async function own(opened: unzip.Archive, ids: Ids): Promise<Read> {
  const load = (name: string): Promise<Bytes> => opened.load(name);
  const { manifest, library } = await archive.read(opened.names, load);
  const taken = adopt(library, ids);
  const files = new Map<Id, SavedFile>();
  for (const { files: inside } of library.chats) for (const [id, one] of inside) files.set(toHex(ids(`attachment/${id}`)), one);
  const before = new Map<Id, Id>();
  for (const { id } of library.chats) before.set(toHex(ids(`box/${toHex(id)}`)), toHex(id));
  for (const [what, of] of [["folder", library.folders], ["memory", library.memories], ["prompt", library.prompts]] as const) {
    for (const id of of.keys()) before.set(toHex(ids(`${what}/${id}`)), id);
  }
  return {
    source: "privity", library: taken, left: new Map(), before,
    attachment: async (id) => {
      const one = files.get(id);
      if (one === undefined) throw new VaultError("export.malformed", "a file that no chat lists");
      return archive.attachment(manifest, one, load);
    },
  };
}

/** ChatGPT's conversations have a mapping, Claude's have chat_messages. */
async function foreign(files: readonly Bytes[], idsOf: (source: string) => Promise<Ids>): Promise<Read> {
  const isClaude = files.some((one) => contains(one, ascii('"chat_messages"')));
  const from = isClaude ? claude : chatgpt;
  const { chats, report } = from.read(files, await idsOf(from.SOURCE));
  const none = new Map<never, never>();
  const library: Library = {
    time: 0, chats, folders: none, settings: null, memories: none, prompts: none, receipts: none, evidence: none,
  };
  const unknown = [...report.unknown.values()].reduce((sum, one) => sum + one, 0);
  const labelled: readonly (readonly [string, number])[] = unknown === 0 ? [] : [["labelled", unknown]];
  const left = new Map([...labelled, ...report.leftOut].map(([what, count]) => {
    return [`account.import.left.${what.replaceAll(" ", "_")}`, count];
  }));
  return {
    source: isClaude ? "claude" : "chatgpt", library, left, before: new Map(),
    attachment: () => Promise.reject(new VaultError("export.malformed", "no files")),
  };
}

function contains(data: Bytes, wanted: Bytes): boolean {
  const first = wanted[0] ?? 0;
  for (let at = data.indexOf(first); at >= 0; at = data.indexOf(first, at + 1)) {
    if (wanted.every((byte, offset) => data[at + offset] === byte)) return true;
  }
  return false;
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
    left: [...left].map(([what, count]) => ({ what, count })), titles: fresh.map(({ chat }) => chat.title.value),
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
