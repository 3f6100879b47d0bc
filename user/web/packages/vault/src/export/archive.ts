/** Writes and reads what is inside an archive; zip around it is the client's. Source: specs/export.md, "Contents". */

import { ascii, type Bytes, fromHex, toHex } from "@privity/protocol/bytes";
import * as canonical from "@privity/protocol/canonical";
import type { Json } from "@privity/protocol/canonical";
import { sha256 } from "@privity/protocol/kdf";

import { MAX_FILE_NAME, MAX_TYPE } from "../contents/attachment.ts";
import type { Content } from "../contents/kinds.ts";
import { Kind } from "../contents/schema.ts";
import { reading, VaultError } from "../errors.ts";
import type { Id } from "../tree.ts";
import { distinct, safe } from "./file_name.ts";
import type { Library, SavedChat, SavedFile } from "./library.ts";
import * as manifest from "./manifest.ts";
import { type File, type Manifest } from "./manifest.ts";
import * as markdown from "./markdown.ts";
import * as plainly from "./plainly.ts";
import type { Plain } from "./plainly.ts";

export const MAX_JSON = 256 * 2 ** 20;
export const MAX_ROWS = 100_000;
const CHAT = /^chats\/([0-9a-f]{32})\.json$/;
const KNOWN = [
  CHAT, /^chats\/[^/]+\.md$/, /^(?:folders|settings|memory|prompts)\.json$/, /^attachments\/[0-9a-f]{32}\/[^/]+$/,
  /^(?:receipts|evidence)\/[0-9a-f]{32}\.json$/,
];

/** The bytes of an entry by its name; the caller holds it to the announced size. */
export type Load = (name: string) => Promise<Bytes>;
export type Entry = readonly [name: string, data: Bytes];

/** Where an attachment lies. */
export function pathOf(id: Id, name: string): string {
  return `attachments/${id}/${safe(name)}`;
}

/**
 * The files by name, the manifest last. `data` gives an attachment's bytes by its id.
 *
 * Raises VaultError `export.malformed`, `export.path`, `export.too_large`.
 */
export async function* write(library: Library, data: (id: Id) => Promise<Bytes>): AsyncGenerator<Entry> {
  const listed = new Map<string, File>();
  for await (const [name, content] of filesOf(library, data)) {
    listed.set(name, { size: content.length, hash: await sha256(content) });
    yield [name, content];
  }
  yield [manifest.NAME, manifest.encode({ time: library.time, counts: countsOf(library), files: listed })];
}

function countsOf(library: Library): Manifest["counts"] {
  const sum = (count: (one: SavedChat) => number): number => library.chats.reduce((all, one) => all + count(one), 0);
  return {
    attachments: sum((one) => one.files.size),
    chats: library.chats.length,
    folders: library.folders.size,
    memories: library.memories.size,
    messages: sum((one) => one.nodes.size),
    prompts: library.prompts.size,
  };
}

async function* filesOf(library: Library, data: (id: Id) => Promise<Bytes>): AsyncGenerator<Entry> {
  const chats = library.chats.map((one) => [toHex(one.id), one] as const).sort(([one], [other]) => (one < other ? -1 : 1));
  const titles = distinct(chats.map(([id, one]) => [id, one.chat.title.value]));
  for (const [id, found] of chats) {
    const saved = placed(found);
    yield [`chats/${id}.json`, encode(chatOf(saved))];
    yield [`chats/${titles.get(id) ?? id}.md`, ascii(markdown.written(saved))];
    for (const [file, { path }] of sorted(saved.files)) yield [path, await data(file)];
  }
  yield ["folders.json", encode(rowsOf(library.folders))];
  yield ["settings.json", encode(library.settings === null ? null : plainly.write(library.settings))];
  yield ["memory.json", encode(rowsOf(library.memories))];
  yield ["prompts.json", encode(rowsOf(library.prompts))];
  for (const [id, one] of sorted(library.receipts)) yield [`receipts/${id}.json`, encode(plainly.write(one))];
  for (const [id, one] of sorted(library.evidence)) yield [`evidence/${id}.json`, encode(plainly.write(one))];
}

function placed(saved: SavedChat): SavedChat {
  return { ...saved, files: new Map([...saved.files].map(([id, one]) => [id, { ...one, path: pathOf(id, one.name) }])) };
}

function chatOf(saved: SavedChat): Json {
  const attachments = sorted(saved.files).map(([id, { name, type, extracted }]): Json => {
    return { id, name, type, extracted: extracted === null ? null : toHex(extracted) };
  });
  const { archived, chat, nodes } = saved;
  const rows = rowsOf(nodes);
  return { archived, attachments, chat: plainly.write(chat), format: manifest.FORMAT, id: toHex(saved.id), nodes: rows };
}

function rowsOf(contents: ReadonlyMap<Id, Plain>): readonly Json[] {
  return sorted(contents).map(([id, one]) => ({ id, ...plainly.write(one) }));
}

function sorted<One>(of: ReadonlyMap<Id, One>): readonly (readonly [Id, One])[] {
  return [...of].sort(([one], [other]) => (one < other ? -1 : 1));
}

function encode(value: Json): Bytes {
  return reading("export.malformed", () => canonical.encode(value));
}

/**
 * What an archive holds. `names` are its entries, folders left out; attachments are loaded by `attachment`.
 *
 * Raises VaultError `export.malformed`, `export.path`, `export.differs`.
 */
