/** The project's own vector files: what a case is, and how its byte strings are written (vectors/README.md). */

import { ascii, type Bytes, concat, toHex } from "../../src/bytes.ts";
import { PrivityError } from "../../src/errors.ts";
import { hex } from "../vectors.ts";

export type Plain = null | boolean | number | string | readonly Plain[] | { readonly [name: string]: Plain };
export type Input = Readonly<Record<string, Plain>>;
/** What a case expects, in the shape that a vector file writes it: `{ok}`, or `{error}` and what came before. */
export type Outcome = Readonly<Record<string, unknown>>;

export interface VectorCase {
  readonly id: string;
  readonly what: string;
  readonly op: string;
  readonly input: Input;
  readonly expect: Outcome;
}

export interface VectorFile {
  readonly spec?: string;
  readonly blobs?: Readonly<Record<string, string>>;
  readonly cases: readonly VectorCase[];
}

/** The input of one case, read by type. */
export class Inputs {
  readonly #input: Input;
  readonly #blobs: Readonly<Record<string, string>>;

  constructor(input: Input, blobs: Readonly<Record<string, string>>) {
    this.#input = input;
    this.#blobs = blobs;
  }

  has(name: string): boolean {
    return Object.hasOwn(this.#input, name);
  }

  isNull(name: string): boolean {
    return this.#input[name] === null;
  }

  bytes(name: string): Bytes {
    return this.join(this.#input[name]);
  }

  number(name: string): number {
    const value = this.#input[name];
    if (typeof value !== "number") throw new Error(`${name} is no number`);
    return value;
  }

  text(name: string): string {
    const value = this.#input[name];
    if (typeof value !== "string") throw new Error(`${name} is no text`);
    return value;
  }

  list(name: string): readonly Plain[] {
    const value = this.#input[name];
    if (!Array.isArray(value)) throw new Error(`${name} is no list`);
    return value as readonly Plain[];
  }

  part(name: string): Inputs {
    return new Inputs(this.#input[name] as Input, this.#blobs);
  }

  /** Bytes from one piece or a list of pieces. */
  join(written: Plain | undefined): Bytes {
    if (Array.isArray(written)) return concat(...(written as readonly Plain[]).map((piece) => this.#piece(piece)));
    return this.#piece(written);
  }

  #piece(piece: Plain | undefined): Bytes {
    if (typeof piece === "string") return this.#written(piece);
    const { text, repeat, times } = piece as { readonly text?: string; readonly repeat?: string; readonly times?: number };
    return text === undefined ? repeated(repeat ?? "", times ?? 0) : ascii(text);
  }

  #written(piece: string): Bytes {
    if (piece.startsWith("$")) return this.#blob(piece);
    const [unit = "", times] = piece.split("*");
    return repeated(unit, times === undefined ? 1 : Number(times));
  }

  #blob(piece: string): Bytes {
    const [, name = "", from, to] = /^\$(\w+)(?:\[(\d*):(\d*)\])?$/.exec(piece) ?? [];
    const whole = this.#blobs[name];
    if (whole === undefined) throw new Error(`no blob ${piece}`);
    const data = this.#written(whole);
    return data.slice(Number(from ?? 0), to === undefined || to === "" ? data.length : Number(to));
  }

  /** An expectation with its byte strings joined, so that it can be compared with what an operation gives. */
  expected(expect: Outcome): Outcome {
    return this.#joined(expect) as Outcome;
  }

  #joined(value: unknown, name = ""): unknown {
    if (BYTES.has(name)) return toHex(this.join(value as Plain));
    if (Array.isArray(value)) {
      const [kind, data] = value as readonly unknown[];
      if (kind === "data" || kind === "end") return [kind, toHex(this.join(data as Plain))];
      return value.map((entry) => this.#joined(entry));
    }
    if (value === null || typeof value !== "object") return value;
    return Object.fromEntries(Object.entries(value).map(([member, entry]) => [member, this.#joined(entry, member)]));
  }
}

/** Members of an expectation that are byte strings. */
const BYTES: ReadonlySet<string> = new Set(["request", "response", "plaintext", "payload", "body", "data"]);

function repeated(unit: string, times: number): Bytes {
  const once = hex(unit);
  const data = new Uint8Array(once.length * times);
  for (let i = 0; i < times; i += 1) data.set(once, i * once.length);
  return data;
}

export type Operation = (input: Inputs) => Promise<Outcome>;

/** An operation that gives a value or raises a documented error; any other error fails the test. */
export function operation(step: (input: Inputs) => unknown): Operation {
  return async (input) => {
    try {
      return { ok: await step(input) };
    } catch (error) {
      return { error: reasonOf(error) };
    }
  };
}

export function reasonOf(error: unknown): string {
  if (error instanceof PrivityError) return error.reason;
  throw error;
}

/** Ways to cut a stream of bytes: whole, in small pieces, and at places that a seed decides. */
export function cuts(data: Bytes, seed: number): readonly (readonly Bytes[])[] {
  const small = data.length > 4096 ? 61 : 1;
  return [[data], slices(data, () => small), slices(data, pseudorandom(seed))];
}

function slices(data: Bytes, size: () => number): readonly Bytes[] {
  const parts: Bytes[] = [];
  for (let at = 0; at < data.length; ) {
    const end = at + size();
    parts.push(data.slice(at, end));
    at = end;
  }
  return parts;
}

/** Sizes from 1 to 700 by a small generator: the same cuts in every run and in every browser. */
function pseudorandom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1103515245) + 12345) >>> 0;
    return 1 + ((state >>> 16) % 700);
  };
}
