/** Words of a text, as its language divides them. */

import { localeOf } from "../text/text.ts";

/** How many words a text has. */
export function wordsIn(text: string): number {
  const parts = new Intl.Segmenter(localeOf(), { granularity: "word" }).segment(text);
  let count = 0;
  for (const { isWordLike } of parts) if (isWordLike === true) count += 1;
  return count;
}
