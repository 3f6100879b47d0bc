/**
 * Intel's signed JSON, read after its signature is checked: bounded, no duplicate members, no fractions.
 *
 * The text is ASCII without escapes, as Intel writes it; members that this reader does not know are ignored, for the
 * vendor may add some. The reader in Python accepts and refuses the same texts.
 */

import { type Bytes } from "@privity/protocol/bytes";
import { boundDepth } from "@privity/protocol/canonical";
import { Malformed } from "@privity/protocol/errors";
import { Scanner, type Text, type TextObject } from "@privity/protocol/jsontext";

import { unixSeconds } from "../der.ts";

export const MAX_TEXT = 64 * 1024;
export const MAX_DEPTH = 8;
export const MAX_DIGITS = 10;
/** Printable ASCII and white space, no backslash. */
const TEXT = /^[\t\n\r -[\]-~]*$/;
const HEX = /^[0-9A-Fa-f]*$/;
const TIME = /^([0-9]{4})-([0-9]{2})-([0-9]{2})T([0-9]{2}):([0-9]{2}):([0-9]{2})Z$/;

/** A value of Intel's: its numbers are integers of at most `MAX_DIGITS` digits. */
export type IntelJson = Text;
export type JsonMap = TextObject;

/** The text is not of the expected form; the only error of this module. */
export class IntelJsonError extends Error {}

/** The object that `text` holds. Raises IntelJsonError. */
export function decode(text: Bytes): JsonMap {
  const characters = text.length > MAX_TEXT ? "\0" : new TextDecoder("utf-8", { ignoreBOM: true }).decode(text);
  if (!TEXT.test(characters)) throw new IntelJsonError("text");
  try {
    boundDepth(characters, MAX_DEPTH);
    const value = new Scanner(characters, digits).document();
    if (isObject(value)) return value;
  } catch (error) {
    if (error instanceof Malformed) throw new IntelJsonError(error.reason);
    throw error;
  }
  throw new IntelJsonError("no object");
}

function digits(written: string): number | null {
  return written.length <= MAX_DIGITS && /^[0-9]+$/.test(written) ? Number(written) : null;
}

/** Whether it is an object, and no list. */
export function isObject(value: IntelJson): value is JsonMap {
  return value !== null && typeof value === "object" && Object.getPrototypeOf(value) === Object.prototype;
}

/** Member `name` of an object. Raises IntelJsonError. */
export function member(value: IntelJson, name: string): IntelJson {
  const found = isObject(value) && Object.hasOwn(value, name) ? value[name] : undefined;
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
