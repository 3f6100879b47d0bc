/** Kinds 4 and 5: an attachment and its chunks. Source: specs/contents.md. */

import { type Bytes, concat, equal, toHex } from "@privity/protocol/bytes";
import { Malformed } from "@privity/protocol/errors";
import { sha256 } from "@privity/protocol/kdf";

import { VaultError } from "../errors.ts";
import { HASH, ID, Kind, nullable, number, octets, rows, Schema, text } from "./schema.ts";

export const CHUNK_BYTES = 256_000;
export const MAX_CHUNKS = 4096;
/** A little less than a GiB. */
export const MAX_SIZE = CHUNK_BYTES * MAX_CHUNKS;
export const MAX_FILE_NAME = 512;
export const MAX_TYPE = 256;

/**
 * A file: `size` bytes with this SHA-256 in chunks of CHUNK_BYTES, the last one shorter.
 *
 * `extracted` is another attachment that holds the file's text.
 */
export interface Attachment {
  readonly kind: typeof Kind.ATTACHMENT;
  readonly name: string;
  readonly type: string;
  readonly size: number;
  readonly hash: Bytes;
  readonly chunks: readonly Bytes[];
  readonly extracted: Bytes | null;
}

/** A piece of an attachment, counted from 0. */
export interface Chunk {
  readonly kind: typeof Kind.CHUNK;
  readonly attachment: Bytes;
  readonly index: number;
  readonly data: Bytes;
}

function check({ chunks, size }: Attachment): void {
  if (new Set(chunks.map(toHex)).size !== chunks.length) throw new Malformed("member_value", "chunks: one twice");
  if (chunks.length !== Math.ceil(size / CHUNK_BYTES)) {
    throw new Malformed("member_value", `chunks: ${String(chunks.length)} for ${String(size)} bytes`);
  }
}

export const ATTACHMENT = new Schema<Attachment>(Kind.ATTACHMENT, {
  name: text(MAX_FILE_NAME, 1),
  type: text(MAX_TYPE),
  size: number(MAX_SIZE),
  hash: HASH,
  chunks: rows(ID, MAX_CHUNKS),
  extracted: nullable(ID),
}, check);

export const CHUNK = new Schema<Chunk>(Kind.CHUNK, {
  attachment: ID,
  index: number(MAX_CHUNKS - 1),
  data: octets(1, CHUNK_BYTES),
});

/** What an attachment is called, and its object ids: its own and those of its chunks, at least one per CHUNK_BYTES. */
export interface Naming {
  readonly id: Bytes;
  readonly chunks: readonly Bytes[];
  readonly name: string;
  readonly type: string;
  readonly extracted: Bytes | null;
}

/** An attachment and its chunks. Raises VaultError `object.too_large` for more than MAX_SIZE bytes. */
export async function split(
  data: Bytes, { id, chunks: ids, name, type, extracted }: Naming,
): Promise<{ readonly attachment: Attachment; readonly chunks: readonly (readonly [id: Bytes, chunk: Chunk])[] }> {
  if (data.length > MAX_SIZE) {
    throw new VaultError("object.too_large", `${String(data.length)} bytes, at most ${String(MAX_SIZE)}`);
  }
  const chunks = ids.slice(0, Math.ceil(data.length / CHUNK_BYTES)).map((one, index) => {
    const piece = data.slice(index * CHUNK_BYTES, (index + 1) * CHUNK_BYTES);
    return [one, { kind: Kind.CHUNK, attachment: id, index, data: piece }] as const;
  });
  const own = { kind: Kind.ATTACHMENT, name, type, size: data.length, hash: await sha256(data), extracted };
  return { attachment: { ...own, chunks: chunks.map(([one]) => one) }, chunks };
}

/**
 * The bytes of an attachment. `chunk` gives a chunk by its id.
 *
 * Raises VaultError `object.missing` (a chunk), `object.damaged` (not the bytes that were attached).
 */
export async function join(whole: Attachment, id: Bytes, chunk: (id: Bytes) => Chunk | null): Promise<Bytes> {
  const pieces = whole.chunks.map((one, at) => {
    const found = chunk(one);
    if (found === null) throw new VaultError("object.missing", `chunk ${String(at)} of ${String(whole.chunks.length)}`);
    if (!equal(found.attachment, id) || found.index !== at) {
      throw new VaultError("object.damaged", `chunk ${String(at)} belongs elsewhere`);
    }
    return found.data;
  });
  const data = concat(...pieces);
  if (!equal(await sha256(data), whole.hash)) throw new VaultError("object.damaged", "not the bytes that were attached");
  return data;
}
