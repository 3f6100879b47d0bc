/**
 * Characters that nobody sees.
 *
 * Invisible format characters can hide instructions from a reader, carry data out with what is copied, and turn the order of
 * code round. They are shown as marks, except where a script or an emoji needs them.
 */

import { HIDDEN_MARKS } from "./limits.ts";

/** A run of one character that cannot be seen. `code` is null where several kinds are counted together. */
export interface Hidden {
  readonly code: number | null;
  readonly count: number;
}

const HIDDEN = "(?![\\t\\n\\r])[\\p{Default_Ignorable_Code_Point}\\p{Cc}\\u2028\\u2029\\ufff9-\\ufffb]";
const PICTURE = "\\p{Extended_Pictographic}(?:\\p{Emoji_Modifier}|[\\ufe0e\\ufe0f])?";
const KEY_CAP = "[0-9#*]\\ufe0f\\u20e3";
/** The flags of England, Scotland and Wales: the only ones that need tag characters. */
const FLAG = "\\u{1f3f4}\\u{e0067}\\u{e0062}(?:\\u{e0065}\\u{e006e}\\u{e0067}|\\u{e0073}\\u{e0063}\\u{e0074}|"
  + "\\u{e0077}\\u{e006c}\\u{e0073})\\u{e007f}";
const EMOJI = `${FLAG}|${PICTURE}(?:\\u200d${PICTURE})*|${KEY_CAP}`;
/** Letters that a joiner between them shapes. */
const SHAPED = `[${["Arab", "Syrc", "Mong", "Nkoo", "Deva", "Beng", "Guru", "Gujr", "Orya", "Taml", "Telu", "Knda", "Mlym",
  "Sinh", "Khmr", "Mymr"].map((script) => `\\p{scx=${script}}`).join("")}]`;
const JOINED = `${SHAPED}[\\u200c\\u200d](?=${SHAPED})`;

/** Where hidden characters may be; many that are none are among these. A quick look, before the thorough one. */
const SUSPECTS = [
  "\\0-\\x08\\v\\f\\x0e-\\x1f\\x7f-\\x9f\\xad", "\\u034f", "\\u061c", "\\u115f-\\u1160", "\\u17b4-\\u17b5", "\\u180b-\\u180f",
  "\\u200b-\\u200f", "\\u2028-\\u202e", "\\u2060-\\u206f", "\\u3164", "\\ufe00-\\ufe0f", "\\ufeff", "\\uffa0",
  "\\ufff0-\\ufffb", "\\ud82f", "\\ud834", "\\udb40-\\udb43",
];
const SUSPECT = new RegExp(SUSPECTS.map((range) => `[${range}]`).join("|"));
const IN_PROSE = new RegExp(`(${EMOJI}|${JOINED})|(${HIDDEN})\\2*`, "gu");
const IN_CODE = new RegExp(`(${EMOJI})|(${HIDDEN})\\2*`, "gu");

/** The text in pieces: what can be seen as it is, and runs of what cannot. In code no script needs joiners. */
export function reveal(text: string, code = false): readonly (string | Hidden)[] {
  if (!SUSPECT.test(text)) return [text];
  const pieces: (string | Hidden)[] = [];
  let seen = 0;
  let marks = 0;
  for (const found of text.matchAll(code ? IN_CODE : IN_PROSE)) {
    const [whole, allowed, one] = found;
    if (allowed !== undefined || one === undefined) continue;
    if (found.index > seen) pieces.push(text.slice(seen, found.index));
    if (marks++ === HIDDEN_MARKS) return [...pieces, ...counted(text.slice(found.index))];
    pieces.push({ code: one.codePointAt(0) ?? 0, count: whole.length / one.length });
    seen = found.index + whole.length;
  }
  if (seen < text.length) pieces.push(text.slice(seen));
  return pieces;
}

/** What is left of a text that is full of them: one mark that says how many there are, then what can be seen. */
function counted(text: string): (string | Hidden)[] {
  const all = new RegExp(HIDDEN, "gu");
  let count = 0;
  const rest = text.replace(all, () => {
    count += 1;
    return "";
  });
  return rest === "" ? [{ code: null, count }] : [{ code: null, count }, rest];
}

/** How a character is written that cannot be seen: U+202E. */
export function notation(code: number): string {
  return `U+${code.toString(16).toUpperCase().padStart(4, "0")}`;
}
