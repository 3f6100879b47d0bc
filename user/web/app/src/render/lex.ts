/**
 * marked's lexer within limits: the tokens of one block of markdown, and of what stands in one of its lines.
 *
 * Nothing of marked but its lexer is used,
 and it makes no HTML. What it takes for HTML is text here. Runs of text inside blocks
 * are lexed when they are drawn, so that only those that changed are.
 */

import {
  getDefaults, Lexer, type MarkedOptions, type MarkedToken, type Token, Tokenizer, type Tokens, type TokensList,
} from "marked";

import { resolve } from "./references.ts";
import { type Formula, formulaAt } from "./formula.ts";
import { BLOCK_LENGTH, BLOCK_PASSES, NESTING, RUN_WORK, TABLE_COLUMNS, TABLE_WORK } from "./limits.ts";

/** Addresses that are named elsewhere in the text: `[name]: address`. */
export type Definitions = Readonly<Record<string, { readonly href: string; readonly title: string | undefined }>>;

/** A formula in a line of text, as a token. */
export interface FormulaToken extends Formula {
  readonly type: "formula";
}
export type Span = MarkedToken | FormulaToken;

/** What one block of markdown consists of. */
export interface Parsed {
  readonly tokens: readonly MarkedToken[];
  readonly definitions: Definitions;
  /** The text of a run whose tokens are this array: a paragraph's, a cell's. Tokens that are in it already come first. */
  readonly runs: ReadonlyMap<readonly Token[], string>;
  /** Blocks, items and rows. */
  readonly blocks: number;
  /** Characters that may open or close something in a line, and what lexing all runs costs at worst. */
  readonly markup: number;
  readonly work: number;
}

/** A block that is beyond a limit. */
class Beyond extends Error {}

/** The tokens of one block; null: it is beyond a limit, and is to be shown as it is. */
export function parse(source: string): Parsed | null {
  const tables = dashes(source) * source.length;
  if (source.length > BLOCK_LENGTH || tables > TABLE_WORK) return null;
  const lines = source.replace(/\r\n?/g, "\n");
  const kept = keepTabs(lines);
  const lexer = new BlockLexer(source.length, kept === lines ? (text) => text : (text) => text.replaceAll(TAB, "\t"));
  try {
    lexer.blockTokens(kept, lexer.tokens);
  } catch (error) {
    if (error instanceof Beyond) return null;
    throw error;
  }
  const runs = new Map(lexer.inlineQueue.map(({ src, tokens }) => [tokens, lexer.restored(src)]));
  const costs = lexer.inlineQueue.map(({ src }) => cost(src));
  return {
    tokens: lexer.tokens as MarkedToken[],
    definitions: lexer.tokens.links as Definitions,
    runs,
    blocks: lexer.blocks,
    markup: costs.reduce((sum, { markup }) => sum + markup, 0),
    work: costs.reduce((sum, { work }) => sum + Math.min(work, RUN_WORK), tables),
  };
}

/** The tokens of a run of text; the text itself where it is beyond a limit. */
export function spans(run: string, definitions: Definitions): readonly Span[] {
  const plain: Span = { type: "text", raw: run, text: run };
  if (cost(run).work > RUN_WORK) return [plain];
  try {
    return new RunLexer(definitions).inlineTokens(run) as Span[];
  } catch (error) {
    if (error instanceof Beyond) return [plain];
    throw error;
  }
}

const MARKUP: ReadonlySet<number> = new Set(Array.from("*_~`[]<!\\$@&:\n", (one) => one.charCodeAt(0)));

/**
 * How many characters of a run may open or close something, and what lexing it costs at worst: that many times its length, and
 * the square of each stretch of spaces or of letters that an address may hold, for which marked is some 25 times quicker.
 */
function cost(run: string): { readonly markup: number; readonly work: number } {
  let markup = 0;
  let squares = 0;
  let stretch = 0;
  let before = "";
  for (let at = 0; at < run.length; at++) {
    const code = run.charCodeAt(at);
    if (MARKUP.has(code)) markup += 1;
    const kind = code === 32 ? "space" : code > 32 && code < 127 ? "letter" : "other";
    stretch = kind === before && kind !== "other" ? stretch + 1 : 1;
    squares += 2 * stretch - 1;
    before = kind;
  }
  return { markup, work: markup * run.length + Math.round(squares / 25) };
}

/** Lines after which marked looks for the rows of a table. */
function dashes(source: string): number {
  return source.match(/^[ \t>]*[|:]?[ \t]*:?-[-:| \t]*$/gm)?.length ?? 0;
}

class BlockTokenizer extends Tokenizer {
  /** Code as it was written, without the line end before the closing fence. */
  override fences(source: string): Tokens.Code | undefined {
    const found = super.fences(source);
    return found === undefined ? undefined : { ...found, text: this.restored(found.text.replace(/\n$/, "")) };
  }

  override code(source: string): Tokens.Code | undefined {
    const found = super.code(source);
    return found === undefined ? undefined : { ...found, text: this.restored(found.text) };
  }

