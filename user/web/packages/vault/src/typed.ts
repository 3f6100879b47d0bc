/** What people type or paste: how long it is, and where its white space is; the same as Python counts and splits. */

/** Whether `text` has more than `most` characters, astral ones counted once. */
export function isLonger(text: string, most: number): boolean {
  return text.length > most && Array.from(text.slice(0, 2 * most + 2)).length > most;
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
