/**
 * An answer as blocks, read again only where it grew. Pure: no DOM, no clock.
 *
 * What is read is a function of the text alone; that a part was read before changes nothing but the cost.
 */

import { type Definitions, parse, type Parsed } from "./lex.ts";
import { ANSWER_BLOCKS, ANSWER_LENGTH, ANSWER_MARKUP, ANSWER_WORK, RUN_WORK } from "./limits.ts";
import { isLoose, type Piece, split } from "./split.ts";

/** One block as it is drawn. `source` is exactly what was written. */
export type Block =
  | { readonly kind: "code"; readonly source: string; readonly info: string; readonly code: string }
  | { readonly kind: "formula"; readonly source: string; readonly tex: string; readonly closed: boolean }
  | { readonly kind: "markdown"; readonly source: string; readonly parsed: Parsed; readonly heading: Heading }
  /** Nested too deep or too large: shown as it is. */
  | { readonly kind: "plain"; readonly source: string };

/** Where headings stand when a block begins: the depth of the first one, and the level of the last. */
export interface Heading {
  readonly first: number | null;
  readonly level: number;
}

export interface Reading {
  readonly blocks: readonly Block[];
  /** Addresses that any block names. The same object while they are the same. */
  readonly definitions: Definitions;
  /** What comes after the limits of an answer: plain text; empty when all is formatted. */
  readonly rest: string;
}

interface Counted {
  readonly length: number;
  readonly blocks: number;
  readonly markup: number;
  readonly work: number;
  /** Addresses that have a name. */
  readonly names: number;
}
interface Read {
  readonly piece: Piece;
  readonly block: Block;
  /** Of this block and all before it. */
  readonly until: Counted;
  readonly headingAfter: Heading;
}

/** The level of what a message's headings stand under. */
const MESSAGE_LEVEL = 2;
const NOTHING: Counted = { length: 0, blocks: 0, markup: 0, work: 0, names: 0 };
const NONE: Definitions = Object.freeze(Object.create(null) as Definitions);

/** Reads one answer as it grows. */
export class Reader {
  private text = "";
  private read: Read[] = [];
  private reading: Reading = { blocks: [], definitions: NONE, rest: "" };

  /** The blocks of `text`. What it has in common with the text before is not lexed again, but for the last block. */
  next(text: string): Reading {
    if (text === this.text) return this.reading;
    this.keep(text.startsWith(this.text) ? this.settled() : 0);
    this.text = text;
    const from = this.read.at(-1)?.piece.end ?? 0;
    let rest = "";
    for (const piece of split(text, from)) {
      const before = this.read.at(-1);
      const next = readPiece(text, piece, before);
      if (beyond(next.until)) {
        rest = text.slice(piece.start);
        break;
      }
      this.read.push(next);
    }
    this.reading = { blocks: this.read.map(({ block }) => block), definitions: this.definitions(), rest };
    return this.reading;
  }

  /** How many blocks no later text changes. */
  private settled(): number {
    if (this.reading.rest !== "") return Math.max(0, this.read.length - 1);
    const last = this.read.at(-1);
    if (last === undefined) return 0;
    return Math.max(0, this.read.length - (isLoose(this.text, last.piece) ? 2 : 1));
  }

  private keep(count: number): void {
    this.read = this.read.slice(0, count);
  }

  private definitions(): Definitions {
    if ((this.read.at(-1)?.until.names ?? 0) === 0) return NONE;
    const all = Object.create(null) as Record<string, Definitions[string]>;
    for (const { block } of this.read) {
      if (block.kind !== "markdown") continue;
      for (const [name, one] of Object.entries(block.parsed.definitions)) all[name] ??= one;
    }
    return JSON.stringify(all) === JSON.stringify(this.reading.definitions) ? this.reading.definitions : all;
  }
}

function beyond({ length, blocks, markup, work }: Counted): boolean {
  return length > ANSWER_LENGTH || blocks > ANSWER_BLOCKS || markup > ANSWER_MARKUP || work > ANSWER_WORK;
}

function readPiece(text: string, piece: Piece, before: Read | undefined): Read {
  const source = text.slice(piece.start, piece.end);
  const counted = before?.until ?? NOTHING;
  const heading = before?.headingAfter ?? { first: null, level: MESSAGE_LEVEL };
  const until = (parsed: Parsed | null, work = 0): Counted => ({
    length: piece.end,
    blocks: counted.blocks + (parsed?.blocks ?? 1),
    markup: counted.markup + (parsed?.markup ?? 0),
    work: counted.work + (parsed?.work ?? work),
    names: counted.names + (parsed === null ? 0 : Object.keys(parsed.definitions).length),
  });
  if (piece.kind !== "markdown" || piece.end > ANSWER_LENGTH) {
    const block: Block = piece.kind === "code" ? { kind: "code", source, info: piece.info, code: piece.code }
      : piece.kind === "formula" ? { kind: "formula", source, tex: piece.tex, closed: piece.closed }
      : { kind: "plain", source };
    return { piece, block, until: until(null), headingAfter: heading };
  }
  const parsed = parse(source);
  if (parsed === null) return { piece, block: { kind: "plain", source }, until: until(null, RUN_WORK), headingAfter: heading };
  const after = parsed.tokens.reduce((state, token) => token.type === "heading" ? under(state, token.depth) : state, heading);
  return { piece, block: { kind: "markdown", source, parsed, heading }, until: until(parsed), headingAfter: after };
}

/** Where headings stand after one of `depth`: no level is left out, and the first is just below the message. */
export function under({ first, level }: Heading, depth: number): Heading {
  const wanted = MESSAGE_LEVEL + 1 + Math.max(0, depth - (first ?? depth));
  return { first: first ?? depth, level: Math.min(wanted, level + 1, 6) };
}
