/** The palette: every action, chat and prompt, found by a few letters. */

import type { IconName } from "../parts/Icon.tsx";

/** One line of the palette. */
export interface Line {
  readonly id: string;
  readonly kind: "action" | "chat" | "prompt";
  readonly label: string;
  readonly hint: string;
  readonly icon: IconName;
  readonly keys: string;
  readonly run: () => void;
}

/** Lines that are shown at most. */
export const MOST = 50;

/**
 * The lines that have the letters of `words` in their order, the best first: whole words at the beginning of a word before
 * letters that lie apart. Without letters: as they are.
 */
export function ranked(lines: readonly Line[], words: string): readonly Line[] {
  const sought = folded(words.trim());
  if (sought === "") return lines.slice(0, MOST);
  return lines
    .map((line, index) => ({ line, index, score: scoreOf(folded(line.label), sought) }))
    .filter(({ score }) => score > 0)
    .sort((left, right) => right.score - left.score || left.index - right.index)
    .slice(0, MOST)
    .map(({ line }) => line);
}

const WHOLE = 1000;
const WORD = 500;
const INSIDE = 250;
const APART = 100;

/** How well a label fits; 0: not at all. */
export function scoreOf(label: string, sought: string): number {
  if (label.startsWith(sought)) return WHOLE - label.length / 100;
  const at = label.indexOf(sought);
  if (at > 0) return (isStart(label, at) ? WORD : INSIDE) - at / 100;
  return lettersIn(label, sought);
}

/** Each letter in its order; those that begin words count more, gaps count less. */
function lettersIn(label: string, sought: string): number {
  let from = 0;
  let gaps = 0;
  let starts = 0;
  for (const letter of sought) {
    if (letter === " ") continue;
    const at = label.indexOf(letter, from);
    if (at < 0) return 0;
    gaps += at - from;
    if (isStart(label, at)) starts += 1;
    from = at + 1;
  }
  return Math.max(1, APART + starts * 10 - gaps);
}

function isStart(label: string, at: number): boolean {
  return at === 0 || /[\s\p{P}]/u.test(label.charAt(at - 1));
}

/** Without case and accents. */
function folded(text: string): string {
  return text.normalize("NFD").replace(/\p{M}/gu, "").toLocaleLowerCase();
}
