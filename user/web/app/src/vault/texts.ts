/** Texts of messages held in memory, to be looked through from the newest to the oldest. */

import type { Id } from "./ids.ts";
import { type Searchable, says, searchable } from "./words.ts";

/** A message's text; `time` in Unix milliseconds. */
export interface Text {
  readonly id: Id;
  readonly chat: Id;
  readonly time: number;
  readonly text: string;
}

export interface Held extends Searchable {
  readonly id: Id;
  readonly chat: Id;
  readonly time: number;
}

export class Texts {
  readonly #held = new Map<Id, Held>();
  /** Newest first; null: not sorted since something came or went. */
  #sorted: readonly Held[] | null = null;
  /** Characters (UTF-16) of all texts. */
  size = 0;

  has(id: Id): boolean {
    return this.#held.has(id);
  }

  get(id: Id): Held | null {
    return this.#held.get(id) ?? null;
  }

  add({ id, chat, time, text }: Text): void {
    this.remove(id);
    this.#held.set(id, { id, chat, time, ...searchable(text) });
    this.size += text.length;
    this.#sorted = null;
  }

  remove(id: Id): void {
    const found = this.#held.get(id);
    if (found === undefined) return;
    this.#held.delete(id);
    this.size -= found.text.length;
    this.#sorted = null;
  }

  clear(): void {
    this.#held.clear();
    [this.#sorted, this.size] = [null, 0];
  }

  /** All, newest first. */
  all(): readonly Held[] {
    this.#sorted ??= [...this.#held.values()].sort((one, other) => other.time - one.time || (one.id < other.id ? -1 : 1));
    return this.#sorted;
  }

  /** At most `most` texts that say all words and that `wanted` wants, newest first. */
  find(words: readonly string[], wanted: (one: Held) => boolean, most: number): readonly Held[] {
    const found: Held[] = [];
    for (const one of this.all()) {
      if (says(one, words) && wanted(one)) found.push(one);
      if (found.length >= most) break;
    }
    return found;
  }
}
