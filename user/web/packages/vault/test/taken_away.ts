/** The operations that vectors of archives, importers and the search index name. */

import { sha256 } from "@noble/hashes/sha2.js";
import { ascii, type Bytes, toHex, uint } from "@privity/protocol/bytes";

import * as box from "../src/box.ts";
import * as attachment from "../src/contents/attachment.ts";
import type { Chunk } from "../src/contents/attachment.ts";
import type { Part } from "../src/contents/chat.ts";
import { Kind } from "../src/contents/schema.ts";
import * as archive from "../src/export/archive.ts";
import * as fileName from "../src/export/file_name.ts";
import { adopt, type Library } from "../src/export/library.ts";
import * as plainly from "../src/export/plainly.ts";
import * as chatgpt from "../src/importers/chatgpt.ts";
import * as claude from "../src/importers/claude.ts";
import * as search from "../src/search.ts";
import { type Kept, Secret } from "../src/secret.ts";
import type { Given } from "./given.ts";
import { type Operation, same } from "./operations.ts";

type Files = ReadonlyMap<string, Bytes>;

/** Bytes that follow from a name, as in the tables of the cases. */
function draw(name: string, size = 32): Bytes {
  return sha256(ascii(name)).slice(0, size);
}

/** Import ids of the account of the vectors. */
async function idsOf(source: string): Promise<box.Ids> {
  const key = await new Secret("account key", draw("account key 1")).keep();
  return box.importIds(key, draw("account", 16), source);
}

function loader(files: Files): archive.Load {
  return (name) => {
    const data = files.get(name);
    return data === undefined ? Promise.reject(new Error(`no file ${name}`)) : Promise.resolve(data);
  };
}

/** The library of files [name, data], and the files. */
async function opened(given: Given): Promise<{ readonly library: Library; readonly files: Files }> {
  const files = new Map(given.rows("archived").map(([name, data]) => {
    return [new TextDecoder().decode(given.join(name)), given.join(data)] as const;
  }));
  const load = loader(files);
  const { manifest, library } = await archive.read(new Set(files.keys()), load);
  for (const saved of library.chats) {
    for (const one of saved.files.values()) await archive.attachment(manifest, one, load);
  }
  return { library, files };
}

async function written(library: Library, files: Files): Promise<Files> {
  const paths = new Map(library.chats.flatMap((saved) => [...saved.files].map(([id, one]) => [id, one.path] as const)));
  const found = new Map<string, Bytes>();
  for await (const [name, data] of archive.write(library, (id) => loader(files)(paths.get(id) ?? ""))) found.set(name, data);
  return found;
}

/** What is read is written as the same files. */
async function readArchive(given: Given): Promise<unknown> {
  const { library, files } = await opened(given);
  const again = await written(library, files);
  if (again.size !== files.size) throw new Error("other files");
  for (const [name, data] of files) same(again.get(name) ?? new Uint8Array(0), data);
  return {
    chats: library.chats.map((one) => [toHex(one.id), one.archived, one.nodes.size, one.files.size]),
    folders: [...library.folders.keys()].sort(),
    settings: library.settings !== null,
    proofs: [library.receipts.size, library.evidence.size],
  };
}

/** Import into the account of the vectors: the ids, and the hash of each file but attachments written again. */
async function adoptArchive(given: Given): Promise<unknown> {
  const { library, files } = await opened(given);
  const again = await written(adopt(library, await idsOf("privity")), files);
  const hashes = [...again].filter(([name]) => name !== "manifest.json").map(([name, data]) => [name, toHex(sha256(data))]);
  return Object.fromEntries(hashes) as unknown;
}

function fileNames(given: Given): unknown {
  return [...fileName.distinct(given.texts("titles").map((one, at) => [toHex(uint(at, 16)), one])).values()];
}

