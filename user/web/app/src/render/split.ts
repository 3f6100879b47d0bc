/**
 * A text in blocks that do not touch each other, found line by line in one pass.
 *
 * A block is what blank lines set apart: lists and indented code reach over them; fenced code and formulas on lines of their own
 * are blocks by themselves. Text that comes later changes the last block, and the one before it while the last one's first
 * line is incomplete; no other. So a streamed answer is split, lexed and drawn again only at its end.
 */

import { closesFormula, opensFormula } from "./formula.ts";

/** One block: where it stands, and what code or formula it holds. */
export type Piece =
  | { readonly kind: "markdown"; readonly start: number; readonly end: number }
  | { readonly kind: "code"; readonly start: number; readonly end: number; readonly info: string; readonly code: string }
  | { readonly kind: "formula"; readonly start: number; readonly end: number; readonly tex: string; readonly closed: boolean };

interface Fence {
  readonly mark: string;
  readonly indent: number;
  readonly info: string;
}

const BLANK = /^[ \t\r]*$/;
const FENCE = /^( *)(?:(`{3,})([^`]*)|(~{3,})([^]*))$/;
const FENCE_IN_LIST = /^[ \t]*(?:(?:[*+-]|\d{1,9}[.)])[ \t]+)*(?:(`{3,})[^`]*|(~{3,})[^]*)$/;
const ITEM = /^ {0,3}(?:[*+-]|\d{1,9}[.)])(?:[ \t]|$)/;
const FAR_IN = /^(?: {4}| {0,3}\t)/;

/** The blocks of `text` from `from` on, which must be where a block begins or ends,
one after the other as they are asked for. */
export function* split(text: string, from = 0): Generator<Piece, void> {
  const splitter = new Splitter(text);
  for (let at = from; at < text.length;) {
    at = splitter.line(at);
    yield* splitter.found.splice(0);
  }
  splitter.finish();
  yield* splitter.found;
}

/** Whether later text can make the last piece part of the one before it. */
export function isLoose(text: string, last: Piece): boolean {
  if (!text.slice(last.start).includes("\n")) return true;
  return last.kind === "formula" && !(last.closed && text[last.end - 1] === "\n");
}

class Splitter {
  readonly found: Piece[] = [];
  private readonly text: string;
  /** Where the block of markdown begins that is being read; null: between blocks. */
  private start: number | null = null;
  /** End of its last line that is not blank. */
  private end = 0;
  private blank = false;
  private inList = false;
  /** What closes the code inside a list that is being read. */
  private inner: string | null = null;
  /** Up to where no formula with this closing delimiter ends well, so that it is not looked for again from every line. */
  private readonly barren = new Map<string, number>();

  constructor(text: string) {
    this.text = text;
  }

  /** Take in the line that begins at `at`, or the block of its own that it opens, and say where to go on. */
  line(at: number): number {
    const next = this.lineEnd(at);
    const line = this.content(at, next);
    if (this.inner !== null) {
      if (closes(line.trim(), this.inner)) this.inner = null;
      return this.extend(at, next, line);
    }
    if (BLANK.test(line)) {
      this.blank = true;
      return next;
    }
    if (this.start !== null && this.blank && !this.reaches(line)) this.finish();
    const own = this.ownBlock(at, next, line);
    if (own !== null) return own;
    if (ITEM.test(line)) this.inList = true;
    if (this.inList) this.inner = openedInside(line);
    return this.extend(at, next, line);
  }

  /** Whether a line after a blank one still belongs to the block before. */
  private reaches(line: string): boolean {
    return this.inList ? /^[ \t]/.test(line) || ITEM.test(line) : FAR_IN.test(line);
  }

  /** Code or a formula that begins on this line: the block is taken whole. Null: it does not begin one. */
  private ownBlock(at: number, next: number, line: string): number | null {
    const indented = this.inList ? 1 : 3;
    const fence = fenceOf(line);
    if (fence !== null && fence.indent <= indented) return this.code(at, next, fence);
    const opened = this.inList ? null : opensFormula(line);
    if (opened === null || at < (this.barren.get(opened.close) ?? 0)) return null;
    return this.formula(at, next, line, opened.close);
  }

  private code(start: number, body: number, fence: Fence): number {
    this.finish();
    let at = body;
    while (at < this.text.length) {
      const next = this.lineEnd(at);
      if (closesFence(this.content(at, next), fence.mark)) {
        this.found.push({ kind: "code", start, end: next, info: fence.info, code: this.codeOf(body, at, fence) });
        return next;
      }
      at = next;
    }
    this.found.push({ kind: "code", start, end: at, info: fence.info, code: this.codeOf(body, at, fence) });
    return at;
  }

  /** The lines of code, without what the fence is indented by and without the line end before the closing fence. */
  private codeOf(body: number, end: number, { indent }: Fence): string {
    const code = this.text.slice(body, end).replace(/\r?\n$/, "");
    return indent === 0 ? code : code.replace(new RegExp(`^ {1,${String(indent)}}`, "gm"), "");
  }

  private formula(start: number, body: number, line: string, close: string): number | null {
    const opening = line.indexOf(close === "$$" ? close : "\\[") + 2;
    const inLine = closesFormula(line, close, opening);
    if (inLine === "after") return null;
    if (inLine === "ends") return this.formulaFound(start, start + opening, this.text.indexOf(close, start + opening), body);
    let at = body;
    while (at < this.text.length) {
      const next = this.lineEnd(at);
      const content = this.content(at, next);
      const closed = closesFormula(content, close, 0);
      if (closed === "after" || BLANK.test(content)) {
        this.barren.set(close, at);
        return null;
      }
      if (closed === "ends") return this.formulaFound(start, start + opening, this.text.indexOf(close, at), next);
      at = next;
    }
    this.finish();
    this.found.push({ kind: "formula", start, end: at, tex: this.text.slice(start + opening, at).trim(), closed: false });
    return at;
  }

  private formulaFound(start: number, from: number, to: number, end: number): number | null {
    const tex = this.text.slice(from, to).trim();
    if (tex === "") return null;
    this.finish();
    this.found.push({ kind: "formula", start, end, tex, closed: true });
    return end;
  }

  private extend(at: number, next: number, line: string): number {
    this.start ??= at;
    this.end = at + line.length;
    this.blank = false;
    return next;
  }

  finish(): void {
    if (this.start !== null) this.found.push({ kind: "markdown", start: this.start, end: this.end });
    this.start = null;
    this.blank = false;
    this.inList = false;
    this.inner = null;
  }

  private lineEnd(at: number): number {
    const found = this.text.indexOf("\n", at);
    return found === -1 ? this.text.length : found + 1;
  }

  /** A line without its end. */
  private content(at: number, next: number): string {
    const end = this.text[next - 1] === "\n" ? next - 1 : next;
    return this.text.slice(at, this.text[end - 1] === "\r" && end > at ? end - 1 : end);
  }
}

function fenceOf(line: string): Fence | null {
  const found = FENCE.exec(line);
  const mark = found?.[2] ?? found?.[4];
  if (found === null || mark === undefined) return null;
  return { mark, indent: found[1]?.length ?? 0, info: (found[3] ?? found[5] ?? "").trim() };
}

function closesFence(line: string, mark: string): boolean {
  return /^ {0,3}\S/.test(line) && closes(line.trim(), mark);
}

function closes(trimmed: string, mark: string): boolean {
  return trimmed.length >= mark.length && trimmed === (mark[0] ?? "").repeat(trimmed.length);
}

function openedInside(line: string): string | null {
  const found = FENCE_IN_LIST.exec(line);
  return found?.[1] ?? found?.[2] ?? null;
}
