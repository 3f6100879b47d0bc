/**
 * Canonical JSON: one spelling per value, so that documents are hashed and compared as bytes.
 *
 * Source: specs/canonical.md. ASCII, integers below 2^53 in absolute value, depth at most 8, member names of printable
 * ASCII sorted bytewise, no white space; accepted only when equal to its own re-serialisation.
 */

import { ascii, type Bytes, equal, fromHex as hexDecode } from "./bytes.ts";
import { Malformed } from "./errors.ts";

export type Json = null | boolean | number | string | readonly Json[] | JsonObject;
export interface JsonObject {
  readonly [name: string]: Json;
}

/** The largest integer that JavaScript keeps exact. */
export const MAX_INTEGER = Number.MAX_SAFE_INTEGER;
export const MAX_DEPTH = 8;
const NAME = /^[ !#-[\]-~]*$/;

/** The value of canonical JSON. Raises Malformed: `too_large`, `too_deep`, `not_canonical`. */
export function decode(data: Uint8Array, maxBytes: number, maxDepth = MAX_DEPTH): Json {
  if (data.length > maxBytes) {
    throw new Malformed("too_large", `${String(data.length)} bytes, at most ${String(maxBytes)}`);
  }
  if (data.some((byte) => byte > 0x7f)) throw new Malformed("not_canonical", "not ASCII");
  const text = new TextDecoder().decode(data);
  boundDepth(text, maxDepth);
  let value: Json;
  try {
    value = JSON.parse(text) as Json;
  } catch {
    throw new Malformed("not_canonical", "not JSON of integers, strings, lists and objects");
  }
  if (!equal(encode(value), data)) throw new Malformed("not_canonical", "differs from its own re-serialisation");
  return value;
}

/** The one spelling of a value. Raises Malformed `not_canonical` for what canonical JSON cannot say. */
export function encode(value: Json): Bytes {
  return ascii(spell(value));
}

/** Counted before parsing: the parser recurses, and its own limit differs between languages. */
export function boundDepth(text: string, maxDepth: number): void {
  let depth = 0;
  for (let i = 0; i < text.length; i += 1) {
    const character = text[i];
    if (character === '"') i = endOfString(text, i);
    else if (character === "[" || character === "{") depth += 1;
    else if (character === "]" || character === "}") depth -= 1;
    if (depth > maxDepth) throw new Malformed("too_deep", `more than ${String(maxDepth)} levels`);
  }
}

function endOfString(text: string, start: number): number {
  let i = start + 1;
  while (i < text.length && text[i] !== '"') i += text[i] === "\\" ? 2 : 1;
  return i;
}

function spell(value: Json): string {
  if (value === null || typeof value === "boolean") return String(value);
  if (typeof value === "number") {
    if (!Number.isSafeInteger(value)) throw new Malformed("not_canonical", "not an integer below 2^53");
    return String(value);
  }
  if (typeof value === "string") return spellText(value);
  if (Array.isArray(value)) return `[${(value as readonly Json[]).map(spell).join(",")}]`;
  const object = value as JsonObject;
  const names = Object.keys(object).sort();
  return `{${names.map((name) => spellMember(name, object)).join(",")}}`;
}

function spellMember(name: string, object: JsonObject): string {
  if (!NAME.test(name)) throw new Malformed("not_canonical", "member name");
  return `"${name}":${spell(object[name] ?? null)}`;
}

const SHORT: Readonly<Record<string, string>> = {
  '"': '\\"', "\\": "\\\\", "\b": "\\b", "\f": "\\f", "\n": "\\n", "\r": "\\r", "\t": "\\t",
};

function spellText(text: string): string {
  if (/\p{Surrogate}/u.test(text)) throw new Malformed("not_canonical", "lone surrogate");
  // JSON.stringify leaves DEL and everything beyond ASCII as it is; here one spelling is demanded.
  const escaped = text.replace(/["\\]|[^ -~]/g, (unit) => {
    return SHORT[unit] ?? `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`;
  });
  return `"${escaped}"`;
}

/** The value as an object with exactly these members. Raises Malformed: `member_type`, `missing_member`, `unknown_member`. */
export function members<Name extends string>(
  value: Json, names: readonly Name[], what: string,
): Readonly<Record<Name, Json>> {
  if (value === null || typeof value !== "object" || Array.isArray(value)) {
    throw new Malformed("member_type", `${what} is not an object`);
  }
  const missing = [...names].sort().find((name) => !Object.hasOwn(value, name));
  if (missing !== undefined) throw new Malformed("missing_member", `${what}.${missing}`);
  const known: ReadonlySet<string> = new Set(names);
  const unknown = Object.keys(value).sort().find((name) => !known.has(name));
  if (unknown !== undefined) throw new Malformed("unknown_member", `${what}.${unknown.slice(0, 64)}`);
  return value as Readonly<Record<Name, Json>>;
}

/** Text of at most `longest` characters that matches an anchored pattern. Raises Malformed. */
export function text(value: Json, what: string, longest: number, pattern = /^[ -~]+$/): string {
  if (typeof value !== "string") throw new Malformed("member_type", `${what} is not text`);
  if (value.length > longest || !pattern.test(value)) throw new Malformed("member_value", what);
  return value;
}

/** An integer from `least` to `most`, both included. Raises Malformed. */
export function integer(value: Json, what: string, least = 0, most = MAX_INTEGER): number {
  if (typeof value !== "number" || !Number.isInteger(value)) {
    throw new Malformed("member_type", `${what} is not an integer`);
  }
  if (value < least || value > most) throw new Malformed("member_value", what);
  return value;
}

export function boolean(value: Json, what: string): boolean {
  if (typeof value !== "boolean") throw new Malformed("member_type", `${what} is not true or false`);
  return value;
}

/** A list of `least` to `most` entries. Raises Malformed. */
export function entries(value: Json, what: string, least: number, most: number): readonly Json[] {
  if (!Array.isArray(value)) throw new Malformed("member_type", `${what} is not a list`);
  if (value.length < least || value.length > most) throw new Malformed("member_value", what);
  return value as readonly Json[];
}

/** The `size` bytes of lower-case hexadecimal text. Raises Malformed. */
export function fromHex(value: Json, what: string, size: number): Bytes {
  if (typeof value !== "string") throw new Malformed("member_type", `${what} is not text`);
  const data = hexDecode(value);
  if (data?.length !== size) throw new Malformed("member_value", what);
  return data;
}

/** The `size` bytes of unpadded canonical base64url text. Raises Malformed. */
export function fromBase64url(value: Json, what: string, size: number): Bytes {
  if (typeof value !== "string") throw new Malformed("member_type", `${what} is not text`);
  const data = base64urlDecode(value);
  if (data?.length !== size) throw new Malformed("member_value", what);
  return data;
}

const ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

/** The bytes of unpadded base64url with zero spare bits, null when it is anything else. */
export function base64urlDecode(encoded: string): Bytes | null {
  if (encoded.length % 4 === 1) return null;
  const data = new Uint8Array(Math.floor((encoded.length * 6) / 8));
  let pending = 0;
  let bits = 0;
  let position = 0;
  for (const character of encoded) {
    const digit = ALPHABET.indexOf(character);
    if (digit < 0) return null;
    pending = (pending << 6) | digit;
    bits += 6;
    if (bits >= 8) {
      bits -= 8;
      data[position] = pending >> bits;
      position += 1;
      pending &= (1 << bits) - 1;
    }
  }
  return pending === 0 ? data : null;
}

/** Unpadded base64url (RFC 4648 section 5). */
export function base64urlEncode(data: Uint8Array): string {
  let encoded = "";
  for (let i = 0; i < data.length; i += 3) {
    const group = ((data[i] ?? 0) << 16) | ((data[i + 1] ?? 0) << 8) | (data[i + 2] ?? 0);
    const digits = Math.min(4, data.length - i + 1);
    for (let j = 0; j < digits; j += 1) encoded += ALPHABET.charAt((group >> (18 - 6 * j)) & 63);
  }
  return encoded;
}
