/**
 * A strict reader of DER (X.690): definite minimal lengths, one-byte tags, bounded depth and count, nothing left over.
 *
 * It reads what attested certificates need and refuses the rest. Used on bytes whose signature may not be checked yet.
 */

import { type Bytes, readUint } from "@privity/protocol/bytes";

export const MAX_DEPTH = 12;
export const MAX_ELEMENTS = 512;
export const CONSTRUCTED = 0x20;
export const BOOLEAN = 0x01;
export const INTEGER = 0x02;
export const BIT_STRING = 0x03;
export const OCTET_STRING = 0x04;
export const NULL = 0x05;
export const OID = 0x06;
export const ENUMERATED = 0x0a;
export const UTC_TIME = 0x17;
export const GENERALIZED_TIME = 0x18;
export const SEQUENCE = 0x30;
export const SET = 0x31;

/** The bytes are not DER, or not of the expected shape; the only error of this module. */
export class DerError extends Error {}

interface Extent {
  readonly body: number;
  readonly stop: number;
}

/** One element; content, all its bytes, and children are cut out on demand, so that nothing is held twice. */
export class Element {
  readonly tag: number;
  readonly #data: Bytes;
  readonly #start: number;
  readonly #extent: Extent;

  constructor(data: Bytes, start: number, extent: Extent) {
    this.tag = data[start] ?? 0;
    this.#data = data;
    this.#start = start;
    this.#extent = extent;
  }

  /** The bytes after tag and length. */
  get content(): Bytes {
    return this.#data.slice(this.#extent.body, this.#extent.stop);
  }

  /** All bytes, tag and length included. */
  get raw(): Bytes {
    return this.#data.slice(this.#start, this.#extent.stop);
  }

  /** The elements inside a constructed element, none of a primitive one. */
  get children(): readonly Element[] {
    const { body, stop } = this.#extent;
    const found: Element[] = [];
    let position = (this.tag & CONSTRUCTED) === 0 ? stop : body;
    while (position < stop) {
      const extent = header(this.#data, position, stop);
      found.push(new Element(this.#data, position, extent));
      position = extent.stop;
    }
    return found;
  }

  /** This element if it has `tag`. Raises DerError. */
  expect(tag: number): this {
    if (this.tag !== tag) throw new DerError(`tag ${String(this.tag)} where ${String(tag)} is due`);
    return this;
  }
}

/** The one element of `data`, of which every element inside is well formed. Raises DerError. */
export function decode(data: Bytes, maxElements = MAX_ELEMENTS): Element {
  const extent = header(data, 0, data.length);
  if (extent.stop !== data.length) throw new DerError("trailing bytes");
  walk(data, extent, maxElements);
  return new Element(data, 0, extent);
}

function constructed(data: Bytes, position: number): boolean {
  return ((data[position] ?? 0) & CONSTRUCTED) !== 0;
}

/** Checks every header inside, without recursion: a stack of ends bounds the depth. */
function walk(data: Bytes, { body, stop }: Extent, maxElements: number): void {
  const ends = [stop];
  let position = constructed(data, 0) ? body : stop;
  let left = maxElements - 1;
  for (;;) {
    while (ends.length > 0 && position === ends.at(-1)) ends.pop();
    const end = ends.at(-1);
    if (end === undefined) return;
    left -= 1;
    if (left < 0 || ends.length >= MAX_DEPTH) throw new DerError("too many elements");
    const extent = header(data, position, end);
    if (constructed(data, position)) {
      ends.push(extent.stop);
      position = extent.body;
    } else {
      position = extent.stop;
    }
  }
}

/** Where the content of the element at `start` begins and ends; it must end by `end`. */
function header(data: Bytes, start: number, end: number): Extent {
  if (start + 2 > end) throw new DerError("truncated");
  if (((data[start] ?? 0) & 0x1f) === 0x1f) throw new DerError("long tag");
  let size = readUint(data, start + 1, 1);
  let body = start + 2;
  if (size >= 0x80) {
    const count = size & 0x7f;
    if (count < 1 || count > 3 || body + count > end) throw new DerError("length");
    size = readUint(data, body, count);
    if (size < 0x80 || size < 2 ** (8 * (count - 1))) throw new DerError("length is not minimal");
    body += count;
  }
  if (body + size > end) throw new DerError("truncated");
  return { body, stop: body + size };
}

/** A non-negative INTEGER, or an ENUMERATED with that `tag`. Raises DerError. */
export function integer(element: Element, tag: number = INTEGER): bigint {
  const { content } = element.expect(tag);
  const [first, second] = content;
  if (first === undefined || first >= 0x80) throw new DerError("integer is empty or negative");
  if (second !== undefined && first === 0 && second < 0x80) throw new DerError("integer is not minimal");
  return content.reduce((value, byte) => (value << 8n) | BigInt(byte), 0n);
}

/** A BOOLEAN. Raises DerError. */
export function boolean(element: Element): boolean {
  const { content } = element.expect(BOOLEAN);
  const [value] = content;
  if (content.length !== 1 || (value !== 0 && value !== 0xff)) throw new DerError("boolean");
  return value === 0xff;
}

/** The bytes of a BIT STRING and how many trailing bits of the last are unused (zero). Raises DerError. */
export function bitString(element: Element): { readonly data: Bytes; readonly unused: number } {
  const { content } = element.expect(BIT_STRING);
  const [unused] = content;
  if (unused === undefined || unused > 7 || (unused > 0 && content.length === 1)) throw new DerError("bit string");
  if (unused > 0 && ((content.at(-1) ?? 0) & ((1 << unused) - 1)) !== 0) throw new DerError("unused bits are set");
  return { data: content.slice(1), unused };
}

const TIME = /^(\d{4})(\d{2})(\d{2})(\d{2})(\d{2})(\d{2})Z$/;

/** A UTCTime or GeneralizedTime of RFC 5280 (whole seconds, Z) as Unix seconds. Raises DerError. */
export function time(element: Element): number {
  if (element.tag !== UTC_TIME && element.tag !== GENERALIZED_TIME) throw new DerError("time");
  let text = String.fromCharCode(...element.content.slice(0, 16));
  // RFC 5280 section 4.1.2.5.1: two-digit years below 50 are 20xx.
  if (element.tag === UTC_TIME) text = (text < "50" ? "20" : "19") + text;
  const found = TIME.exec(text);
  if (found === null) throw new DerError("time");
  const seconds = unixSeconds(found.slice(1).map(Number));
  if (seconds === null) throw new DerError("time");
  return seconds;
}

/** The Unix seconds of year, month, day, hour, minute and second (UTC), null where there is no such time. */
export function unixSeconds([year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0]: readonly number[]): number | null {
  const leap = year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0);
  const lengths = [31, leap ? 29 : 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];
  const inMonth = lengths[month - 1] ?? 0;
  if (year < 1 || day < 1 || day > inMonth || hour > 23 || minute > 59 || second > 59) return null;
  const before = year - 1;
  const years = before * 365 + Math.floor(before / 4) - Math.floor(before / 100) + Math.floor(before / 400);
  const days = lengths.slice(0, month - 1).reduce((sum, length) => sum + length, years + day - 1) - DAYS_BEFORE_1970;
  return ((days * 24 + hour) * 60 + minute) * 60 + second;
}

/** Days from the first of January of year 1 to that of 1970. */
const DAYS_BEFORE_1970 = 719_162;
