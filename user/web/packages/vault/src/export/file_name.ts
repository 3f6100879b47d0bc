/** Names for files out of titles and names that people gave. Source: specs/export.md, section "File names". */

import { beginning } from "../typed.ts";

export const MAX_LETTERS = 80;
const FORBIDDEN = '\\/:*?"<>|\x7f';
const PORTS = Array.from({ length: 10 }, (_, number) => [`com${String(number)}`, `lpt${String(number)}`]).flat();
/** Names that Windows keeps for itself, with any ending. */
const DEVICES: ReadonlySet<string> = new Set(["con", "prn", "aux", "nul", ...PORTS]);
/** Scripts without capitals. */
const CASELESS = [[0x590, 0x109f], [0x3000, 0x9fff], [0xac00, 0xd7a3], [0x1f300, 0x1faff]] as const;

/** A name that is a file's on every system: at most 80 code points, never empty. */
export function safe(name: string): string {
  const kept = Array.from(name, (one) => (one < " " || FORBIDDEN.includes(one) ? " " : one));
  const whole = kept.filter((one) => !/\p{Surrogate}/u.test(one)).join("");
  const short = beginning(whole, MAX_LETTERS).join("").replace(/^[ .]+|[ .]+$/g, "");
  if (short === "") return "Untitled";
  const [first = ""] = lower(short).split(".");
  return DEVICES.has(first.replace(/ +$/, "")) ? `_${short}` : short;
}

/** A file name for each title, no two alike on a system that ignores case: alike ones carry their ids (hexadecimal). */
export function distinct(titles: readonly (readonly [id: string, title: string])[]): ReadonlyMap<string, string> {
  const names = titles.map(([id, title]) => [id, safe(title)] as const);
  const alike = new Map<string, number>();
  for (const [, name] of names) alike.set(folded(name), (alike.get(folded(name)) ?? 0) + 1);
  return new Map(names.map(([id, name]) => [id, alike.get(folded(name)) === 1 ? name : `${name} ${id}`]));
}

function lower(text: string): string {
  return text.replace(/[A-Z]/g, (one) => one.toLowerCase());
}

/** What stays of a name when all letters that may have a capital elsewhere look alike. */
function folded(name: string): string {
  return Array.from(lower(name), (one) => (one < "\x80" || isCaseless(one) ? one : "?")).join("");
}

function isCaseless(letter: string): boolean {
  const code = letter.codePointAt(0) ?? 0;
  return CASELESS.some(([first, last]) => first <= code && code <= last);
}
