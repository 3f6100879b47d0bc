/** Files of a chat as objects: an attachment in chunks, and the text that was taken from it in another one. */

import { ascii, type Bytes, fromHex, toHex } from "@privity/protocol/bytes";
import { type Attachment, type Chunk, CHUNK_BYTES, join, split } from "@privity/vault/contents/attachment";
import type { Content } from "@privity/vault/contents/kinds";
import { Kind } from "@privity/vault/contents/schema";

import type { Facts, File } from "./book.ts";
import { bytesOf, type Id } from "./ids.ts";
import { wellFormed } from "./message.ts";

const TEXT = "text/plain;charset=utf-8;characters=";
/** UTF-8 bytes of a name and of a type. */
const MAX_NAME = 512;
const MAX_TYPE = 256;

/** An object that is added, under its id. */
export type Added = readonly [id: Bytes, content: Content];

/** The objects of a file, chunks first. Raises VaultError `object.too_large`. */
export async function objectsOf(id: Id, file: File, newId: () => Bytes): Promise<readonly Added[]> {
  const text = wellFormed(file.text);
  const extracted = text === "" ? null : newId();
  const own = await whole(bytesOf(id), file.data, { name: file.name, type: file.type, extracted }, newId);
  if (extracted === null) return own;
  const type = TEXT + String(characters(text));
  return [...await whole(extracted, ascii(text), { name: `${file.name}.txt`, type, extracted: null }, newId), ...own];
}

/** An attachment of these bytes and its chunks, chunks first. Raises VaultError `object.too_large`. */
export async function whole(
  id: Bytes, data: Bytes, { name, type, extracted }: Pick<Attachment, "name" | "type" | "extracted">, newId: () => Bytes,
): Promise<readonly Added[]> {
  const chunks = Array.from({ length: Math.ceil(data.length / CHUNK_BYTES) }, newId);
  const naming = { id, chunks, name: shortened(name, MAX_NAME) || "file", type: shortened(type, MAX_TYPE), extracted };
  const made = await split(data, naming);
  return [...made.chunks, [id, made.attachment]];
}

/** What an attachment of this chat is. `contents` are those of the chat. */
export function factsOf({ name, type, size, extracted }: Attachment, contents: ReadonlyMap<Id, Content>): Facts {
  const text = extracted === null ? undefined : contents.get(toHex(extracted));
  const counted = text?.kind === Kind.ATTACHMENT && text.type.startsWith(TEXT) ? Number(text.type.slice(TEXT.length)) : null;
  const length = text?.kind === Kind.ATTACHMENT ? text.size : 0;
  return { name, type, size, characters: counted !== null && Number.isSafeInteger(counted) ? counted : length };
}

/** A file from its objects. `open` gives one by its id. Raises VaultError `object.missing`, `object.damaged`. */
export async function fileOf(
  id: Id, attachment: Attachment, open: (id: Id) => Promise<Content | null>,
): Promise<File> {
  const { name, type, extracted } = attachment;
  const data = await bytesOfFile(id, attachment, open);
  const other = extracted === null ? null : await open(toHex(extracted));
  const text = extracted === null || other?.kind !== Kind.ATTACHMENT ? "" : await textIn(toHex(extracted), other, open);
  return { name, type, data, text };
}

/** What a file is called and what was taken from it as text, without the bytes of the file itself. Raises as `fileOf` does. */
export async function wordsOf({ name, extracted }: Attachment, open: (id: Id) => Promise<Content | null>): Promise<string> {
  const other = extracted === null ? null : await open(toHex(extracted));
  const text = extracted === null || other?.kind !== Kind.ATTACHMENT ? "" : await textIn(toHex(extracted), other, open);
  return `${name}\n${text}`;
}

/** The bytes of an attachment. */
export async function bytesOfFile(
  id: Id, attachment: Attachment, open: (id: Id) => Promise<Content | null>,
): Promise<Bytes> {
  const chunks = new Map<Id, Chunk>();
  for (const chunk of attachment.chunks) {
    const found = await open(toHex(chunk));
    if (found?.kind === Kind.CHUNK) chunks.set(toHex(chunk), found);
  }
  return join(attachment, fromHex(id) ?? new Uint8Array(0), (chunk) => chunks.get(toHex(chunk)) ?? null);
}

async function textIn(id: Id, attachment: Attachment, open: (id: Id) => Promise<Content | null>): Promise<string> {
  return new TextDecoder().decode(await bytesOfFile(id, attachment, open));
}

/** Characters (code points) of a text. */
export function characters(text: string): number {
  let count = 0;
  for (let at = 0; at < text.length; at += 1) if ((text.charCodeAt(at) & 0xfc00) !== 0xdc00) count += 1;
  return count;
}

function shortened(text: string, most: number): string {
  const encoded = ascii(wellFormed(text));
  return encoded.length <= most ? wellFormed(text) : new TextDecoder().decode(encoded.subarray(0, most)).replace(/\uFFFD+$/, "");
}
