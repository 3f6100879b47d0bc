/** What stands in composers: in memory, and sealed on this device while an account is open. */

import type { Id } from "./ids.ts";

/** The composer of the chat that does not exist yet. */
const NEW = "new";

/** Where composers' texts are kept beside memory. Each change is durable when the promise is fulfilled. */
export interface Keeping {
  put(name: string, text: string): Promise<void>;
  all(): Promise<ReadonlyMap<string, string>>;
}

export class Composer {
  readonly #texts = new Map<string, string>();
  /** Counts the writings of each composer: an older text must never be written over a newer one. */
  readonly #writings = new Map<string, number>();
  #keeping: Keeping | null = null;
  #last: Promise<unknown> = Promise.resolve();

  /** From now on texts of saved chats are kept; those that were kept before are here again, unless a newer one stands here. */
  async keep(keeping: Keeping): Promise<void> {
    for (const [name, text] of await keeping.all()) if (!this.#texts.has(name)) this.#texts.set(name, text);
    this.#keeping = keeping;
    for (const [name, text] of this.#texts) await keeping.put(name, text);
  }

  /** What was typed. `kept` is false for a temporary chat, of which nothing is written anywhere. */
  async compose(chat: Id | null, text: string, kept: boolean): Promise<void> {
    const name = chat ?? NEW;
    if (text === "") this.#texts.delete(name);
    else this.#texts.set(name, text);
    if (!kept || this.#keeping === null) return;
    const keeping = this.#keeping;
    const writing = (this.#writings.get(name) ?? 0) + 1;
    this.#writings.set(name, writing);
    const turn = this.#last.then(() => this.#writings.get(name) === writing ? keeping.put(name, text) : undefined);
    this.#last = turn.catch(() => undefined);
    await turn;
  }

  /** Until everything that was typed is kept, or could not be. */
  async settled(): Promise<void> {
    await this.#last;
  }

  composed(chat: Id | null): string {
    return this.#texts.get(chat ?? NEW) ?? "";
  }

  /** A text became a message: it no longer stands in the composer, unless something else does by now. */
  async sent(chat: Id | null, text: string, kept: boolean): Promise<void> {
    if (this.composed(chat).trim() === text.trim()) await this.compose(chat, "", kept);
  }

  clear(): void {
    this.#texts.clear();
    this.#keeping = null;
  }
}
