/**
 * Sessions made ahead, so that a new conversation does not begin with a HELLO and its way there and back.
 *
 * One for each model, made when an answer came to its end: whoever asks once will often ask again. A session that nobody
 * takes within two minutes ends unused; an idle program is silent. In memory only; lost, a conversation begins with its own.
 */

import { Chain } from "@privity/channel/chain";
import { isDocumented } from "@privity/channel/errors";

/** Models with a session ahead. */
export const MOST = 8;

export class SpareChains {
  readonly #prepare: (model: string) => Promise<Chain>;
  readonly #spare = new Map<string, Chain>();
  readonly #making = new Set<string>();

  /** `prepare` makes the session; what it raises is seen by nobody. */
  constructor(prepare: (model: string) => Promise<Chain>) {
    this.#prepare = prepare;
  }

  /** A chain for a new conversation, with a session where one is ready. */
  take(model: string): Chain {
    const spare = this.#spare.get(model);
    this.#spare.delete(model);
    return spare ?? new Chain();
  }

  /** Make a session ahead unless there is one. Resolves when it is there, or nothing came of it. */
  async make(model: string): Promise<void> {
    if (this.#spare.has(model) || this.#making.has(model)) return;
    this.#making.add(model);
    try {
      this.#spare.set(model, await this.#prepare(model));
      for (const [oldest, chain] of this.#spare) {
        if (this.#spare.size <= MOST) break;
        chain.drop();
        this.#spare.delete(oldest);
      }
    } catch (error) {
      if (!isDocumented(error)) throw error;
    } finally {
      this.#making.delete(model);
    }
  }
}