function importedOf({ chats, report }: chatgpt.Imported): unknown {
  const rows = chats.map((one) => ({
    box: toHex(one.id),
    chat: plainly.write(one.chat),
    nodes: [...one.nodes].sort(([id], [other]) => (id < other ? -1 : 1)).map(([id, node]) => ({ id, ...plainly.write(node) })),
  }));
  const { messages, unknown, leftOut } = report;
  const counts = { unknown: Object.fromEntries(unknown), left_out: Object.fromEntries(leftOut) };
  return { chats: rows, report: { chats: report.chats, messages, ...counts } };
}

async function importChatgpt(given: Given): Promise<unknown> {
  return importedOf(chatgpt.read(given.texts("files").map(ascii), await idsOf(chatgpt.SOURCE)));
}

async function importClaude(given: Given): Promise<unknown> {
  return importedOf(claude.read(given.texts("files").map(ascii), await idsOf(claude.SOURCE)));
}

/** One ChatGPT message of one character repeated: how it is cut. */
async function importLong(given: Given): Promise<unknown> {
  const letters = given.text("letter").repeat(given.number("times"));
  const message = `{"author":{"role":"user"},"content":{"content_type":"text","parts":["${letters}"]}}`;
  const data = ascii(`[{"id":"c","mapping":{"m":{"message":${message}}}}]`);
  const { chats } = chatgpt.read([data], await idsOf(chatgpt.SOURCE));
  const nodes = [...(chats[0]?.nodes.values() ?? [])].sort((one, other) => one.time - other.time);
  const texts = nodes.map(({ parts }) => parts.map(textOf));
  if (texts.flat().join("") !== letters) throw new Error("another text");
  return texts.map((parts) => parts.map((text) => Array.from(text).length));
}

function textOf(part: Part): string {
  if (part.type !== "text") throw new Error("no text");
  return part.text;
}

async function searchKey(given: Given): Promise<Kept<"search key">> {
  return search.keyOf(await new Secret("account key", given.bytes("key")).keep(), given.bytes("account"));
}

async function openSegment(given: Given): Promise<string> {
  return toHex(await search.openSegment(await searchKey(given), given.text("name"), given.bytes("data")));
}

async function sealSegment(given: Given): Promise<string> {
  return toHex(await search.seal(await searchKey(given), given.text("name"), given.bytes("plain"), new Uint8Array(12)));
}

/** A file of `size` zero bytes, split, `changed`, and put together. */
async function joinChunks(given: Given): Promise<unknown> {
  const ids = Array.from({ length: 8 }, (_, at) => uint(at + 1, 16));
  const id = new Uint8Array(16);
  const naming = { id, chunks: ids, name: "a", type: "", extracted: null };
  const split = await attachment.split(new Uint8Array(given.number("size")), naming);
  const chunks = new Map(split.chunks.map(([one, chunk]) => [toHex(one), chunk]));
  change(chunks, ids.map(toHex), given.text("changed"));
  const joined = await attachment.join(split.attachment, id, (one) => chunks.get(toHex(one)) ?? null);
  return { chunks: split.attachment.chunks.length, size: joined.length };
}

function change(chunks: Map<string, Chunk>, [first = "", second = ""]: readonly string[], how: string): void {
  const [one, other] = [chunks.get(first), chunks.get(second)];
  if (how === "gone") chunks.delete(second);
  if (one === undefined) return;
  if (how === "swap" && other !== undefined) {
    chunks.set(first, other);
    chunks.set(second, one);
  }
  if (how === "elsewhere") chunks.set(first, { ...one, attachment: uint(8, 16) });
  if (how === "bytes") chunks.set(first, { kind: Kind.CHUNK, attachment: one.attachment, index: 0, data: changed(one.data) });
}

function changed(data: Bytes): Bytes {
  const copy = data.slice();
  copy[0] = 1;
  return copy;
}

export const TAKEN_AWAY: readonly (readonly [string, Operation])[] = [
  ["read_archive", readArchive],
  ["adopt_archive", adoptArchive],
  ["file_names", fileNames],
  ["import_chatgpt", importChatgpt],
  ["import_claude", importClaude],
  ["import_long", importLong],
  ["open_segment", openSegment],
  ["seal_segment", sealSegment],
  ["join_chunks", joinChunks],
];
