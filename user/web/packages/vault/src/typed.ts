/** What people type or paste: how long it is, in which order, and where its white space is; the same as in Python. */

/** Whether `text` has more than `most` characters, astral ones counted once. */
export function isLonger(text: string, most: number): boolean {
  return text.length > most && Array.from(text.slice(0, 2 * most + 2)).length > most;
}

/** The first `most` characters. */
export function beginning(text: string, most: number): readonly string[] {
  return Array.from(text.slice(0, 2 * most)).slice(0, most);
}

/** By code points, as UTF-8 sorts them: below, at or above zero. */
export function compareText(one: string, other: string): number {
  const least = Math.min(one.length, other.length);
  for (let at = 0; at < least; at += 1) {
    const [unit, theirs] = [one.charCodeAt(at), other.charCodeAt(at)];
    if (unit !== theirs) return ranked(unit) - ranked(theirs);
  }
  return one.length - other.length;
}

/** Halves of astral characters stand behind every other unit. */
function ranked(unit: number): number {
  return unit >= 0xd800 && unit <= 0xdfff ? unit + 0x10000 : unit;
}

/** Whether every character is ASCII. */
export function isAscii(text: string): boolean {
  return Array.from(text).every((letter) => letter < "\x80");
}

/** The parts of `text` between white space, none of them empty. */
export function split(text: string): readonly string[] {
  return Array.from(text, (letter) => (isSpace(letter) ? " " : letter)).join("").split(" ").filter((part) => part !== "");
}

/** White space of Unicode, and the four separators of ASCII. */
function isSpace(letter: string): boolean {
  return /^\p{White_Space}$/u.test(letter) || (letter >= "\x1c" && letter <= "\x1f");
}
