/** Values of documents that others wrote: what has another type counts as absent. Source: specs/importers.md. */

import * as jsontext from "@privity/protocol/jsontext";
import { Float, type Text } from "@privity/protocol/jsontext";

import { dayOf } from "../calendar.ts";
import { MAX_MILLIS } from "../clock.ts";
import { reading, VaultError } from "../errors.ts";
import { compareText, isLonger } from "../typed.ts";

/** Bytes of one file of conversations. */
export const MAX_IMPORT = 512 * 2 ** 20;
export const MAX_DEPTH = 64;
export const MAX_CONVERSATIONS = 100_000;
/** Characters of an id. */
export const MAX_ID = 128;
const TIME = /^(\d{4})-(\d{2})-(\d{2})[T ](\d{2}):(\d{2}):(\d{2})(?:\.(\d{1,9}))?(?:Z|([+-])(\d{2}):(\d{2}))$/;

/** The members of an object: a map, since names are anybody's. */
export type Members = ReadonlyMap<string, Text>;
type Value = Text | undefined;

/**
 * The objects of a file that is a JSON list of them, other entries left out.
 *
 * Raises VaultError `export.malformed`, `export.too_large`.
 */
export function conversations(data: Uint8Array): readonly Members[] {
  if (data.length > MAX_IMPORT) {
    throw new VaultError("export.too_large", `${String(data.length)} bytes of conversations, at most ${String(MAX_IMPORT)}`);
  }
  const value = reading("export.malformed", () => jsontext.decode(data, MAX_DEPTH));
  if (!Array.isArray(value) || value.length > MAX_CONVERSATIONS) {
    throw new VaultError("export.malformed", "not a list of conversations");
  }
  return (value as readonly Text[]).filter(isObject).map(members);
}

function isObject(value: Value): value is jsontext.TextObject {
  return typeof value === "object" && value !== null && !Array.isArray(value) && !(value instanceof Float);
}

/** A text, else the empty one. */
export function text(value: Value): string {
  return typeof value === "string" ? value : "";
}

/** An id of 1 to 128 characters, else the empty text. */
export function idOf(value: Value): string {
  return typeof value === "string" && !isLonger(value, MAX_ID) ? value : "";
}

/** An object, else an empty one. */
export function members(value: Value): Members {
  return new Map(isObject(value) ? Object.entries(value) : []);
}

/** A list, else an empty one. */
export function listed(value: Value): readonly Text[] {
  return Array.isArray(value) ? (value as readonly Text[]) : [];
}

/** JSON in one spelling: members by code point, no white space, numbers as ECMAScript writes them. */
export function written(value: Text): string {
  // Adding zero leaves no negative one.
  if (value instanceof Float) return String(value.value + 0);
  if (Array.isArray(value)) return `[${(value as readonly Text[]).map(written).join(",")}]`;
  if (!isObject(value)) return JSON.stringify(value);
  const names = Object.keys(value).sort(compareText);
  return `{${names.map((name) => `${JSON.stringify(name)}:${written(value[name] ?? null)}`).join(",")}}`;
}

/** Unix seconds, perhaps with a fraction, in milliseconds rounded down. */
export function seconds(value: Value): number | null {
  const found = value instanceof Float ? value.value : value;
  if (typeof found !== "number" || found < 0 || found > MAX_MILLIS / 1000) return null;
  return Math.floor(found * 1000);
}

/** A time of RFC 3339 in Unix milliseconds, rounded down; null before 1970 and for what is no time. */
export function moment(value: Value): number | null {
  const found = TIME.exec(text(value));
  if (found === null) return null;
  const [year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0] = found.slice(1, 7).map(Number);
  const days = dayOf({ year, month, day });
  if (days === null || hour > 23 || minute > 59 || second > 60) return null;
  const [fraction = "", direction = "", hours = "0", minutes = "0"] = found.slice(7);
  const offset = (direction === "+" ? -1 : Number(direction === "-")) * (Number(hours) * 60 + Number(minutes));
  const millis = Number(fraction.padEnd(3, "0").slice(0, 3));
  const total = ((days * 24 + hour) * 60 + minute + offset) * 60_000 + second * 1000 + millis;
  return total >= 0 ? total : null;
}
