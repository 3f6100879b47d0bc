/**
 * Closed schemas of contents: which members there are, in which order, and what each may be. Source: specs/contents.md.
 *
 * A content is a map {1: version, 2: first member, 3: second member, …}. A rule reads one member; what it returns is
 * written back as the same bytes.
 */

import { ascii, type Bytes } from "@privity/protocol/bytes";
import type { CborMap, Value } from "@privity/protocol/cbor";
import { Malformed } from "@privity/protocol/errors";
import * as m from "@privity/protocol/stored/members";

import { MAX_MILLIS, type Stamp } from "../clock.ts";
import { reading } from "../errors.ts";
import { type Kind as SecretKind, Secret, SIZES } from "../secret.ts";

/** The kind of an object, as its frame names it. */
export const Kind = {
  CHAT: 1, NODE: 2, FOLDER: 3, ATTACHMENT: 4, CHUNK: 5, SETTINGS: 6, MEMORY: 7, WALLET: 8, RECEIPT: 9, EVIDENCE: 10,
  SHARE: 11, PROMPT: 12, VIEW: 13,
} as const;
export type Kind = (typeof Kind)[keyof typeof Kind];

/** A value that the last writer wins, and when it was written. */
export interface Field<T> {
  readonly value: T;
  readonly stamp: Stamp;
}

/** What a member may be. `read` raises Malformed `member_type`, `member_value`. */
export interface Rule<T> {
  read(value: Value, name: string): T;
  write(member: T): Value;
}

/** The rule of a field; `inner` is that of its value. */
export interface FieldRule<T> extends Rule<Field<T>> {
  readonly inner: Rule<T>;
}

/** A rule for each member, in the order of the members. */
export type Rules<Content> = { readonly [Name in Exclude<keyof Content, "kind">]: Rule<Content[Name]> };

/** The members of one kind. */
export class Schema<Content extends { readonly kind: Kind } = { readonly kind: Kind }> {
  readonly kind: Content["kind"];
  readonly rules: Rules<Content>;
  readonly #check: (content: Content) => void;

  /** `check` says what members must be to each other. It raises Malformed. */
  constructor(kind: Content["kind"], rules: Rules<Content>, check: (content: Content) => void = () => undefined) {
    this.kind = kind;
    this.rules = rules;
    this.#check = check;
  }

  /** The names of the members, in their order. */
  get names(): readonly (keyof Rules<Content>)[] {
    return Object.keys(this.rules) as (keyof Rules<Content>)[];
  }

  /** The content that `value` is. Raises VaultError `object.malformed`. */
  read(value: Value): Content {
    return reading("object.malformed", () => {
      const { names } = this;
      const [version = null, ...members] = m.ofMap(value, 1 + names.length);
      m.version(version);
      const found = names.map((name, at) => [name, this.rules[name].read(m.at(members, at), String(name))] as const);
      const content = { kind: this.kind, ...Object.fromEntries(found) } as Content;
      this.#check(content);
      return content;
    });
  }

  /** The value that reads as `content`. Raises VaultError `object.malformed` for what nobody would read. */
  write(content: Content): CborMap {
    const value = m.map([1, ...this.names.map((name) => this.rules[name].write(content[name]))]);
    this.read(value);
    return value;
  }
}

/** What is written as it is read. */
function plain<T extends Value>(read: (value: Value, name: string) => T): Rule<T> {
  return { read, write: (member) => member };
}

/** Text of `least` to `most` UTF-8 bytes. */
export function text(most: number, least = 0): Rule<string> {
  return plain((value, name) => {
    const found = m.text(value, name, most);
    if (ascii(found).length < least) throw new Malformed("member_value", `${name}: empty`);
    if (/\p{Surrogate}/u.test(found)) throw new Malformed("member_value", `${name}: half of a character`);
    return found;
  });
}

/** A byte string of `least` bytes, or of `least` to `most`. */
export function octets(least: number, most = least): Rule<Bytes> {
  return plain((value, name) => m.bounded(value, name, least, most));
}

export const ID = octets(16);
export const HASH = octets(32);

/** An integer from `least` to `most`. */
export function number(most: number, least = 0): Rule<number> {
  return plain((value, name) => m.number(value, name, least, most));
}

export const TIME = number(MAX_MILLIS);

/** True or false. */
export const flag: Rule<boolean> = plain((value, name) => {
  if (typeof value !== "boolean") throw new Malformed("member_type", name);
  return value;
});

