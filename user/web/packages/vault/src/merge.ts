/**
 * What becomes of an edit when the object changed meanwhile. Source: specs/merge.md.
 *
 * The log orders versions, so that everybody who read to its end holds the same content. Stamps decide only between an
 * edit that waits here and what others wrote since it was made. Nothing that a person typed is dropped unreturned.
 */

import { equal } from "@privity/protocol/bytes";
import * as cbor from "@privity/protocol/cbor";
import { compare as compareBytes } from "@privity/protocol/stored/members";

import { type Clock, compare, isAhead, observe, tick } from "./clock.ts";
import { type Content, schemaOf } from "./contents/kinds.ts";
import { type Field, type FieldRule, isField, Kind, type Rule } from "./contents/schema.ts";
import { VaultError } from "./errors.ts";
import { isBlank } from "./title.ts";

/** Fields whose text a person may have typed: it is offered, never dropped. */
export const TYPED: ReadonlySet<string> = new Set(["title", "name", "instructions", "text", "shortcut"]);

/** A typed text that gave way to one written at the same time: the person is asked what to do with it. */
export interface Lost {
  readonly member: string;
  readonly text: string;
}

/** What to write as the next version, null when `theirs` says it all; and what lost. */
export interface Merged<One extends Content> {
  readonly content: One | null;
  readonly lost: readonly Lost[];
}

/** New values of some fields. */
export type Values<One extends Content> = {
  readonly [Name in keyof One as One[Name] extends Field<unknown> ? Name : never]?:
  One[Name] extends Field<infer Value> ? Value : never;
};

type Named = readonly [name: string, rule: FieldRule<unknown>];

/**
 * The content with these fields changed, later than all that they held. Equal values change nothing.
 *
 * Raises VaultError `object.malformed` for a member that is not a field.
 */
export function edit<One extends Content>(
  content: One, clock: Clock, now: number, values: Values<One>,
): { readonly clock: Clock; readonly content: One } {
  const fields = new Map(fieldsOf(content));
  const changed = Object.entries(values as Readonly<Record<string, unknown>>).filter(([name, value]) => {
    const rule = fields.get(name);
    if (rule === undefined) throw new VaultError("object.malformed", `${name} is no field`);
    return !same(rule.inner, fieldOf(content, name).value, value);
  });
  if (changed.length === 0) return { clock, content };
  const seen = changed.reduce((at, [name]) => observe(at, fieldOf(content, name).stamp, now), clock);
  const ticked = tick(seen, now);
  const written = changed.map(([name, value]) => [name, { value, stamp: ticked.stamp }] as const);
  return { clock: ticked.clock, content: { ...content, ...Object.fromEntries(written) } };
}

/** The clock after it saw a content of another device. */
export function observeAll(clock: Clock, content: Content, now: number): Clock {
  return fieldsOf(content).reduce((at, [name]) => observe(at, fieldOf(content, name).stamp, now), clock);
}

/**
 * Put an edit that turned `base` into `mine` onto `theirs`, the newest version in the log.
 *
 * A field that was not edited here is theirs; one that only was edited here is mine; between two edits the later stamp
 * wins, unless theirs is too far ahead of `now` to tell anything. What never changes is theirs. Raises VaultError
 * `object.malformed` for a wallet, whose claims are made anew.
 */
export function merge<One extends Content>(base: One, mine: One, theirs: One, now: number): Merged<One> {
  if (theirs.kind === Kind.WALLET) throw new VaultError("object.malformed", "claims are made anew, see wallet.claim");
  const taken: (readonly [string, Field<unknown>])[] = [];
  const lost: Lost[] = [];
  for (const [name, rule] of fieldsOf(theirs)) {
    const [was, here, there] = [fieldOf(base, name), fieldOf(mine, name), fieldOf(theirs, name)];
    if (same(rule, here, was)) continue;
    const untouched = same(rule, there, was);
    const wins = untouched || isLater(rule, here, there, now);
    if (wins && !same(rule, here, there)) taken.push([name, here]);
    if (!untouched) lost.push(...dropped(name, rule, wins ? there : here, wins ? here : there));
  }
  return { content: taken.length === 0 ? null : { ...theirs, ...Object.fromEntries(taken) }, lost };
}

/**
 * The texts typed between `base` and `mine` that go with a deleted object: deletion beats edits.
 *
 * `base` null: the object was made here. For a deletion that waits here, `base` is what was seen when the person decided,
 * and `mine` the newer version in the log.
 */
export function lostTexts<One extends Content>(base: One | null, mine: One): readonly Lost[] {
  return fieldsOf(mine).flatMap(([name, rule]) => {
    const was = base === null ? null : fieldOf(base, name);
    const here = fieldOf(mine, name);
    return was !== null && same(rule, here, was) ? [] : dropped(name, rule, here, was);
  });
}

/**
 * What should be one object and was made twice: the smallest id, the later fields, and what lost. `objects` by id in
 * hexadecimal, at least one.
 */
export function settle<One extends Content>(
  objects: ReadonlyMap<string, One>, now: number,
): { readonly id: string; readonly content: One; readonly lost: readonly Lost[] } {
  const [first, ...others] = [...objects].sort(([one], [other]) => (one < other ? -1 : 1));
  if (first === undefined) throw new VaultError("object.malformed", "no object");
  let [, content] = first;
  const lost: Lost[] = [];
  for (const [, other] of others) {
    for (const [name, rule] of fieldsOf(content)) {
      const [here, there] = [fieldOf(content, name), fieldOf(other, name)];
      const wins = isLater(rule, there, here, now);
      if (wins) content = { ...content, [name]: there };
      lost.push(...dropped(name, rule, wins ? here : there, wins ? there : here));
    }
  }
  return { id: first[0], content, lost };
}

/** The text of a field that gave way, if it is one that a person typed and that is nowhere else. */
function dropped(name: string, rule: FieldRule<unknown>, loser: Field<unknown>, winner: Field<unknown> | null): readonly Lost[] {
  const { value } = loser;
  if (!TYPED.has(name) || typeof value !== "string" || isBlank(value)) return [];
  return winner !== null && same(rule.inner, winner.value, value) ? [] : [{ member: name, text: value }];
}

/** Whether mine is the later one. Equal stamps are told apart by the values: no order of arrival ever counts. */
function isLater(rule: FieldRule<unknown>, mine: Field<unknown>, theirs: Field<unknown>, now: number): boolean {
  const ahead = isAhead(theirs.stamp, now);
  if (isAhead(mine.stamp, now) !== ahead) return ahead;
  const order = compare(mine.stamp, theirs.stamp);
  return (order === 0 ? compareBytes(encoded(rule.inner, mine.value), encoded(rule.inner, theirs.value)) : order) > 0;
}

function encoded(rule: Rule<unknown>, value: unknown): Uint8Array {
  return cbor.encode(rule.write(value));
}

function same(rule: Rule<unknown>, one: unknown, other: unknown): boolean {
  return equal(encoded(rule, one), encoded(rule, other));
}

function fieldsOf(content: Content): readonly Named[] {
  const rules = Object.entries(schemaOf(content).rules) as readonly (readonly [string, Rule<unknown>])[];
  return rules.flatMap(([name, rule]): readonly Named[] => (isField(rule) ? [[name, rule]] : []));
}

/** `name` is of `fieldsOf` a content of this kind. */
function fieldOf(content: Content, name: string): Field<unknown> {
  return content[name as keyof Content] as unknown as Field<unknown>;
}
