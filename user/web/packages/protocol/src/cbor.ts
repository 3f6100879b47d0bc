/**
 * CBOR of which every value has one encoding (RFC 8949 section 4.2.1), read strictly and written.
 *
 * Source: specs/cbor.md. No floats, no indefinite lengths, no duplicate or unordered keys, no simple values besides
 * false, true and null, integers below 2^53 in absolute value, bounded depth and count.
 */

import { type Bytes, concat, readUint, toHex, uint } from "./bytes.ts";
import { MAX_INTEGER } from "./canonical.ts";
import { Malformed } from "./errors.ts";

/** Nested arrays, maps and tags; attested formats need 6. */
export const MAX_DEPTH = 16;
/** Data items in one document: bounds memory before content is looked at. */
export const MAX_ITEMS = 4096;

export type Key = number | string | Bytes;
export type Value = null | boolean | number | string | Bytes | readonly Value[] | CborMap | Tag;

/** A tagged value (RFC 8949 section 3.4). */
export class Tag {
  readonly number: number;
  readonly value: Value;

  constructor(number: number, value: Value) {
    this.number = number;
    this.value = value;
  }
}

/** A map: a JavaScript Map compares byte strings by identity, so the pairs are kept as they are. */
export class CborMap {
  readonly pairs: readonly (readonly [Key, Value])[];

  constructor(pairs: readonly (readonly [Key, Value])[]) {
    this.pairs = pairs;
  }

  /** The value under an integer or text key. */
  get(key: number | string): Value | undefined {
    return this.pairs.find(([candidate]) => candidate === key)?.[1];
  }
}

export interface Reading {
  readonly maxDepth?: number;
  readonly maxItems?: number;
  readonly anyOrder?: boolean;
  readonly indefinite?: boolean;
}

/**
 * The one value that `data` encodes; every byte is consumed.
 *
 * `anyOrder` is for documents of vendors, who do not sort their keys; a key that occurs twice is refused either way.
 * `indefinite` is for those who do not count arrays and maps either; strings of indefinite length stay refused.
 *
 * Raises Malformed: `truncated`, `trailing_data`, `not_minimal`, `unsupported_item`, `integer_range`, `key_order`,
 * `too_deep`, `too_many`.
 */
export function decode(data: Uint8Array, reading: Reading = {}): Value {
  const reader = new Reader(data, reading);
  const value = reader.item(reading.maxDepth ?? MAX_DEPTH);
  if (reader.position !== data.length) {
    throw new Malformed("trailing_data", `${String(data.length - reader.position)} bytes after the value`);
  }
  return value;
}

const LEAST_ARGUMENT = [24, 2 ** 8, 2 ** 16, 2 ** 32] as const;

const UNCOUNTED = -1;
const BREAK = 0xff;

class Reader {
  readonly data: Uint8Array;
  readonly anyOrder: boolean;
  readonly indefinite: boolean;
  position = 0;
  left: number;

  constructor(data: Uint8Array, reading: Reading) {
    this.data = data;
    this.left = reading.maxItems ?? MAX_ITEMS;
    this.anyOrder = reading.anyOrder ?? false;
    this.indefinite = reading.indefinite ?? false;
  }

  take(size: number): Bytes {
    const end = this.position + size;
    if (end > this.data.length) throw new Malformed("truncated", `at byte ${String(this.position)}`);
    const part = this.data.slice(this.position, end);
    this.position = end;
    return part;
  }

  head(): readonly [major: number, argument: number] {
    const first = readUint(this.take(1), 0, 1);
    const major = first >> 5;
    const low = first & 31;
    if (major === 7 && (low < 20 || low > 22)) {
      throw new Malformed("unsupported_item", `major 7 value ${String(low)}`);
    }
    if (major === 7 || low < 24) return [major, low];
    if (low === 31 && (major === 4 || major === 5) && this.indefinite) return [major, UNCOUNTED];
    const least = LEAST_ARGUMENT[low - 24];
    if (least === undefined) throw new Malformed("unsupported_item", `length ${String(low)}`);
    const size = 1 << (low - 24);
    const argument = readUint(this.take(size), 0, size);
    if (argument < least) throw new Malformed("not_minimal", `at byte ${String(this.position - size - 1)}`);
    return [major, argument];
  }

