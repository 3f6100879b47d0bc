/** Writes an export as one zip file, entry by entry, for any plain reader. Source: PKWARE APPNOTE 6.3.10, section 4.3. */

import { ascii, type Bytes, concat } from "@privity/protocol/bytes";

import { VaultError } from "../errors.ts";
import type { Entry } from "./archive.ts";
import { checkName, MAX_ENTRIES } from "./listing.ts";
import {
  CENTRAL, collected, crc32, DEFLATED, END, END_64, END_64_BYTES, FULL_16, FULL_32, LOCAL, LOCATOR_64, packed, STORED, UTF8,
} from "./zip_form.ts";

/** Version 2.0 of the format: deflate. */
const VERSION = 20;
const VERSION_64 = 45;
/** 1980-01-01 00:00, the first moment that the format knows: an archive's times are in its manifest. */
const TIME = 0;
const DATE = 0x21;

interface Written {
  readonly name: Bytes;
  /** What local header and directory have in common: version to sizes. */
  readonly facts: Bytes;
  readonly offset: number;
}

/** The bytes of the zip file in pieces. Raises VaultError `export.path`, `export.too_large` (2^32 bytes and more). */
export async function* zipped(entries: AsyncIterable<Entry>): AsyncGenerator<Bytes> {
  const written: Written[] = [];
  let offset = 0;
  for await (const [name, data] of entries) {
    checkName(name);
    const { method, body } = await deflated(data);
    const encoded = ascii(name);
    const facts = packed(
      [VERSION, 2], [UTF8, 2], [method, 2], [TIME, 2], [DATE, 2], [crc32(data), 4], [body.length, 4], [data.length, 4],
    );
    const piece = concat(packed([LOCAL, 4]), facts, packed([encoded.length, 2], [0, 2]), encoded, body);
    written.push({ name: encoded, facts, offset });
    offset += piece.length;
    if (offset >= FULL_32 || written.length > MAX_ENTRIES) {
      throw new VaultError("export.too_large", `${String(offset)} bytes in ${String(written.length)} entries`);
    }
    yield piece;
  }
  yield* directory(written, offset);
}

async function deflated(data: Bytes): Promise<{ readonly method: number; readonly body: Bytes }> {
  if (data.length === 0) return { method: STORED, body: data };
  const stream = new Blob([data]).stream().pipeThrough(new CompressionStream("deflate-raw"));
  const body = await collected(stream, data.length);
  return body === null || body.length >= data.length ? { method: STORED, body: data } : { method: DEFLATED, body };
}

function* directory(written: readonly Written[], start: number): Generator<Bytes> {
  let size = 0;
  for (const { name, facts, offset } of written) {
    const rest = packed([name.length, 2], [0, 2], [0, 2], [0, 2], [0, 2], [0, 4], [offset, 4]);
    const piece = concat(packed([CENTRAL, 4], [VERSION, 2]), facts, rest, name);
    size += piece.length;
    yield piece;
  }
  const count = written.length;
  if (count >= FULL_16) yield end64(count, size, start);
  const short = Math.min(count, FULL_16);
  yield packed([END, 4], [0, 2], [0, 2], [short, 2], [short, 2], [size, 4], [start, 4], [0, 2]);
}

/** The end in 64 bits, for more entries than 16 bits count, and where it is. */
function end64(count: number, size: number, start: number): Bytes {
  return packed(
    [END_64, 4], [END_64_BYTES - 12, 8], [VERSION_64, 2], [VERSION_64, 2], [0, 4], [0, 4], [count, 8], [count, 8], [size, 8],
    [start, 8], [LOCATOR_64, 4], [0, 4], [start + size, 8], [1, 4],
  );
}
