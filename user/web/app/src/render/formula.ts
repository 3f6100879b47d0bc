/**
 * Where a formula stands in a text. Delimiters: `$…$`, `\(…\)` in a line; `$$…$$`, `\[…\]` set apart. A blank line ends what
 * was no formula, as in TeX, and so does a length that no formula has.
 */

import { FORMULA_LENGTH } from "./limits.ts";

export interface Formula {
  /** With its delimiters. */
  readonly raw: string;
  readonly tex: string;
  /** Set apart from the line. */
  readonly display: boolean;
}

const PAIRS: readonly { readonly open: string; readonly close: string; readonly display: boolean }[] = [
  { open: "$$", close: "$$", display: true },
  { open: "\\[", close: "\\]", display: true },
  { open: "\\(", close: "\\)", display: false },
];
const BLANK_LINE = /\n[ \t]*\n/;

/** The formula at the start of `text`; null when there is none. `before` is the character ahead of it, if any. */
export function formulaAt(text: string, before: string): Formula | null {
  const first = text[0];
  if (first !== "$" && first !== "\\") return null;
  for (const { open, close, display } of PAIRS) {
    if (!text.startsWith(open)) continue;
    const end = text.slice(0, FORMULA_LENGTH).indexOf(close, open.length);
    const tex = text.slice(open.length, end);
    if (end === -1 || tex.trim() === "" || BLANK_LINE.test(tex)) return null;
    return { raw: text.slice(0, end + close.length), tex, display };
  }
  return first === "$" ? inDollars(text, before) : null;
}

/** Money is no formula: what is inside begins and ends without a space, and no digit or letter touches it from outside. */
function inDollars(text: string, before: string): Formula | null {
  const found = /^\$(?![\s$])((?:\\[^\n]|[^\\$\n]|\n(?![ \t]*\n)){0,999}?)(?<![\s\\])\$(?![\d$])/.exec(text.slice(0, 1_100));
  const tex = found?.[1];
  if (found === null || tex === undefined || tex === "" || /[\p{L}\p{N}]/u.test(before)) return null;
  return { raw: found[0], tex, display: false };
}

/** Which delimiter a line opens that holds nothing before it; null: none. */
export function opensFormula(line: string): { readonly close: string } | null {
  const start = /^ {0,3}(\$\$|\\\[)/.exec(line)?.[1];
  return start === undefined ? null : { close: start === "$$" ? "$$" : "\\]" };
}

/** Whether `close` ends a formula at this line's end: "ends", "goes on after it" or not at all. */
export function closesFormula(line: string, close: string, from: number): "ends" | "after" | null {
  const at = line.indexOf(close, from);
  if (at === -1) return null;
  return /^\s*[.,;]?\s*$/.test(line.slice(at + close.length)) ? "ends" : "after";
}
