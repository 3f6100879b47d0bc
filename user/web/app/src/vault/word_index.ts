/** Which messages of a month say which words: looked up by how words begin. Words are parted as Unicode has it. */

import { folded } from "./words.ts";

/** As it is written: the ids, and for each word the places of those that say it, rising. */
export interface Index {
  readonly ids: readonly string[];
  readonly words: Readonly<Record<string, readonly number[]>>;
}

const segmenter = new Intl.Segmenter(undefined, { granularity: "word" });

/** The words of a text, in scripts without spaces too. */
function parted(text: string): readonly string[] {
  const segments = Array.from(segmenter.segment(text.normalize("NFC")));
  return segments.flatMap(({ segment, isWordLike }) => (isWordLike === true ? [folded(segment)] : []));
}

export function indexOf(texts: readonly { readonly id: string; readonly text: string }[]): Index {
  const words = new Map<string, number[]>();
  for (const [place, { text }] of texts.entries()) {
    for (const word of new Set(parted(text))) {
      const places = words.get(word);
      if (places === undefined) words.set(word, [place]);
      else places.push(place);
    }
  }
  return { ids: texts.map(({ id }) => id), words: Object.fromEntries(words) };
}

/** What was read as an index; null for anything else. */
export function readIndex(value: unknown): Index | null {
  if (value === null || typeof value !== "object") return null;
  const { ids, words } = value as Readonly<Record<string, unknown>>;
  if (!Array.isArray(ids) || words === null || typeof words !== "object") return null;
  if (!ids.every((one) => typeof one === "string")) return null;
  const isPlace = (one: unknown): boolean => Number.isInteger(one) && (one as number) >= 0 && (one as number) < ids.length;
  if (!Object.values(words).every((places) => Array.isArray(places) && places.every(isPlace))) return null;
  return { ids, words: words as Index["words"] };
}

/** Looks an index up: ids of texts in which, for every word asked for, some word begins so. */
export class WordIndex {
  readonly #ids: readonly string[];
  readonly #words: readonly (readonly [string, readonly number[]])[];

  constructor({ ids, words }: Index) {
    this.#ids = ids;
    this.#words = Object.entries(words).sort(([one], [other]) => (one < other ? -1 : 1));
  }

  /** None for a question without a word. */
  find(asked: readonly string[]): readonly string[] {
    const [first, ...others] = asked.flatMap(parted).map((word) => this.#beginning(word));
    const places = [...first ?? []].filter((place) => others.every((one) => one.has(place)));
    return places.sort((one, other) => one - other).flatMap((place) => this.#ids[place] ?? []);
  }

  #beginning(prefix: string): ReadonlySet<number> {
    const found = new Set<number>();
    for (let at = this.#firstFrom(prefix); this.#words[at]?.[0].startsWith(prefix) === true; at += 1) {
      for (const place of this.#words[at]?.[1] ?? []) found.add(place);
    }
    return found;
  }

  /** The place of the first word that is not before `word`. */
  #firstFrom(word: string): number {
    let [low, high] = [0, this.#words.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((this.#words[middle]?.[0] ?? "") < word) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}
