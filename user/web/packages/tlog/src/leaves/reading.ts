/** What all leaves have in common: canonical JSON, closed, with `v` and `t`, no larger than an entry of a log. */

import { type Bytes } from "@privity/protocol/bytes";
import * as canonical from "@privity/protocol/canonical";
import { type Json, type JsonObject } from "@privity/protocol/canonical";
import { Malformed } from "@privity/protocol/errors";

import { MAX_ENTRY } from "../limits.ts";

/** Hexadecimal characters of a digest. */
const DIGEST = 64;

/** The members of a leaf of `kind` in version 1 with exactly `names` beside `v` and `t`. Raises Malformed. */
export function leaf<Name extends string>(
  data: Uint8Array, kind: string, names: readonly Name[],
): Readonly<Record<Name | "t" | "v", Json>> {
  const value = canonical.members(canonical.decode(data, MAX_ENTRY), [...names, "v", "t"] as const, kind);
  canonical.integer(value.v, "v", 1, 1);
  if (value.t !== kind) throw new Malformed("member_value", "t");
  return value;
}

/** The canonical JSON of a leaf, which its kind reads once before it leaves. Raises Malformed. */
export function encode(kind: string, members: JsonObject): Bytes {
  return canonical.encode({ ...members, v: 1, t: kind });
}

/** The `t` of any leaf, also of a kind that nobody here knows. Raises Malformed. */
export function kindOf(data: Uint8Array): string {
  const value = canonical.decode(data, MAX_ENTRY);
  if (value === null || typeof value !== "object" || Array.isArray(value) || !Object.hasOwn(value, "t")) {
    throw new Malformed("missing_member", "t");
  }
  return canonical.text((value as JsonObject)["t"] ?? null, "t", 32, /^[a-z][a-z0-9-]*$/);
}

/** A SHA-256 digest, as lower-case hexadecimal. Raises Malformed. */
export function digest(value: Json, what: string): string {
  canonical.fromHex(value, what, DIGEST / 2);
  return value as string;
}

/** Strictly ascending digests. Raises Malformed. */
export function digests(value: Json, what: string, most: number): readonly string[] {
  return ascending(canonical.entries(value, what, 0, most).map((one) => digest(one, what)), what, (one) => one);
}

/** `entries` if their keys ascend strictly: one set has one spelling. Raises Malformed. */
export function ascending<T>(entries: readonly T[], what: string, key: (entry: T) => string): readonly T[] {
  const names = entries.map(key);
  if (names.some((name, index) => index > 0 && name <= (names[index - 1] ?? ""))) {
    throw new Malformed("member_value", `${what} not strictly ascending`);
  }
  return entries;
}

/** A copy in ascending order of keys. */
export function sorted<T>(entries: readonly T[], key: (entry: T) => string): readonly T[] {
  return [...entries].sort((left, right) => (key(left) < key(right) ? -1 : 1));
}
