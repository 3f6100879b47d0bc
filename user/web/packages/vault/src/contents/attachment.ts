/** Kinds 4 and 5: an attachment and its chunks. Source: specs/contents.md. */

import { type Bytes, toHex } from "@privity/protocol/bytes";
import { Malformed } from "@privity/protocol/errors";

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