export async function read(
  names: ReadonlySet<string>, load: Load,
): Promise<{ readonly manifest: Manifest; readonly library: Library }> {
  if (!names.has(manifest.NAME)) throw new VaultError("export.malformed", "no manifest");
  const found = manifest.decode(await load(manifest.NAME));
  manifest.checkComplete(found, names);
  const files = [...found.files.keys()];
  if (!files.every((name) => KNOWN.some((pattern) => pattern.test(name)))) {
    throw new VaultError("export.malformed", "a file that no export has");
  }
  const loaded = loader(found, load);
  const chats: SavedChat[] = [];
  for (const name of files) {
    const [, id] = CHAT.exec(name) ?? [];
    if (id !== undefined) chats.push(readChat(id, await loaded(name)));
  }
  checkAttachments(files, chats);
  const settings = await loaded("settings.json");
  const library: Library = {
    time: found.time,
    chats,
    settings: settings === null ? null : plainly.read(Kind.SETTINGS, settings),
    folders: readRows(Kind.FOLDER, await loaded("folders.json")),
    memories: readRows(Kind.MEMORY, await loaded("memory.json")),
    prompts: readRows(Kind.PROMPT, await loaded("prompts.json")),
    receipts: await readProofs(Kind.RECEIPT, "receipts/", files, loaded),
    evidence: await readProofs(Kind.EVIDENCE, "evidence/", files, loaded),
  };
  const counts = countsOf(library);
  if (manifest.COUNTED.some((name) => counts[name] !== found.counts[name])) {
    throw new VaultError("export.malformed", "counts that are not those of the files");
  }
  return { manifest: found, library };
}

/** The bytes of an attachment. Raises VaultError `export.differs`. */
export async function attachment(found: Manifest, { path }: SavedFile, load: Load): Promise<Bytes> {
  return manifest.checkFile(found, path, await load(path));
}

type Loaded = (name: string) => Promise<Json>;

function loader(found: Manifest, load: Load): Loaded {
  return async (name) => {
    if (!found.files.has(name)) throw new VaultError("export.malformed", `no ${name}`);
    const data = await manifest.checkFile(found, name, await load(name));
    return reading("export.malformed", () => canonical.decode(data, MAX_JSON));
  };
}

function checkAttachments(files: readonly string[], chats: readonly SavedChat[]): void {
  const due = new Set(files.filter((name) => name.startsWith("attachments/")));
  const listed = new Set(chats.flatMap((one) => Array.from(one.files.values(), ({ path }) => path)));
  if (due.size !== listed.size || ![...due].every((name) => listed.has(name))) {
    throw new VaultError("export.malformed", "attachments that no chat lists, or the reverse");
  }
}

async function readProofs<Of extends typeof Kind.RECEIPT | typeof Kind.EVIDENCE>(
  kind: Of, folder: string, files: readonly string[], loaded: Loaded,
): Promise<ReadonlyMap<Id, Extract<Content, { readonly kind: Of }>>> {
  const found = new Map<Id, Extract<Content, { readonly kind: Of }>>();
  for (const name of files) {
    if (name.startsWith(folder)) found.set(name.slice(folder.length, -5), plainly.read(kind, await loaded(name)));
  }
  return found;
}

function readChat(id: Id, value: Json): SavedChat {
  return reading("export.malformed", () => {
    const members = canonical.members(value, ["archived", "attachments", "chat", "format", "id", "nodes"], "chat");
    canonical.integer(members.format, "format", manifest.FORMAT, manifest.FORMAT);
    if (members.id !== id) throw new VaultError("export.malformed", "a chat under another name");
    const files = new Map(canonical.entries(members.attachments, "attachments", 0, MAX_ROWS).map(readFile));
    const archived = canonical.boolean(members.archived, "archived");
    const box = fromHex(id) ?? new Uint8Array(0);
    const nodes = readRows(Kind.NODE, members.nodes, { chat: box });
    return { id: box, archived, chat: plainly.read(Kind.CHAT, members.chat), nodes, files };
  });
}

function readFile(value: Json): readonly [Id, SavedFile] {
  const members = canonical.members(value, ["extracted", "id", "name", "type"], "attachment");
  const id = toHex(canonical.fromHex(members.id, "id", 16));
  const name = textOf(members.name, "name", MAX_FILE_NAME, /^[^]+$/);
  const type = textOf(members.type, "type", MAX_TYPE, /^[^]*$/);
  const extracted = members.extracted === null ? null : canonical.fromHex(members.extracted, "extracted", 16);
  return [id, { name, type, extracted, path: pathOf(id, name) }];
}

/** Text of at most `longest` bytes of UTF-8. */
function textOf(value: Json, what: string, longest: number, pattern: RegExp): string {
  const found = canonical.text(value, what, longest, pattern);
  if (ascii(found).length > longest) throw new VaultError("export.malformed", `a long ${what}`);
  return found;
}

function readRows<Of extends Plain["kind"]>(
  kind: Of, value: Json, given: Readonly<Record<string, unknown>> = {},
): ReadonlyMap<Id, Extract<Content, { readonly kind: Of }>> {
  return reading("export.malformed", () => {
    let last = "";
    return new Map(canonical.entries(value, "rows", 0, MAX_ROWS).map((row) => {
      if (row === null || typeof row !== "object" || Array.isArray(row) || !Object.hasOwn(row, "id")) {
        throw new VaultError("export.malformed", "a row without an id");
      }
      const { id: written = null, ...rest } = row as Readonly<Record<string, Json>>;
      const id = toHex(canonical.fromHex(written, "id", 16));
      if (id <= last) throw new VaultError("export.malformed", "rows: ids do not rise");
      last = id;
      return [id, plainly.read(kind, rest, given)] as const;
    }));
  });
}
