/**
 * Intel's signed JSON, read after its signature is checked: bounded, no duplicate members, no fractions.
 *
 * The text is ASCII without escapes, as Intel writes it; members that this reader does not know are ignored, for the
 * vendor may add some. The reader in Python accepts and refuses the same texts.
 */

import { type Bytes } from "@privity/protocol/bytes";

import { unixSeconds } from "../der.ts";

export const MAX_TEXT = 64 * 1024;
export const MAX_DEPTH = 8;
export const MAX_DIGITS = 10;
/** Printable ASCII and white space, no backslash. */
const TEXT = /^[\t\n\r -[\]-~]*$/;
const SPACE = /[\t\n\r ]*/y;
const STRING = /"([ !#-~]*)"/y;
const NUMBER = /(?:0|[1-9][0-9]*)/y;
const LITERAL = /true|false|null/y;
const LITERALS: ReadonlyMap<string, boolean | null> = new Map([["true", true], ["false", false], ["null", null]]);
const HEX = /^[0-9A-Fa-f]*$/;
const TIME = /^([0-9]{4})-([0-9]{2})-([0-9]{2})T([0-9]{2}):([0-9]{2}):([0-9]{2})Z$/;

export type JsonMap = ReadonlyMap<string, IntelJson>;
export type IntelJson = null | boolean | number | string | readonly IntelJson[] | JsonMap;

/** The text is not of the expected form; the only error of this module. */
export class IntelJsonError extends Error {}

class Reader {
  readonly text: string;
  position = 0;

  constructor(text: string) {
    this.text = text;
  }

  /** What a sticky pattern matches here, null when nothing. */
  match(pattern: RegExp): RegExpExecArray | null {
    pattern.lastIndex = this.position;
    const found = pattern.exec(this.text);
    if (found !== null) this.position = pattern.lastIndex;
    return found;
  }

  /** Whether the next character that is no white space is `character`, which is then consumed. */
  next(character: string): boolean {
    this.match(SPACE);
    const found = this.text[this.position] === character;
    if (found) this.position += 1;
    return found;
  }

  value(depth: number): IntelJson {
    if (this.next("{")) return this.object(depth - 1);
    if (this.next("[")) return this.list(depth - 1);
    const string = this.match(STRING);
    if (string !== null) return string[1] ?? "";
    const literal = LITERALS.get(this.match(LITERAL)?.[0] ?? "");
    if (literal !== undefined) return literal;
    const digits = this.match(NUMBER)?.[0] ?? "";
    if (digits === "" || digits.length > MAX_DIGITS) throw new IntelJsonError("not JSON");
    return Number(digits);
  }

  list(depth: number): readonly IntelJson[] {
    const entries: IntelJson[] = [];
    if (depth < 0) throw new IntelJsonError("depth");
    if (this.next("]")) return entries;
    do entries.push(this.value(depth));
    while (this.next(","));
    if (!this.next("]")) throw new IntelJsonError("not JSON");
    return entries;
  }

  object(depth: number): JsonMap {
    const members = new Map<string, IntelJson>();
    if (depth < 0) throw new IntelJsonError("depth");
    if (this.next("}")) return members;
    do {
      this.match(SPACE);
      const name = this.match(STRING)?.[1];
      if (name === undefined || members.has(name) || !this.next(":")) throw new IntelJsonError("member");
      members.set(name, this.value(depth));
    } while (this.next(","));
    if (!this.next("}")) throw new IntelJsonError("not JSON");
    return members;
  }
}

/** The object that `text` holds. Raises IntelJsonError. */
export function decode(text: Bytes): JsonMap {
  const characters = text.length > MAX_TEXT ? "\0" : new TextDecoder("utf-8", { ignoreBOM: true }).decode(text);
  if (!TEXT.test(characters)) throw new IntelJsonError("text");
  const reader = new Reader(characters);
  const value = reader.value(MAX_DEPTH);
  reader.match(SPACE);
  if (reader.position !== characters.length || !(value instanceof Map)) throw new IntelJsonError("no object");
  return value as JsonMap;
}

/** Member `name` of an object. Raises IntelJsonError. */
export function member(value: IntelJson, name: string): IntelJson {
  const found = value instanceof Map ? (value as JsonMap).get(name) : undefined;
  if (found === undefined) throw new IntelJsonError(name);
  return found;
}

/** A text of at most `longest` characters. Raises IntelJsonError. */
export function textOf(value: IntelJson, longest: number): string {
  if (typeof value !== "string" || value.length > longest) throw new IntelJsonError("text");
  return value;
}

/** An integer from 0 to `most`. Raises IntelJsonError. */
export function integerOf(value: IntelJson, most: number): number {
  if (typeof value !== "number" || value > most) throw new IntelJsonError("integer");
  return value;
}

/** The `size` bytes that hexadecimal text of either case stands for. Raises IntelJsonError. */
export function bytesOf(value: IntelJson, size: number): Bytes {
  if (typeof value !== "string" || value.length !== 2 * size || !HEX.test(value)) throw new IntelJsonError("hexadecimal");
  return Uint8Array.from({ length: size }, (_, index) => Number.parseInt(value.slice(2 * index, 2 * index + 2), 16));
}

/** A list of at most `most` entries. Raises IntelJsonError. */
export function listOf(value: IntelJson, most: number): readonly IntelJson[] {
  if (!Array.isArray(value) || value.length > most) throw new IntelJsonError("list");
  return value as readonly IntelJson[];
}

/** The Unix seconds of a time as `2026-11-25T00:00:00Z`. Raises IntelJsonError. */
export function timeOf(value: IntelJson): number {
  const found = typeof value === "string" ? TIME.exec(value) : null;
  if (found === null) throw new IntelJsonError("time");
  const seconds = unixSeconds(found.slice(1).map(Number));
  if (seconds === null) throw new IntelJsonError("time");
  return seconds;
}
