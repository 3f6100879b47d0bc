/**
 * The local index as it lies on the shelf, sealed, a piece for each month: texts, or, of months for which memory is too
 * small, an index of words and the list of what is in it. A piece that does not open is made anew. Source: specs/search.md.
 */

import { ascii, type Bytes } from "@privity/protocol/bytes";
import { dateOf } from "@privity/vault/calendar";
import { VaultError } from "@privity/vault/errors";
import * as search from "@privity/vault/search";
import type { Kept } from "@privity/vault/secret";

import type { Id } from "./ids.ts";
import type { Shelf } from "./shelf.ts";
import type { Text } from "./texts.ts";
import { indexOf, readIndex, WordIndex } from "./word_index.ts";

export type Month = string;
const DAY_MS = 86_400_000;
const LAST_DAY = 2_932_896;
const PREFIX = "search/";
type Piece = "texts" | "words" | "list";

/** The month of a moment (Unix milliseconds), as in 2026-11. */
export function monthOf(time: number): Month {
  const { year, month } = dateOf(Math.min(Math.floor(time / DAY_MS), LAST_DAY));
  return `${String(year).padStart(4, "0")}-${String(month).padStart(2, "0")}`;
}

/** What is known of a message that is not in memory. */
export type Row = readonly [id: Id, chat: Id, time: number];

export interface Words {
  /** Ids of messages that say words beginning so; whoever looks at them judges the rest. */
  find(words: readonly string[]): readonly Id[];
}

export class Segments {
  readonly #shelf: Shelf;
  readonly #key: Kept<"search key">;
  readonly #random: (size: number) => Bytes;

  constructor(shelf: Shelf, key: Kept<"search key">, random: (size: number) => Bytes) {
    this.#shelf = shelf;
    this.#key = key;
    this.#random = random;
  }

  /** The months of which there are pieces of a kind. */
  async months(piece: Piece): Promise<readonly Month[]> {
    const beginning = `${PREFIX}${piece}/`;
    return (await this.#shelf.names(beginning)).map((name) => name.slice(beginning.length));
  }

  /** The texts of a month, null when they must be read again. */
  async texts(month: Month): Promise<readonly Text[] | null> {
    const rows = await this.#read("texts", month);
    if (!Array.isArray(rows)) return null;
    const found = (rows as readonly unknown[]).map(textOf);
    return found.some((one) => one === null) ? null : (found as readonly Text[]);
  }

  /** What lies in the words of a month, null when they must be made anew. */
  async list(month: Month): Promise<readonly Row[] | null> {
    const rows = await this.#read("list", month);
    if (!Array.isArray(rows)) return null;
    const found = (rows as readonly unknown[]).map((row) => (isRow(row) ? row : null));
    return found.some((one) => one === null) ? null : (found as readonly Row[]);
  }

  async words(month: Month): Promise<Words | null> {
    const read = readIndex(await this.#read("words", month));
    return read === null ? null : new WordIndex(read);
  }

  /** Write the texts of a month; none erases it. */
  async writeTexts(month: Month, texts: readonly Text[]): Promise<void> {
    const rows = texts.map(({ id, chat, time, text }) => [id, chat, time, text]);
    const sealed = texts.length === 0 ? null : await this.#sealed("texts", month, rows);
    await this.#shelf.put([[name("texts", month), sealed], [name("words", month), null], [name("list", month), null]]);
  }

  /** Write the words of a month, in place of its texts. */
  async writeWords(month: Month, texts: readonly Text[]): Promise<void> {
    const list = texts.map(({ id, chat, time }): Row => [id, chat, time]);
    const [words, rows] = [await this.#sealed("words", month, indexOf(texts)), await this.#sealed("list", month, list)];
    await this.#shelf.put([[name("words", month), words], [name("list", month), rows], [name("texts", month), null]]);
  }

  async erase(): Promise<void> {
    await this.#shelf.put((await this.#shelf.names(PREFIX)).map((one) => [one, null] as const));
  }

  async #read(piece: Piece, month: Month): Promise<unknown> {
    const full = name(piece, month);
    const sealed = await this.#shelf.get(full);
    if (sealed === null) return null;
    try {
      return JSON.parse(new TextDecoder().decode(await search.openSegment(this.#key, full, sealed))) as unknown;
    } catch (error) {
      // Another key since a rotation, or damaged: it is a copy, and made anew.
      if (error instanceof VaultError || error instanceof SyntaxError) return null;
      throw error;
    }
  }

  #sealed(piece: Piece, month: Month, value: unknown): Promise<Bytes> {
    return search.seal(this.#key, name(piece, month), ascii(JSON.stringify(value)), this.#random(search.NONCE));
  }
}

function name(piece: Piece, month: Month): string {
  return `${PREFIX}${piece}/${month}`;
}

function textOf(row: unknown): Text | null {
  if (!Array.isArray(row)) return null;
  const [id, chat, time, text] = row as readonly unknown[];
  if (!isRow([id, chat, time]) || typeof text !== "string") return null;
  return { id: id as Id, chat: chat as Id, time: time as number, text };
}

function isRow(row: unknown): row is Row {
  if (!Array.isArray(row)) return false;
  const [id, chat, time] = row as readonly unknown[];
  return typeof id === "string" && typeof chat === "string" && typeof time === "number";
}
