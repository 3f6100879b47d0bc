/**
 * Strict JSON for what people and models write: any spelling, but one meaning. Source: specs/application.md.
 *
 * A reader of our own, because JSON.parse hides duplicate members and takes 1.0 for 1. Documents of ours that are hashed
 * are canonical instead (specs/canonical.md).
 */

import type { Bytes } from "./bytes.ts";
import { boundDepth } from "./canonical.ts";
import { Malformed } from "./errors.ts";

/** A number that was not written as an integer. */
export class Float {
  readonly value: number;

  constructor(value: number) {
    this.value = value;
  }
}

export type Text = null | boolean | number | string | Float | readonly Text[] | TextObject;
export interface TextObject {
  readonly [name: string]: Text;
}

const LONGEST_NUMBER = 32;
const NUMBER = /(-?(?:0|[1-9][0-9]*))(\.[0-9]+)?([eE][-+]?[0-9]+)?/y;
const SPACE = /[ \t\n\r]*/y;
// Everything up to the closing quote; escapes are checked and undone by JSON.parse on this piece alone.
const STRING = /"(?:[^"\\]|\\[^])*"/y;
const WORDS: ReadonlyMap<string, boolean | null> = new Map([["true", true], ["false", false], ["null", null]]);

/**
 * The value of UTF-8 JSON text.
 *
 * Raises Malformed `not_utf8` (also a lone surrogate), `too_deep`, `duplicate_member`, `not_json` (also NaN, Infinity,
 * an integer of 2^53 or more, a number that overflows or has more than 32 characters).
 */
export function decode(data: Uint8Array, maxDepth: number): Text {
  let text: string;
  try {
    text = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(data);
  } catch {
    throw new Malformed("not_utf8", "JSON text");
  }
  boundDepth(text, maxDepth);
  const scanner = new Scanner(text, anyNumber);
  const value = scanner.document();
  if (scanner.loneSurrogate) throw new Malformed("not_utf8", "lone surrogate");
  return value;
}

/** Compact UTF-8 JSON, members in the given order. Raises Malformed `not_utf8` for a lone surrogate. */
export function encode(value: Exclude<Text, Float> | TextObject): Bytes {
  // JSON.stringify spells a lone surrogate as an escape; nothing else that it writes begins so.
  const text = JSON.stringify(value);
  if (/(?<!\\)(?:\\\\)*\\ud[89a-f]/.test(text)) throw new Malformed("not_utf8", "lone surrogate");
  return new TextEncoder().encode(text);
}

/** What a number means as it was written; null: it is none. */
export type NumberReader = (written: string) => number | Float | null;

function anyNumber(written: string): number | Float | null {
  const value = Number(written);
  if (written.length > LONGEST_NUMBER || !Number.isFinite(value)) return null;
  if (/[.eE]/.test(written)) return new Float(value);
  return Number.isSafeInteger(value) ? value + 0 : null; // no negative zero
}

/** One text, whose nesting the caller has bounded. */
export class Scanner {
  readonly #text: string;
  readonly #number: NumberReader;
  #position = 0;
  loneSurrogate = false;

  constructor(text: string, number: NumberReader) {
    this.#text = text;
    this.#number = number;
  }


  /** The value. Raises Malformed `not_json`, `duplicate_member`. */
  document(): Text {
    this.#match(SPACE);
    const value = this.#value();
    this.#match(SPACE);
    if (this.#position !== this.#text.length) this.#refuse();
    return value;
  }

  #value(): Text {
    switch (this.#text[this.#position]) {
      case "{": return this.#object();
      case "[": return this.#list();
      case '"': return this.#string();
      default: return this.#scalar();
    }
  }

  #object(): TextObject {
    const pairs: (readonly [string, Text])[] = [];
    this.#separated("}", () => {
      const name = this.#string();
      this.#match(SPACE);
      if (!this.#skip(":")) this.#refuse();
      this.#match(SPACE);
      pairs.push([name, this.#value()]);
    });
    if (new Set(pairs.map(([name]) => name)).size !== pairs.length) {
      throw new Malformed("duplicate_member", "a member name occurs twice in one object");
    }
    return Object.fromEntries(pairs);
  }

  #list(): readonly Text[] {
    const entries: Text[] = [];
    this.#separated("]", () => entries.push(this.#value()));
    return entries;
  }

  #separated(close: string, entry: () => void): void {
    this.#position += 1;
    this.#match(SPACE);
    if (this.#skip(close)) return;
    for (;;) {
      entry();
      this.#match(SPACE);
      if (this.#skip(close)) return;
      if (!this.#skip(",")) this.#refuse();
      this.#match(SPACE);
    }
  }

  #string(): string {
    const quoted = this.#match(STRING) ?? this.#refuse();
    let value: string;
    try {
      value = JSON.parse(quoted) as string;
    } catch {
      this.#refuse();
    }
    if (/\p{Surrogate}/u.test(value)) this.loneSurrogate = true;
    return value;
  }

  #scalar(): Text {
    for (const [word, value] of WORDS) {
      if (this.#text.startsWith(word, this.#position)) {
        this.#position += word.length;
        return value;
      }
    }
    return this.#number(this.#match(NUMBER) ?? this.#refuse()) ?? this.#refuse();
  }

  #match(pattern: RegExp): string | null {
    pattern.lastIndex = this.#position;
    const found = pattern.exec(this.#text);
    if (found === null) return null;
    this.#position += found[0].length;
    return found[0];
  }

  #skip(character: string): boolean {
    if (this.#text[this.#position] !== character) return false;
    this.#position += 1;
    return true;
  }

  #refuse(): never {
    throw new Malformed("not_json", `at character ${String(this.#position)}`);
  }
}