  item(depth: number): Value {
    this.left -= 1;
    if (this.left < 0) throw new Malformed("too_many", "data items");
    const [major, argument] = this.head();
    if (major >= 4 && major !== 7 && depth === 0) throw new Malformed("too_deep", "nesting");
    switch (major) {
      case 0: return bounded(argument);
      case 1: return bounded(-1 - argument);
      case 2: return this.take(argument);
      case 3: return this.text(argument);
      case 4: return this.array(argument, depth);
      case 5: return this.map(argument, depth);
      case 6: return new Tag(bounded(argument), this.item(depth - 1));
      default: return argument === 22 ? null : argument === 21;
    }
  }

  text(size: number): string {
    const encoded = this.take(size);
    try {
      return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(encoded);
    } catch {
      throw new Malformed("unsupported_item", "text is not UTF-8");
    }
  }

  /** Whether another entry follows; the break of an array or map without a count is consumed. */
  goesOn(count: number, read: number): boolean {
    if (count !== UNCOUNTED) return read < count;
    const ended = this.data[this.position] === BREAK;
    if (ended) this.position += 1;
    return !ended;
  }

  array(count: number, depth: number): readonly Value[] {
    // Appended one by one: a length that the data cannot fill must not reserve memory.
    const array: Value[] = [];
    while (this.goesOn(count, array.length)) array.push(this.item(depth - 1));
    return array;
  }

  map(count: number, depth: number): CborMap {
    const pairs: (readonly [Key, Value])[] = [];
    const seen = new Set<string>();
    let before = new Uint8Array(0);
    while (this.goesOn(count, pairs.length)) {
      const start = this.position;
      const key = this.item(depth - 1);
      if (typeof key !== "number" && typeof key !== "string" && !(key instanceof Uint8Array)) {
        throw new Malformed("unsupported_item", "map key");
      }
      const encoded = this.data.slice(start, this.position);
      const unordered = !this.anyOrder && compare(encoded, before) <= 0;
      if (unordered || seen.has(toHex(encoded))) throw new Malformed("key_order", `at byte ${String(start)}`);
      seen.add(toHex(encoded));
      before = encoded;
      pairs.push([key, this.item(depth - 1)]);
    }
    return new CborMap(pairs);
  }
}

/** Bytewise order, as a number below, at or above zero. */
function compare(left: Uint8Array, right: Uint8Array): number {
  const differs = left.findIndex((byte, index) => byte !== right[index]);
  if (differs < 0) return left.length - right.length;
  return (left[differs] ?? -1) - (right[differs] ?? -1);
}

function bounded(value: number): number {
  if (Math.abs(value) > MAX_INTEGER) throw new Malformed("integer_range", "2^53 or more");
  return value;
}

/** The one encoding of a value. Raises Malformed: `integer_range`, `unsupported_item`, `key_order` for equal keys. */
export function encode(value: Value): Bytes {
  if (value === null) return Uint8Array.of(0xf6);
  if (typeof value === "boolean") return Uint8Array.of(value ? 0xf5 : 0xf4);
  if (typeof value === "number") return encodeInteger(value);
  if (typeof value === "string") {
    const text = new TextEncoder().encode(value);
    if (/\p{Surrogate}/u.test(value)) throw new Malformed("unsupported_item", "lone surrogate");
    return concat(encodeHead(3, text.length), text);
  }
  if (value instanceof Uint8Array) return concat(encodeHead(2, value.length), value);
  if (value instanceof Tag) return concat(encodeHead(6, bounded(value.number)), encode(value.value));
  if (value instanceof CborMap) return encodeMap(value);
  return concat(encodeHead(4, value.length), ...value.map(encode));
}

function encodeInteger(value: number): Bytes {
  if (!Number.isInteger(value)) throw new Malformed("unsupported_item", "not an integer");
  bounded(value);
  return value >= 0 ? encodeHead(0, value) : encodeHead(1, -1 - value);
}

function encodeMap(map: CborMap): Bytes {
  const pairs = map.pairs.map(([key, entry]) => [encode(key), encode(entry)] as const);
  pairs.sort(([left], [right]) => compare(left, right));
  pairs.forEach(([key], index) => {
    const next = pairs[index + 1];
    if (next !== undefined && compare(key, next[0]) === 0) throw new Malformed("key_order", "equal keys");
  });
  return concat(encodeHead(5, pairs.length), ...pairs.flat());
}

function encodeHead(major: number, argument: number): Bytes {
  if (argument < 24) return Uint8Array.of((major << 5) | argument);
  const power = argument < 2 ** 8 ? 0 : argument < 2 ** 16 ? 1 : argument < 2 ** 32 ? 2 : 3;
  const size = 1 << power;
  return concat(Uint8Array.of((major << 5) | (24 + power)), uint(argument, size));
}
