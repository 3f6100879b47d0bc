/** What a person looks for, and where a text says it: letters without their case, the same however they are composed. */

/** Characters (UTF-16) before and after the place that is shown. */
const BEFORE = 48;
const AFTER = 96;
const ELLIPSIS = "…";
/** Words of one question; more are not looked for. */
const MOST = 16;
const MOST_LETTERS = 256;

/** A text as it is looked through: composed, and the same without case, letter for letter. */
export interface Searchable {
  readonly text: string;
  readonly folded: string;
}

export function searchable(text: string): Searchable {
  const composed = text.normalize("NFC");
  return { text: composed, folded: folded(composed) };
}

/** A text without case, as long as it was: what would grow or shrink stays as it is. */
export function folded(text: string): string {
  const lower = text.toLowerCase().replaceAll("ς", "σ");
  if (lower.length === text.length) return lower;
  return Array.from(text, (one) => {
    const small = one.toLowerCase();
    return small.length === one.length ? small : one;
  }).join("");
}

/** The words of a question; what stands between quotation marks is one. */
export function wordsOf(asked: string): readonly string[] {
  const found = asked.slice(0, MOST_LETTERS).normalize("NFC").match(/"[^"]+"|[^\s"]+/g) ?? [];
  const words = found.map((one) => folded(one.replaceAll('"', "").trim())).filter((one) => one !== "");
  return [...new Set(words)].slice(0, MOST);
}

/** Whether a text says all of these words. */
export function says({ folded: text }: Searchable, words: readonly string[]): boolean {
  return words.every((word) => text.includes(word));
}

/** The words around a place; `from` and `to` are offsets in it. */
export interface Context {
  readonly context: string;
  readonly from: number;
  readonly to: number;
}

/** The surroundings of the first place where one of the words stands. */
export function contextOf({ text, folded: small }: Searchable, words: readonly string[]): Context {
  const places = words.map((word) => [small.indexOf(word), word.length] as const).filter(([at]) => at >= 0);
  const [first, length] = places.reduce((best, one) => (one[0] < best[0] ? one : best), places[0] ?? [0, 0]);
  const start = whole(text, Math.max(0, first - BEFORE));
  const end = whole(text, Math.min(text.length, first + length + AFTER));
  const lead = start > 0 ? ELLIPSIS : "";
  const shown = text.slice(start, end).replace(/\s/g, " ");
  const from = lead.length + first - start;
  return { context: lead + shown + (end < text.length ? ELLIPSIS : ""), from, to: from + length };
}

/** A place at which no character is cut in half. */
function whole(text: string, at: number): number {
  return at > 0 && (text.charCodeAt(at) & 0xfc00) === 0xdc00 ? at - 1 : at;
}
