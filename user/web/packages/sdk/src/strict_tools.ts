/**
 * Tools with `strict`: what a model writes as arguments follows the tool's JSON schema, or the answer is none.
 *
 * No engine says whether it held its model to a schema, so the promise is kept where the arguments come in. A schema that
 * says more than is checked is refused before anything is sent. Source: specs/proxy.md, "Members". Vectors: proxy/strict.
 */

import { decode, Float } from "@privity/protocol/jsontext";
import { PrivityError } from "@privity/protocol/errors";

import { ApiError, refused } from "./errors.ts";
import { isList, isObject, type Json, type JsonObject } from "./reading.ts";

/** The schema of each strict tool, by the tool's name. */
export type Strict = ReadonlyMap<string, JsonObject>;

/** Steps of one check; arguments that take more do not follow their schema. */
const MOST_STEPS = 100_000;
/** Steps inside each other, for a schema's references and for a check. */
const MOST_INSIDE = 200;
const MAX_DEPTH = 32;
const TYPES: ReadonlyMap<Json, (value: Json) => boolean> = new Map<Json, (value: Json) => boolean>([
  ["object", isObject], ["array", isList], ["string", (value) => typeof value === "string"],
  ["boolean", (value) => typeof value === "boolean"], ["null", (value) => value === null],
  ["number", (value) => number(value) !== null], ["integer", (value) => Number.isInteger(number(value))],
]);
/** Keywords that describe and bind nothing; `format` is one of them in JSON Schema too. */
const WORDS = ["title", "description", "default", "examples", "deprecated", "format", "$schema"];
const DEFINITIONS = ["$defs", "definitions"];
const NAMED = ["properties", ...DEFINITIONS];
const BOUNDS: ReadonlyMap<string, (size: number, bound: number) => boolean> = new Map([
  ["minimum", (size, bound) => size >= bound], ["maximum", (size, bound) => size <= bound],
  ["exclusiveMinimum", (size, bound) => size > bound], ["exclusiveMaximum", (size, bound) => size < bound],
  ["minItems", (size, bound) => size >= bound], ["maxItems", (size, bound) => size <= bound],
  ["minLength", (size, bound) => size >= bound], ["maxLength", (size, bound) => size <= bound],
]);

/** The schema of a strict tool. Raises ApiError for one that says what is not checked here. */
export function schemaOf(parameters: Json | undefined, at: string): JsonObject {
  const schema = parameters ?? { type: "object", properties: {} };
  judge(schema, schema, at);
  return schema as JsonObject;
}

/** Raise ApiError 502 when the arguments of a call break the schema of its tool. */
export function check(strict: Strict, name: string, given: string): void {
  const schema = strict.get(name);
  if (schema === undefined || follows(schema, given)) return;
  const message = `The model called ${name} with arguments that break its schema, and strict was asked for.`;
  throw new ApiError({ status: 502, message, type: "server_error", code: "tool_arguments", param: null });
}

/** The tool that a request's `tool_choice` demands, empty when any will do; null when it demands none. */
export function demandedBy(choice: Json | undefined): string | null {
  if (choice === "required") return "";
  const name = isObject(choice) && isObject(choice["function"]) ? choice["function"]["name"] : null;
  return typeof name === "string" ? name : null;
}

/** Raise ApiError 502 when the tool that was demanded is not among those that were called. */
export function checkCalled(name: string | null, called: readonly string[]): void {
  if (name === null || called.includes(name) || (name === "" && called.length > 0)) return;
  const message = `The model did not call ${name === "" ? "any tool" : name}, and tool_choice demanded it; not every model can.`;
  throw new ApiError({ status: 502, message, type: "server_error", code: "tool_not_called", param: null });
}

function follows(schema: JsonObject, given: string): boolean {
  try {
    return new Judge(schema).holds(schema, decode(new TextEncoder().encode(given), MAX_DEPTH));
  } catch (error) {
    if (error instanceof PrivityError) return false;
    throw error;
  }
}

function judge(schema: Json, root: Json, at: string): void {
  if (!isObject(schema)) throw refused(at, "is not an object", "invalid_type");
  for (const [name, value] of Object.entries(schema)) {
    const formed = FORMS.get(name);
    if (formed === undefined) {
      throw refused(at, `has the keyword ${name.slice(0, 64)}, which strict does not check here`, "invalid_value");
    }
    if (!formed(value, root)) throw refused(at, `has a ${name} that strict cannot check here`, "invalid_value");
    for (const inner of innerOf(name, value)) judge(inner, root, at);
  }
}

/** Whether a keyword's value has the form that it is checked in. */
const FORMS: ReadonlyMap<string, (value: Json, root: Json) => boolean> = new Map<string, (value: Json, root: Json) => boolean>([
  ...WORDS.map((name) => [name, () => true] as const),
  ...NAMED.map((name) => [name, isObject] as const),
  ...[...BOUNDS.keys()].map((name) => [name, (value: Json) => number(value) !== null] as const),
  ["type", (value) => isList(value) ? value.length > 0 && value.every((kind) => TYPES.has(kind)) : TYPES.has(value)],
  ["required", (value) => isList(value) && value.every((name) => typeof name === "string")],
  ["enum", (value) => isList(value) && value.length > 0],
  ["anyOf", (value) => isList(value) && value.length > 0],
  ["const", () => true],
  ["items", isObject],
  ["additionalProperties", (value) => typeof value === "boolean" || isObject(value)],
  ["$ref", (value, root) => typeof value === "string" && ends({ $ref: value }, { root, known: new Set() }, new Set(), 0)],
]);

