/**
 * What a message between page and worker may look like: closed tables, checked on receipt.
 *
 * A shape is a word for a plain value, a list of one shape, or a table of members. A word that ends in "?" also allows null.
 */

import type { Bytes } from "@privity/protocol/bytes";

interface Words {
  readonly text: string;
  readonly flag: boolean;
  readonly number: number;
  readonly octets: Bytes;
  readonly key: CryptoKey;
  readonly port: MessagePort;
}

type Word = keyof Words;
type Optional = `${Word}?`;

export type Shape = Word | Optional | readonly [Shape] | Table;
export interface Table {
  readonly [member: string]: Shape;
}

/** The value of a shape. */
export type ValueOf<One extends Shape> =
  One extends Word ? Words[One]
  : One extends `${infer Name extends Word}?` ? Words[Name] | null
  : One extends readonly [infer Element extends Shape] ? readonly ValueOf<Element>[]
  : One extends Table ? { readonly [Member in keyof One]: ValueOf<One[Member]> }
  : never;

/** A command of a table of commands: its name and its members. */
export type CommandOf<Commands extends Readonly<Record<string, Table>>> = {
  [Name in keyof Commands]: { readonly name: Name } & ValueOf<Commands[Name]>
}[keyof Commands];

/** Elements of one list; more is no message of ours. */
const MAX_ELEMENTS = 100_000;

/** Whether a value that was received has this shape, and no member more. */
export function fits(value: unknown, shape: Shape): boolean {
  if (typeof shape === "string") {
    return shape.endsWith("?") ? value === null || isWord(value, shape.slice(0, -1) as Word) : isWord(value, shape as Word);
  }
  if (isListShape(shape)) {
    return Array.isArray(value) && value.length <= MAX_ELEMENTS && value.every((one) => fits(one, shape[0]));
  }
  if (value === null || typeof value !== "object" || Array.isArray(value)) return false;
  const members = value as Readonly<Record<string, unknown>>;
  const due = Object.keys(shape);
  return Object.keys(members).length === due.length
    && due.every((name) => Object.hasOwn(members, name) && fits(members[name], shape[name] ?? "flag"));
}

function isListShape(shape: Shape): shape is readonly [Shape] {
  return Array.isArray(shape);
}

function isWord(value: unknown, word: Word): boolean {
  switch (word) {
    case "text": return typeof value === "string";
    case "flag": return typeof value === "boolean";
    case "number": return typeof value === "number" && Number.isFinite(value);
    case "octets": return value instanceof Uint8Array;
    case "port": return value instanceof MessagePort;
    case "key": return value instanceof CryptoKey && !value.extractable;
  }
}

/** The command of a message, null for anything that is not one of `commands`. */
export function readCommand<Commands extends Readonly<Record<string, Table>>>(
  commands: Commands, value: unknown,
): CommandOf<Commands> | null {
  if (value === null || typeof value !== "object") return null;
  const { name, ...members } = value as Readonly<Record<string, unknown>>;
  if (typeof name !== "string" || !Object.hasOwn(commands, name)) return null;
  return fits(members, commands[name] ?? {}) ? (value as CommandOf<Commands>) : null;
}
