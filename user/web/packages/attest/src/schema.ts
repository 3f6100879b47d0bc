/**
 * Closed JSON schemas: each field says how it is read and whether it may stay unchecked.
 *
 * Every field is required, unknown fields are refused, and leaving something unchecked is a value with a reason,
 * `{"unchecked": "reason"}`, never an absence. Members keep their names of the wire. Digests stay lower-case hexadecimal
 * text: JavaScript compares byte strings by identity.
 */

import * as canonical from "@privity/protocol/canonical";
import { type Json, type JsonObject } from "@privity/protocol/canonical";
import { Malformed } from "@privity/protocol/errors";

export type Read<T> = (value: Json, what: string) => T;

/** The policy's author decided against a check and says why. */
export class Unchecked {
  readonly reason: string;

  constructor(reason: string) {
    this.reason = reason;
  }
}

/** A field as a schema writes it. */
export interface Field<T> {
  readonly read: Read<T>;
}

export type Schema = Readonly<Record<string, Field<unknown>>>;
/** What a schema reads. */
export type Of<S extends Schema> = { readonly [Name in keyof S]: S[Name] extends Field<infer T> ? T : never };

/** A field that the document must decide. */
export function required<T>(read: Read<T>): Field<T> {
  return {
    read: (value, what) => {
      if (isUnchecked(value)) throw new Malformed("member_value", `${what} may not be unchecked`);
      return read(value, what);
    },
  };
}

/** A field for which `{"unchecked": "reason"}` may stand. */
export function mayBeUnchecked<T>(read: Read<T>): Field<T | Unchecked> {
  return { read: (value, what) => (isUnchecked(value) ? readUnchecked(value, what) : read(value, what)) };
}

export function isUnchecked(value: Json): value is { readonly unchecked: Json } {
  return isObject(value) && Object.keys(value).join() === "unchecked";
}

export function readUnchecked(value: { readonly unchecked: Json }, what: string): Unchecked {
  return new Unchecked(canonical.text(value.unchecked, what, 200));
}

export function isObject(value: Json): value is JsonObject {
  return value !== null && typeof value === "object" && !Array.isArray(value);
}

/** A reader of the members of `schema`. */
export function section<S extends Schema>(schema: S): Read<Of<S>> {
  return (value, what) => readMembers(schema, value, what);
}

/** What `schema` reads from a JSON object with exactly its fields. Raises Malformed. */
export function readMembers<S extends Schema>(schema: S, value: Json, what: string): Of<S> {
  const values: Readonly<Record<string, Json>> = canonical.members(value, Object.keys(schema), what);
  const read = Object.entries(schema).map(([name, field]) => [name, field.read(values[name] ?? null, `${what}.${name}`)]);
  return Object.fromEntries(read) as Of<S>;
}

/** A reader of integers from `least` to `most`. */
export function integer(least = 0, most = canonical.MAX_INTEGER): Read<number> {
  return (value, what) => canonical.integer(value, what, least, most);
}

export const boolean: Read<boolean> = canonical.boolean;

/** A reader of text of at most `longest` characters that matches an anchored pattern. */
export function text(longest: number, pattern = /^[ -~]+$/): Read<string> {
  return (value, what) => canonical.text(value, what, longest, pattern);
}

/** A reader of one of `choices`. */
export function oneOf<const Choice extends string>(...choices: readonly Choice[]): Read<Choice> {
  return (value, what) => {
    const found = canonical.text(value, what, 64);
    const choice = choices.find((each) => each === found);
    if (choice === undefined) throw new Malformed("member_value", what);
    return choice;
  };
}

/** A reader of lower-case hexadecimal of one of `sizes` bytes, which stays text. */
export function digest(...sizes: readonly [number, ...number[]]): Read<string> {
  return (value, what) => {
    const fitting = sizes.find((size) => typeof value === "string" && value.length === 2 * size);
    canonical.fromHex(value, what, fitting ?? sizes[0]);
    return value as string;
  };
}

/** SubjectPublicKeyInfo of an uncompressed point on P-256 or P-384, up to the point. */
const KEY_HEAD = /^30(?:59301306072a8648ce3d020106082a8648ce3d030107034200|76301006072a8648ce3d020106052b81040022036200)04/;

/** A reader of a SubjectPublicKeyInfo (DER, in hexadecimal) of a key on P-256 or P-384. */
export const ellipticKey: Read<string> = (value, what) => {
  const spki = digest(91, 120)(value, what);
  if (!KEY_HEAD.test(spki)) throw new Malformed("member_value", `${what} is no elliptic key`);
  return spki;
};

/** A reader of lists without repetition; the text of an entry's JSON tells entries apart. */
export function listOf<T>(read: Read<T>, most = 256): Read<readonly T[]> {
  return (value, what) => {
    const entries = canonical.entries(value, what, 0, most);
    const found = entries.map((entry) => read(entry, what));
    if (new Set(entries.map((entry) => JSON.stringify(entry))).size !== found.length) {
      throw new Malformed("member_value", `${what} repeats an entry`);
    }
    return found;
  };
}

/** A reader of lists whose entries ascend strictly: one spelling for one set. */
export function ascending<T extends string | number>(read: Read<T>, most = 256): Read<readonly T[]> {
  return (value, what) => {
    const found = canonical.entries(value, what, 0, most).map((entry) => read(entry, what));
    if (found.some((entry, index) => index > 0 && entry <= (found[index - 1] ?? entry))) {
      throw new Malformed("member_value", `${what} not strictly ascending`);
    }
    return found;
  };
}

/** A reader of objects whose member names match the anchored pattern `name`. */
export function mapOf<T>(read: Read<T>, name: RegExp, most = 64): Read<ReadonlyMap<string, T>> {
  return (value, what) => {
    if (!isObject(value) || Object.keys(value).length > most) {
      throw new Malformed("member_type", `${what} is not a small object`);
    }
    // Sorted, because an object's own order puts names that are numbers first: reasons keep one order in every language.
    const names = Object.keys(value).sort();
    return new Map(names.map((key) => [canonical.text(key, what, 64, name), read(value[key] ?? null, what)]));
  };
}

/** A reader that also takes the text "built_in": what the verifier was built with decides. */
export function builtInOr<T>(read: Read<T>): Read<T | "built_in"> {
  return (value, what) => (value === "built_in" ? value : read(value, what));
}

/** A reader that also takes the text "from_release": the release decides. */
export function fromReleaseOr<T>(read: Read<T>): Read<T | "from_release"> {
  return (value, what) => (value === "from_release" ? value : read(value, what));
}