function innerOf(name: string, value: Json): readonly Json[] {
  if (NAMED.includes(name) && isObject(value)) return Object.values(value);
  if (name === "anyOf" && isList(value)) return value;
  return (name === "items" || name === "additionalProperties") && isObject(value) ? [value] : [];
}

/** The schema that a reference names: the whole, or one of its definitions; undefined where there is none. */
function target(reference: Json | undefined, root: Json): Json | undefined {
  if (reference === "#") return root;
  for (const place of DEFINITIONS) {
    const start = `#/${place}/`;
    if (typeof reference !== "string" || !reference.startsWith(start) || !isObject(root)) continue;
    const name = reference.slice(start.length).replaceAll("~1", "/").replaceAll("~0", "~");
    return own(root[place], name);
  }
  return undefined;
}

/** A document's references; those that are known to end. */
interface References {
  readonly root: Json;
  readonly known: Set<Json>;
}

/** Whether no reference of one value leads back to itself, or to nothing: such a one would never be checked. */
function ends(schema: Json, of: References, seen: ReadonlySet<Json>, depth: number): boolean {
  if (!isObject(schema) || depth > MOST_INSIDE) return depth <= MOST_INSIDE;
  const name = schema["$ref"];
  if (name !== undefined && !of.known.has(name)) {
    const found = target(name, of.root);
    if (seen.has(name) || !isObject(found) || !ends(found, of, new Set([...seen, name]), depth + 1)) return false;
    of.known.add(name);
  }
  const either = schema["anyOf"];
  return !isList(either) || either.every((one) => ends(one, of, seen, depth + 1));
}

/** Judges one value by a schema, in a bounded number of steps: definitions that branch could take for ever. */
class Judge {
  readonly #root: JsonObject;
  #left = MOST_STEPS;

  constructor(root: JsonObject) {
    this.#root = root;
  }

  /** Whether the value follows the schema. */
  holds(schema: Json | undefined, value: Json, depth = 0): boolean {
    this.#left -= 1;
    if (!isObject(schema) || this.#left < 0 || depth > MOST_INSIDE) return schema === true;
    const { type, enum: values, const: constant, $ref: reference, anyOf: either } = schema;
    const kinds = isList(type) ? type : type === undefined ? null : [type];
    return (kinds === null || kinds.some((kind) => TYPES.get(kind)?.(value) === true))
      && (!isList(values) || values.some((one) => same(value, one)))
      && (constant === undefined || same(value, constant))
      && (reference === undefined || this.holds(target(reference, this.#root), value, depth + 1))
      && (!isList(either) || either.some((one) => this.holds(one, value, depth + 1)))
      && bounded(schema, value)
      && this.#inside(schema, value, depth + 1);
  }

  #inside(schema: JsonObject, value: Json, depth: number): boolean {
    if (isList(value)) return value.every((entry) => this.holds(schema["items"] ?? true, entry, depth));
    if (!isObject(value)) return true;
    const { required, properties, additionalProperties: others = true } = schema;
    return (!isList(required) || required.every((name) => typeof name === "string" && Object.hasOwn(value, name)))
      && Object.entries(value).every(([name, entry]) => this.holds(own(properties, name) ?? others, entry, depth));
  }
}

function bounded(schema: JsonObject, value: Json): boolean {
  const size = number(value);
  // JSON Schema counts characters, a string of the language its halves.
  const length = typeof value === "string" ? Array.from(value).length : 0;
  const measured: readonly (readonly [string, number])[] = typeof value === "string"
    ? [["minLength", length], ["maxLength", length]]
    : isList(value) ? [["minItems", value.length], ["maxItems", value.length]]
      : size === null ? []
        : [["minimum", size], ["maximum", size], ["exclusiveMinimum", size], ["exclusiveMaximum", size]];
  return measured.every(([name, found]) => {
    const bound = number(schema[name]);
    return bound === null || BOUNDS.get(name)?.(found, bound) === true;
  });
}

/** A member of an object that is its own: names of models and schemas may be those of the language's. */
function own(value: Json | undefined, name: string): Json | undefined {
  return isObject(value) && Object.hasOwn(value, name) ? value[name] : undefined;
}

function number(value: Json | undefined): number | null {
  if (value instanceof Float) return value.value;
  return typeof value === "number" ? value : null;
}

/** Equality of JSON values. */
function same(one: Json, other: Json): boolean {
  const sizes = [number(one), number(other)];
  if (sizes[0] !== null || sizes[1] !== null) return sizes[0] === sizes[1];
  if (isList(one)) {
    return isList(other) && one.length === other.length && one.every((entry, at) => same(entry, other[at] ?? null));
  }
  if (!isObject(one) || !isObject(other)) return one === other;
  const names = Object.keys(one);
  return names.length === Object.keys(other).length
    && names.every((name) => Object.hasOwn(other, name) && same(one[name] ?? null, other[name] ?? null));
}
