/** How a case of the vault is written down: bytes as pieces in one text, long parts named once per file. */

import { type Bytes, concat } from "@privity/protocol/bytes";

import { hex } from "./vectors.ts";

export type Written = null | boolean | number | string | readonly Written[] | { readonly [name: string]: Written };

export interface Case {
  readonly id: string;
  readonly what: string;
  readonly op: string;
  readonly input: Readonly<Record<string, Written>>;
  readonly expect: Readonly<Record<string, unknown>>;
}

export interface CaseFile {
  readonly blobs: Readonly<Record<string, string>>;
  readonly cases: readonly Case[];
}

/** The input of one case, read by type. */
export class Given {
  readonly #input: Readonly<Record<string, Written>>;
  readonly #blobs: Readonly<Record<string, string>>;

  constructor(input: Readonly<Record<string, Written>>, blobs: Readonly<Record<string, string>>) {
    this.#input = input;
    this.#blobs = blobs;
  }

  has(name: string): boolean {
    return Object.hasOwn(this.#input, name);
  }

  isNull(name: string): boolean {
    return this.#input[name] === null;
  }

  flag(name: string): boolean {
    const value = this.#input[name];
    if (typeof value !== "boolean") throw new Error(`${name} is neither true nor false`);
    return value;
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

  list(name: string): readonly Written[] {
    return listOf(this.#input[name], name);
  }

  texts(name: string): readonly string[] {
    return this.list(name).map(textOf);
  }

  /** The rows of a list of lists. */
  rows(name: string): readonly (readonly Written[])[] {
    return this.list(name).map((row) => listOf(row, name));
  }

  bytes(name: string): Bytes {
    return this.join(this.#input[name]);
  }

  bytesOrNull(name: string): Bytes | null {
    return this.#input[name] === null ? null : this.bytes(name);
  }

  textOrNull(name: string): string | null {
    return this.#input[name] === null ? null : this.text(name);
  }

  /** The bytes that a text of pieces stands for. */
  join(written: Written | undefined): Bytes {
    if (typeof written !== "string") throw new Error("bytes are written as text");
    return concat(...written.split(" ").filter((piece) => piece !== "").map((piece) => this.#piece(piece)));
  }

  #piece(piece: string): Bytes {
    const [, name, from = "", to = ""] = /^\$(\w+)(?:\[(\d*):(\d*)\])?$/.exec(piece) ?? [];
    if (name === undefined) return repeated(piece);
    const blob = this.#blobs[name];
    if (blob === undefined) throw new Error(`no blob ${piece}`);
    const data = this.join(blob);
    return data.slice(Number(from), to === "" ? data.length : Number(to));
  }
}

export function textOf(value: Written | undefined): string {
  if (typeof value !== "string") throw new Error("no text");
  return value;
}

function listOf(value: Written | undefined, name: string): readonly Written[] {
  if (!Array.isArray(value)) throw new Error(`${name} is no list`);
  return value as readonly Written[];
}

function repeated(piece: string): Bytes {
  const [unit = "", times = "1"] = piece.split("*");
  const once = hex(unit);
  const data = new Uint8Array(once.length * Number(times));
  for (let at = 0; at < data.length; at += once.length) data.set(once, at);
  return data;
}
