/**
 * The records of a zip file, as far as an export needs them. Source: PKWARE APPNOTE 6.3.10, sections 4.3 and 4.5.3.
 *
 * Integers are little-endian. One disk, no encryption; entries are stored or deflated.
 */

import { type Bytes, concat } from "@privity/protocol/bytes";

export const LOCAL = 0x04034b50;
export const CENTRAL = 0x02014b50;
export const END = 0x06054b50;
export const END_64 = 0x06064b50;
export const LOCATOR_64 = 0x07064b50;
export const LOCAL_BYTES = 30;
export const CENTRAL_BYTES = 46;
export const END_BYTES = 22;
export const END_64_BYTES = 56;
export const LOCATOR_BYTES = 20;
/** The largest number of 16 or 32 bits: the true one stands in a record of 64 bits. */
export const FULL_16 = 0xffff;
export const FULL_32 = 0xffffffff;
export const STORED = 0;
export const DEFLATED = 8;
/** Names are UTF-8. */
export const UTF8 = 0x0800;

/** Numbers of so many bytes each, one behind the other. */
export function packed(...numbers: readonly (readonly [value: number, size: number])[]): Bytes {
  return concat(...numbers.map(([value, size]) => {
    const bytes = new Uint8Array(size);
    let rest = value;
    for (let at = 0; at < size; at += 1) {
      bytes[at] = rest % 256;
      rest = Math.floor(rest / 256);
    }
    return bytes;
  }));
}

/** The number in `size` bytes at `offset`, rounded above 2^53; the caller has checked that they are there. */
export function number(data: Uint8Array, offset: number, size: number): number {
  let value = 0;
  for (let at = offset + size - 1; at >= offset; at -= 1) value = value * 256 + (data[at] ?? 0);
  return value;
}

const TABLE: readonly number[] = Array.from({ length: 256 }, (_, byte) => {
  let value = byte;
  for (let bit = 0; bit < 8; bit += 1) value = (value & 1) === 1 ? (value >>> 1) ^ 0xedb88320 : value >>> 1;
  return value >>> 0;
});

/** CRC-32 of ISO 3309, which finds accidents and no adversary. */
export function crc32(data: Uint8Array): number {
  let value = FULL_32;
  for (const byte of data) value = (TABLE[(value ^ byte) & 0xff] ?? 0) ^ (value >>> 8);
  return (value ^ FULL_32) >>> 0;
}

/** All bytes that a stream gives; `most` ends it with null when it gives more. */
export async function collected(stream: ReadableStream<Uint8Array>, most: number): Promise<Bytes | null> {
  const reader = stream.getReader();
  const pieces: Uint8Array[] = [];
  let size = 0;
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return joined(pieces, size);
    size += value.length;
    if (size > most) {
      await reader.cancel();
      return null;
    }
    pieces.push(value);
  }
}

/** A large file has more pieces than a call takes arguments. */
export function joined(pieces: readonly Uint8Array[], size: number): Bytes {
  const whole = new Uint8Array(size);
  let at = 0;
  for (const piece of pieces) {
    whole.set(piece, at);
    at += piece.length;
  }
  return whole;
}