/** One of the numbers of an enumeration, which are those from 0 on. */
export function choice<T extends number>(of: Readonly<Record<string, T>>): Rule<T> {
  const most = Object.keys(of).length - 1;
  return plain((value, name) => m.number(value, name, 0, most) as T);
}

/** Null, or what `rule` reads. */
export function nullable<T>(rule: Rule<T>): Rule<T | null> {
  return {
    read: (value, name) => (value === null ? null : rule.read(value, name)),
    write: (member) => (member === null ? null : rule.write(member)),
  };
}

/** Key material. */
export function secret<Name extends SecretKind>(kind: Name): Rule<Secret<Name>> {
  return {
    read: (value, name) => new Secret(kind, m.octets(value, name, SIZES[kind])),
    write: (member) => member.reveal(),
  };
}

/** A list of `least` to `most` members that `rule` reads. */
export function rows<T>(rule: Rule<T>, most: number, least = 0): Rule<readonly T[]> {
  return {
    read: (value, name) => m.listed(value, name, most, least).map((one) => rule.read(one, name)),
    write: (members) => members.map((one) => rule.write(one)),
  };
}

type Members<Row extends readonly unknown[]> = { readonly [At in keyof Row]: Rule<Row[At]> };

/** A list of exactly these members. */
export function row<Row extends readonly unknown[]>(...rules: Members<Row>): Rule<Row> {
  const each = rules as readonly Rule<unknown>[];
  return {
    read: (value, name) => {
      const members = m.row(value, name, each.length);
      return each.map((rule, at) => rule.read(m.at(members, at), name)) as readonly unknown[] as Row;
    },
    // As many as there are: a row of another length must not read as one of this.
    write: (members) => members.map((one, at) => each[at]?.write(one) ?? null),
  };
}

/** A list of rows whose first members rise, so that none occurs twice; texts by their bytes. */
export function rising<Row extends readonly [number | string, ...unknown[]]>(rule: Rule<readonly Row[]>): Rule<readonly Row[]> {
  return {
    read: (value, name) => {
      const found = rule.read(value, name);
      found.forEach(([first], at) => {
        const before = found[at - 1]?.[0];
        if (before !== undefined && !isBelow(before, first)) throw new Malformed("member_value", `${name}: not in rising order`);
      });
      return found;
    },
    write: (members) => rule.write(members),
  };
}

function isBelow(one: number | string, other: number | string): boolean {
  if (typeof one === "number" && typeof other === "number") return one < other;
  return m.compare(ascii(String(one)), ascii(String(other))) < 0;
}

/** A row whose first member, the place of its type among `types`, says what the rest is. */
export function union<Part extends { readonly type: string }>(
  types: { readonly [Type in Part["type"]]: Rules<Omit<Extract<Part, { readonly type: Type }>, "type">> },
): Rule<Part> {
  const known = Object.entries(types) as readonly (readonly [string, Readonly<Record<string, Rule<unknown>>>])[];
  return {
    read: (value, name) => {
      const [tag = null, ...members] = m.listed(value, name, 8, 1);
      const [type = "", rules = {}] = known[m.number(tag, name, 0, known.length - 1)] ?? [];
      const found = m.row(members, name, Object.keys(rules).length);
      const read = Object.entries(rules).map(([member, rule], at) => [member, rule.read(m.at(found, at), name)] as const);
      return { type, ...Object.fromEntries(read) } as unknown as Part;
    },
    write: (part) => {
      const tag = known.findIndex(([type]) => type === part.type);
      const members = part as unknown as Readonly<Record<string, unknown>>;
      return [tag, ...Object.entries(known[tag]?.[1] ?? {}).map(([member, rule]) => rule.write(members[member]))];
    },
  };
}

/** A field: [value, millis, counter, device]. */
export function lww<T>(inner: Rule<T>): FieldRule<T> {
  return {
    inner,
    read: (value, name) => {
      const members = m.row(value, name, 4);
      const stamp = {
        millis: TIME.read(m.at(members, 1), name),
        counter: m.number(m.at(members, 2), name),
        device: m.octets(m.at(members, 3), name, 16),
      };
      return { value: inner.read(m.at(members, 0), name), stamp };
    },
    write: ({ value, stamp }) => [inner.write(value), stamp.millis, stamp.counter, stamp.device],
  };
}

/** Whether a rule is that of a field. */
export function isField(rule: Rule<unknown>): rule is FieldRule<unknown> {
  return "inner" in rule;
}
