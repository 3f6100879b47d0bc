/** Which answers are being written, by any tab: each holds a lock, which a tab that dies lets go. */

import type { Id } from "./ids.ts";
import type { Locks } from "./locks.ts";

const PREFIX = "privity-answer-";

export class Live {
  readonly #locks: Locks;
  readonly #ends = new Map<Id, () => void>();

  constructor(locks: Locks) {
    this.#locks = locks;
  }

  /** From here on the answer counts as being written. */
  begin(answer: Id): Promise<void> {
    return new Promise((begun, failed) => {
      const holding = this.#locks.hold(PREFIX + answer, () => new Promise<void>((end) => {
        this.#ends.set(answer, end);
        begun();
      }));
      holding.catch(failed);
    });
  }

  end(answer: Id): void {
    this.#ends.get(answer)?.();
    this.#ends.delete(answer);
  }

  async held(): Promise<ReadonlySet<Id>> {
    const names = await this.#locks.held();
    return new Set([...names].flatMap((name) => (name.startsWith(PREFIX) ? [name.slice(PREFIX.length)] : [])));
  }
}
