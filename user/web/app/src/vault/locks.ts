/** Locks that all tabs of this origin share (the Web Locks API). Whoever dies lets go of them. */

export interface Locks {
  /** Run a step while holding the lock; those that ask wait in the order in which they asked. */
  hold<T>(name: string, step: () => Promise<T>): Promise<T>;
  /** The names that anybody holds. */
  held(): Promise<ReadonlySet<string>>;
}

/** The locks of the browser. */
export function ofBrowser(manager: LockManager): Locks {
  return {
    hold: async <T>(name: string, step: () => Promise<T>) => (await manager.request(name, step)) as T,
    held: async () => {
      const { held = [] } = await manager.query();
      return new Set(held.flatMap(({ name }) => (name === undefined ? [] : [name])));
    },
  };
}

/**
 * Turns at the history of one account: whoever has the turn is alone with what lies on this device, in all tabs.
 *
 * The network is asked outside of one's turn, so that nobody's writing waits for a server: see `outside`.
 */
export class Turns {
  readonly #locks: Locks;
  readonly #name: string;
  #release: (() => void) | null = null;
  /** Called at the beginning of each turn, and when one is taken up again. */
  begin: () => Promise<void> = () => Promise.resolve();

  constructor(locks: Locks, name: string) {
    this.#locks = locks;
    this.#name = name;
  }

  async run<T>(step: () => Promise<T>): Promise<T> {
    await this.#take();
    try {
      await this.begin();
      return await step();
    } finally {
      this.#leave();
    }
  }

  /** Inside a turn: let others have theirs while this step, which touches nothing on this device, takes its time. */
  async outside<T>(step: () => Promise<T>): Promise<T> {
    this.#leave();
    try {
      return await step();
    } finally {
      await this.#take();
      await this.begin();
    }
  }

  #take(): Promise<void> {
    return new Promise((taken, failed) => {
      const holding = this.#locks.hold(this.#name, () => new Promise<void>((release) => {
        this.#release = release;
        taken();
      }));
      holding.catch(failed);
    });
  }

  #leave(): void {
    this.#release?.();
    this.#release = null;
  }
}
