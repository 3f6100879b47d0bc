/**
 * A chat's title from its first words: made on the device, the same on every device. Source: specs/title.md.
 *
 * No table of Unicode is asked, since tables differ between versions: the ranges that matter are listed here.
 */

/** Characters (code points) of a title, without the dots behind a shortened one. */
export const MAX_LETTERS = 60;
/** Characters of the text that are looked at. */
export const MAX_READ = 4096;
export const ELLIPSIS = "\u2026";

type Ranges = readonly (readonly [first: number, last: number])[];
const SPACES: Ranges = [
  [0x09, 0x0d], [0x20, 0x20], [0x85, 0x85], [0xa0, 0xa0], [0x1680, 0x1680], [0x2000, 0x200a], [0x2028, 0x2029],
  [0x202f, 0x202f], [0x205f, 0x205f], [0x3000, 0x3000],
];
/** Controls, marks of direction and other things that are not seen but change what is. */
const HIDDEN: Ranges = [
  [0, 0x1f], [0x7f, 0x9f], [0xad, 0xad], [0x61c, 0x61c], [0x200b, 0x200b], [0x200e, 0x200f], [0x202a, 0x202e],
  [0x2060, 0x206f], [0xd800, 0xdfff], [0xfeff, 0xfeff], [0xfff9, 0xfffb],
];
/** What belongs to the character before it. */
const EXTENDING: Ranges = [
  [0x300, 0x36f], [0x483, 0x489], [0x591, 0x5bd], [0x610, 0x61a], [0x64b, 0x65f], [0x900, 0x903], [0x93a, 0x94f],
  [0xe31, 0xe31], [0xe34, 0xe3a], [0xe47, 0xe4e], [0x1ab0, 0x1aff], [0x1dc0, 0x1dff], [0x200c, 0x200d],
  [0x20d0, 0x20ff], [0x3099, 0x309a], [0xfe00, 0xfe0f], [0xfe20, 0xfe2f], [0x1f3fb, 0x1f3ff], [0xe0020, 0xe007f],
  [0xe0100, 0xe01ef],
];
const JOINER = "\u200d";
const FLAGS: Ranges = [[0x1f1e6, 0x1f1ff]];
const MARKS = "#>*-`_~=|";

/** The title of a chat that begins with `text`; empty when there is no word in it. */
export function ofText(text: string): string {
  let title: readonly string[] = [];
  for (const word of wordsOf(Array.from(text.slice(0, 2 * MAX_READ)).slice(0, MAX_READ))) {
    const longer = title.length === 0 ? word : [...title, " ", ...word];
    if (longer.length > MAX_LETTERS) return (title.length === 0 ? cut(word) : title).join("") + ELLIPSIS;
    title = longer;
  }
  return title.join("");
}

/** Whether a text is nothing but white space and what is not seen. */
export function isBlank(text: string): boolean {
  return Array.from(text).every((letter) => within(letter, SPACES) || within(letter, HIDDEN));
}

/** The words without what is not seen; those that only mark headings, quotes, lists and code are left out. */
function wordsOf(letters: readonly string[]): readonly (readonly string[])[] {
  const words: string[][] = [[]];
  for (const letter of letters) {
    if (within(letter, SPACES)) words.push([]);
    else if (!within(letter, HIDDEN)) words.at(-1)?.push(letter);
  }
  return words.filter((word) => word.some((letter) => !MARKS.includes(letter)));
}

/** The beginning of a long word, up to a place where a character ends. */
function cut(word: readonly string[]): readonly string[] {
  let at = MAX_LETTERS;
  while (at > 0 && !endsAt(word, at)) at -= 1;
  return word.slice(0, at === 0 ? MAX_LETTERS : at);
}

function endsAt(word: readonly string[], at: number): boolean {
  const next = word[at] ?? "";
  if (within(next, EXTENDING) || word[at - 1] === JOINER) return false;
  const other = word.slice(0, at).findLastIndex((letter) => !within(letter, FLAGS));
  const flags = at - 1 - other;
  return flags % 2 === 0 || !within(next, FLAGS);
}

function within(letter: string, ranges: Ranges): boolean {
  const code = letter.codePointAt(0) ?? -1;
  return ranges.some(([first, last]) => first <= code && code <= last);
}
