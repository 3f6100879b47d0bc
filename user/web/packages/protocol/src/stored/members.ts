/** Closed schemas over strict CBOR: maps of integer keys 1 to n, and rows of fixed length. Source: specs/page.md. */

import type { Bytes } from "../bytes.ts";
import * as cbor from "../cbor.ts";
import { CborMap, type Value } from "../cbor.ts";
import { Malformed } from "../errors.ts";

/** Largest object version, generation, epoch and day. */
export const U32 = 2 ** 32 - 1;
/** Largest page number and device sequence: JavaScript counts no further exactly. */
export const COUNT = Number.MAX_SAFE_INTEGER;

/**
 * The members 1 to `count` of the map that `data` encodes, in order.
 *
 * Raises Malformed: `too_large`, those of specs/cbor.md, `member_type`, `missing_member`, `unknown_member`.
 */
export function decode(data: Uint8Array, count: number, most: number): readonly Value[] {
  if (data.length > most) throw new Malformed("too_large", `${String(data.length)} bytes, at most ${String(most)}`);
  return ofMap(cbor.decode(data), count);
}

/** The members 1 to `count` of a map. Raises Malformed as `decode` does. */
export function ofMap(value: Value, count: number): readonly Value[] {
  if (!(value instanceof CborMap)) throw new Malformed("member_type", "not a map");
  const found = Array.from({ length: count }, (_, at) => {
    const member = value.get(at + 1);
    if (member === undefined) throw new Malformed("missing_member", String(at + 1));
    return member;
  });
  if (value.pairs.length !== count) throw new Malformed("unknown_member", `${String(value.pairs.length - count)} more`);
  return found;
}

/** The map with these members under 1, 2, and so on. */
export function map(members: readonly Value[]): CborMap {
  return new CborMap(members.map((member, at) => [at + 1, member]));
}

/** The bytes of the map with these members under 1, 2, and so on. */
export function encode(members: readonly Value[]): Bytes {
  return cbor.encode(map(members));
}

/** The member of that index: `decode` and `row` counted them, so one that is not there is our own mistake. */
export function at(members: readonly Value[], index: number): Value {
  const member = members[index];
  if (member === undefined) throw new Error(`no member ${String(index)}`);
  return member;
}

/** An integer between bounds. Raises Malformed `member_type`, `member_value`. */
export function number(value: Value, name: string, least = 0, most = U32): number {
  if (typeof value !== "number") throw new Malformed("member_type", name);
  if (value < least || value > most) {
    throw new Malformed("member_value", `${name}: ${String(value)}, expected ${String(least)} to ${String(most)}`);
  }
  return value;
}

/** Exactly `size` bytes. Raises Malformed `member_type`, `member_value`. */
export function octets(value: Value, name: string, size: number): Bytes {
  return bounded(value, name, size, size);
}

/** Between `least` and `most` bytes. Raises Malformed `member_type`, `member_value`. */
export function bounded(value: Value, name: string, least: number, most: number): Bytes {
  if (!(value instanceof Uint8Array)) throw new Malformed("member_type", name);
  if (value.length < least || value.length > most) {
    const due = `${String(least)} to ${String(most)}`;
    throw new Malformed("member_value", `${name}: ${String(value.length)} bytes, expected ${due}`);
  }
  return value;
}

/** Text of at most `most` UTF-8 bytes. Raises Malformed `member_type`, `member_value`. */
export function text(value: Value, name: string, most: number): string {
  if (typeof value !== "string") throw new Malformed("member_type", name);
  if (new TextEncoder().encode(value).length > most) {
    throw new Malformed("member_value", `${name}: more than ${String(most)} bytes`);
  }
  return value;
}

/** A list of bounded length. Raises Malformed `member_type`, `member_value`. */
export function listed(value: Value, name: string, most: number, least = 0): readonly Value[] {
  const list = ofArray(value, name);
  if (list.length < least || list.length > most) {
    const due = `${String(least)} to ${String(most)}`;
    throw new Malformed("member_value", `${name}: ${String(list.length)} rows, expected ${due}`);
  }
  return list;
}

/** A list of rows of `width` members. Raises Malformed `member_type`, `member_value`. */
export function rows(value: Value, name: string, width: number, most: number, least = 0): readonly (readonly Value[])[] {
  return listed(value, name, most, least).map((one) => row(one, name, width));
}

/** A list of exactly `width` members. Raises Malformed `member_type`, `member_value`. */
export function row(value: Value, name: string, width: number): readonly Value[] {
  const list = ofArray(value, name);
  if (list.length !== width) {
    throw new Malformed("member_value", `${name}: a row of ${String(list.length)}, expected ${String(width)}`);
  }
  return list;
}

/** Raises Malformed `member_value` unless the values rise, so that none occurs twice and one order is left. */
export function distinct(values: readonly Uint8Array[], name: string): void {
  values.forEach((value, index) => {
    const before = values[index - 1];
    if (before !== undefined && compare(before, value) >= 0) throw new Malformed("member_value", `${name}: not in rising order`);
  });
}

/** Every format here is version 1. Raises Malformed `member_type`, `member_value`. */
export function version(value: Value): void {
  number(value, "version", 1, 1);
}

/** Bytewise order, as a number below, at or above zero; a beginning comes before what continues it. */
export function compare(one: Uint8Array, other: Uint8Array): number {
  const least = Math.min(one.length, other.length);
  for (let i = 0; i < least; i += 1) {
    const difference = (one[i] ?? 0) - (other[i] ?? 0);
    if (difference !== 0) return difference;
  }
  return one.length - other.length;
}

function ofArray(value: Value, name: string): readonly Value[] {
  if (!Array.isArray(value)) throw new Malformed("member_type", name);
  return value as readonly Value[];
}
