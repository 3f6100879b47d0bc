/** What a person brings: a hostile file, read as a whole. Source: specs/export.md, specs/importers.md. */

import { ascii, type Bytes, concat, toHex } from "@privity/protocol/bytes";
import { type Ids, idsUnder } from "@privity/vault/box";
import { VaultError } from "@privity/vault/errors";
import * as archive from "@privity/vault/export/archive";
import * as encrypted from "@privity/vault/export/encrypted";
import { adopt, type Library, type SavedFile } from "@privity/vault/export/library";
import { NAME } from "@privity/vault/export/manifest";
import * as unzip from "@privity/vault/export/unzip";
import * as chatgpt from "@privity/vault/importers/chatgpt";
import * as claude from "@privity/vault/importers/claude";
import * as passphrase from "@privity/vault/passphrase";

import type { ImportReport } from "../bridge/views.ts";

type Id = string;

const OWN = "privity";
const CONVERSATIONS = "conversations";
const ZIP = Uint8Array.of(0x50, 0x4b);

/** What a file would bring. */
export interface Unpacked {
  readonly source: ImportReport["source"];
  readonly library: Library;
  /** The bytes of a file by its id here. */
  readonly attachment: (id: Id) => Promise<Bytes>;
  /** What chats, folders, prompts and memories are called in the account that an archive of ours comes from, by their id here. */
  readonly before: ReadonlyMap<Id, Id>;
  readonly left: ReadonlyMap<string, number>;
}

/** Where ids of imported things come from, and what stretches words. */
export interface Means {
  readonly key: Bytes;
  readonly argon2id: passphrase.Argon2id;
}

/**
 * Read an archive of ours, of ChatGPT or of Claude, or bare JSON of theirs.
 *
 * Raises VaultError `export.*`, `passphrase.malformed`. An encrypted one without words: `export.wrong_key`.
 */
export async function unpacked(data: Bytes, words: string | null, { key, argon2id }: Means): Promise<Unpacked> {
  const plain = isEncrypted(data) ? await decrypted(data, words, argon2id) : data;
  const idsOf = (source: string): Ids => idsUnder(key, source);
  if (!ZIP.every((byte, at) => plain[at] === byte)) return foreign([plain], idsOf);
  const opened = await unzip.open({ size: plain.length, read: (from, to) => Promise.resolve(plain.slice(from, to)) });
  if (opened.names.has(NAME)) return own(opened, idsOf(OWN));
  const names = [...opened.names].filter((name) => isConversations(name)).sort();
  if (names.length === 0) throw new VaultError("export.malformed", "neither a manifest nor conversations");
  return foreign(await Promise.all(names.map((name) => opened.load(name))), idsOf);
}

/** Whether a file begins as an encrypted export does. */
function isEncrypted(data: Bytes): boolean {
  return encrypted.OPENING.every((byte, at) => data[at] === byte);
}

function isConversations(name: string): boolean {
  return name.endsWith(".json") && (name.split("/").at(-1) ?? "").startsWith(CONVERSATIONS);
}

async function decrypted(data: Bytes, words: string | null, argon2id: passphrase.Argon2id): Promise<Bytes> {
  if (words === null) throw new VaultError("export.wrong_key", "the seven words are needed");
  const reader = new encrypted.Reader(passphrase.read(words), argon2id);
  const pieces: Bytes[] = [];
  for (let at = 0; at < data.length; at += encrypted.FRAME) {
    pieces.push(await reader.feed(data.subarray(at, at + encrypted.FRAME)));
  }
  pieces.push(await reader.finish());
  return concat(...pieces);
}

async function own(opened: unzip.Archive, ids: Ids): Promise<Unpacked> {
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
function foreign(files: readonly Bytes[], idsOf: (source: string) => Ids): Unpacked {
  const isClaude = files.some((one) => contains(one, ascii('"chat_messages"')));
  const from = isClaude ? claude : chatgpt;
  const { chats, report } = from.read(files, idsOf(from.SOURCE));
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
