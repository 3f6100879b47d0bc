/**
 * Contents as JSON that people can read: names for members, hexadecimal for bytes, no stamps. Source: specs/export.md.
 *
 * What is read is held to the schema of its kind, so that an archive brings in nothing that no device could write.
 */

import { type Bytes, toHex } from "@privity/protocol/bytes";
import * as canonical from "@privity/protocol/canonical";
import type { Json, JsonObject } from "@privity/protocol/canonical";
import { Malformed } from "@privity/protocol/errors";

import { type Part, Role, State } from "../contents/chat.ts";
import { Theme } from "../contents/home.ts";
import { type Content, SCHEMAS, schemaOf } from "../contents/kinds.ts";
import { type Field, isField, Kind, type Rule } from "../contents/schema.ts";
import { reading, VaultError } from "../errors.ts";
import { unwritten } from "./library.ts";

/** Kinds that an archive holds as JSON. */
export type Plain = Extract<Content, { readonly kind: keyof typeof SPECIAL }>;

/** How a member is written; what `read` gives is judged by the schema. */
interface Form {
  write(value: unknown): Json;
  read(value: Json): unknown;
}

const PLAIN: Form = { write: (value) => value as Json, read: (value) => value };

const BYTES: Form = {
  write: (value) => (value === null ? null : toHex(value as Bytes)),
  read: (value) => {
    if (value === null) return null;
    return canonical.fromHex(value, "bytes", typeof value === "string" ? Math.floor(value.length / 2) : 0);
  },
};

/** The names of an enumeration, in lower case. */
function named(of: Readonly<Record<string, number>>): Form {
  const names = new Map(Object.entries(of).map(([name, value]) => [name.toLowerCase(), value]));
  return {
    write: (value) => [...names].find(([, one]) => one === value)?.[0] ?? null,
    read: (value) => {
      const found = typeof value === "string" ? names.get(value) : undefined;
      if (found === undefined) throw new Malformed("member_value", "no such name");
      return found;
    },
  };
}

function listOf(value: Json): readonly Json[] {
  if (!Array.isArray(value)) throw new Malformed("member_type", "not a list");
  return value as readonly Json[];
}

const ROW: Form = { write: (value) => value as Json, read: (value) => (value === null ? null : listOf(value)) };
const ROWS: Form = { write: (value) => value as Json, read: (value) => listOf(value).map(listOf) };

/** The parts by the names that an archive has for them, and their members. */
const PART_NAMES: readonly (readonly [name: string, type: Part["type"], members: readonly string[]])[] = [
  ["text", "text", ["text"]],
  ["reasoning", "reasoning", ["text"]],
  ["attachment", "attached", ["attachment"]],
  ["tool_call", "tool call", ["call", "name", "arguments"]],
  ["tool_result", "tool result", ["call", "text"]],
];

const PARTS: Form = {
  write: (value) => (value as readonly Part[]).map(writePart),
  read: (value) => listOf(value).map(readPart),
};

function writePart(part: Part): JsonObject {
  const [name = "", , members = []] = PART_NAMES.find(([, type]) => type === part.type) ?? [];
  const given = part as unknown as Readonly<Record<string, unknown>>;
  return { type: name, ...Object.fromEntries(members.map((one) => [one, partForm(one).write(given[one])])) };
}

function readPart(value: Json): unknown {
  const known = PART_NAMES.find(([name]) => isObject(value) && Object.hasOwn(value, "type") && value["type"] === name);
  if (known === undefined) throw new Malformed("member_value", "a part of an unknown type");
  const [, type, names] = known;
  const members = canonical.members(value, ["type", ...names], "part");
  return { type, ...Object.fromEntries(names.map((one) => [one, partForm(one).read(members[one] ?? null)])) };
}

function isObject(value: Json): value is JsonObject {
  return value !== null && typeof value === "object" && !Array.isArray(value);
}

function partForm(name: string): Form {
  return name === "attachment" ? BYTES : PLAIN;
}

/** Members that are not written as they are. */
const SPECIAL = {
  [Kind.CHAT]: { folder: BYTES, leaf: BYTES },
  [Kind.NODE]: { parent: BYTES, role: named(Role), parts: PARTS, model: BYTES, usage: ROW, state: named(State) },
  [Kind.FOLDER]: {},
  [Kind.SETTINGS]: { theme: named(Theme), consents: ROWS },
  [Kind.MEMORY]: { source: BYTES, embedding: BYTES },
  [Kind.PROMPT]: {},
  [Kind.RECEIPT]: { node: BYTES, receipt: BYTES, franking: BYTES, evidence: BYTES, position: ROW },
  [Kind.EVIDENCE]: { document: BYTES, bundle: BYTES, appraisal: BYTES },
} as const;

type Member = readonly [name: string, spelled: string, form: Form, rule: Rule<unknown>];

/** The members that an archive has of a kind: `chat` it says elsewhere. */
function membersOf(kind: Plain["kind"]): readonly Member[] {
  const special: Readonly<Record<string, Form>> = SPECIAL[kind];
  const rules = Object.entries(SCHEMAS[kind].rules) as readonly (readonly [string, Rule<unknown>])[];
  return rules.filter(([name]) => name !== "chat").map(([name, rule]) => {
    return [name, name === "atOnce" ? "at_once" : name, special[name] ?? PLAIN, rule];
  });
}

/** The members of a content by name, those left out that the archive says elsewhere. */
export function write(content: Plain): JsonObject {
  const given = content as unknown as Readonly<Record<string, unknown>>;
  return Object.fromEntries(membersOf(content.kind).map(([name, spelled, form, rule]) => {
    return [spelled, form.write(isField(rule) ? (given[name] as Field<unknown>).value : given[name])];
  }));
}

/**
 * The content with these members and `given` ones, fields with the stamp of what nobody wrote.
 *
 * Raises VaultError `export.malformed`.
 */
export function read<Of extends Plain["kind"]>(
  kind: Of, value: Json, given: Readonly<Record<string, unknown>> = {},
): Extract<Content, { readonly kind: Of }> {
  const listed = membersOf(kind);
  const content = reading("export.malformed", () => {
    const members = canonical.members(value, listed.map(([, spelled]) => spelled), "content");
    const found = listed.map(([name, spelled, form, rule]) => {
      const member = form.read(members[spelled] ?? null);
      return [name, isField(rule) ? unwritten(member) : member] as const;
    });
    return { kind, ...given, ...Object.fromEntries(found) } as unknown as Extract<Content, { readonly kind: Of }>;
  });
  try {
    schemaOf(content).write(content);
  } catch (error) {
    if (error instanceof VaultError) throw new VaultError("export.malformed", error.detail);
    throw error;
  }
  return content;
}