  override html(source: string): Tokens.HTML | undefined {
    const found = super.html(source);
    return found === undefined ? undefined : { ...found, text: this.restored(found.text) };
  }

  /** On one line: what could be a title may otherwise end anywhere in what is still to come. */
  override def(source: string): Tokens.Def | undefined {
    const line = /^[^\n]*\n?/.exec(source)?.[0] ?? "";
    return line.trimStart().startsWith("[") ? super.def(line) : undefined;
  }

  override table(source: string): Tokens.Table | undefined {
    if ((/^[^\n]*/.exec(source)?.[0].split("|").length ?? 0) > TABLE_COLUMNS) return undefined;
    const table = super.table(source);
    if (table !== undefined && this.lexer instanceof BlockLexer) this.lexer.blocks += table.rows.length;
    return table;
  }

  private restored(text: string): string {
    return this.lexer instanceof BlockLexer ? this.lexer.restored(text) : text;
  }
}

class BlockLexer extends Lexer {
  blocks = 0;
  /** A text with its tabs as they were. */
  readonly restored: (text: string) => string;
  private depth = 0;
  private budget: number;

  constructor(length: number, restored: (text: string) => string) {
    super({ ...getDefaults(), tokenizer: new BlockTokenizer() });
    this.restored = restored;
    this.budget = (length + 100) * BLOCK_PASSES;
  }

  override blockTokens(source: string, tokens?: Token[], clipped?: boolean): Token[];
  override blockTokens(source: string, tokens?: TokensList, clipped?: boolean): TokensList;
  override blockTokens(source: string, tokens: Token[] = [], clipped = false): Token[] {
    this.budget -= source.length;
    if (this.depth >= NESTING || this.budget < 0) throw new Beyond();
    this.depth += 1;
    const found = super.blockTokens(source, tokens, clipped);
    this.depth -= 1;
    this.blocks += found.length;
    return found;
  }
}

class RunTokenizer extends Tokenizer {
  /** Text ends where a formula may begin; references to characters are resolved here alone. */
  override inlineText(source: string): Tokens.Text | undefined {
    const found = super.inlineText(source);
    const at = found?.raw.indexOf("$", 1) ?? -1;
    const token = at === -1 ? found : super.inlineText(source.slice(0, at));
    return token === undefined ? undefined : { ...token, text: resolve(token.raw) };
  }
}

const OPTIONS: MarkedOptions = {
  ...getDefaults(),
  extensions: {
    renderers: {},
    childTokens: {},
    inline: [(source, tokens) => {
      const found = formulaAt(source, tokens.at(-1)?.raw.at(-1) ?? "");
      return found === null ? undefined : { type: "formula", ...found };
    }],
  },
};

class RunLexer extends Lexer {
  private depth = 0;

  constructor(definitions: Definitions) {
    super({ ...OPTIONS, tokenizer: new RunTokenizer() });
    this.tokens.links = definitions as Lexer["tokens"]["links"];
  }

  override inlineTokens(source: string, tokens: Token[] = []): Token[] {
    if (this.depth >= NESTING) throw new Beyond();
    this.depth += 1;
    const found = super.inlineTokens(source, tokens);
    this.depth -= 1;
    return found;
  }
}

/** Stands for a tab while marked counts columns: a character that no text may hold. */
const TAB = "\ufdd0";
const FENCED_LINE = /^([ \t]*(?:(?:[*+-]|\d{1,9}[.)])[ \t]+)*)(`{3,}(?!.*`)|~{3,})/;

/** Code inside lists with its tabs kept: marked would make spaces of those that lines begin with. */
function keepTabs(source: string): string {
  if (!source.includes("\t") || source.includes(TAB) || !/`{3}|~{3}/.test(source)) return source;
  let fence: { readonly column: number; readonly mark: string } | null = null;
  return source.split("\n").map((line) => {
    const opened: RegExpExecArray | null = fence === null ? FENCED_LINE.exec(line) : null;
    if (opened !== null) fence = { column: columns(opened[1] ?? ""), mark: opened[2] ?? "" };
    if (opened !== null || fence === null) return line;
    const trimmed = line.trim();
    if (trimmed.startsWith(fence.mark) && trimmed === fence.mark.charAt(0).repeat(trimmed.length)) {
      fence = null;
      return line;
    }
    return outdented(line, fence.column);
  }).join("\n");
}

/** The line with `column` columns of spaces before it, and every other tab replaced. */
function outdented(line: string, column: number): string {
  let at = 0;
  let width = 0;
  while (at < line.length && width < column && (line[at] === " " || line[at] === "\t")) {
    width = line[at] === "\t" ? width + 4 - (width % 4) : width + 1;
    at += 1;
  }
  return " ".repeat(width) + line.slice(at).replaceAll("\t", TAB);
}

function columns(text: string): number {
  let width = 0;
  for (const one of text) width = one === "\t" ? width + 4 - (width % 4) : width + 1;
  return width;
}
