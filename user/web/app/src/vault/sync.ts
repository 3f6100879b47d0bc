/**
 * When this device agrees with the service. It reads as soon as others write; what was written here leaves on a clock of
 * its own (`pace`), so that no upload tells when a question was asked, unless the person wants it at once.
 *
 * One tab does it (`privity-writer`); the others write and say that they did.
 */

import { Halted } from "@privity/history/errors";
import * as pace from "@privity/history/pace";
import { ServiceError } from "@privity/history/service";
import { VaultError } from "@privity/vault/errors";

import { reasonOf } from "../bridge/line.ts";
import type { Edges } from "./edges.ts";
import { Events } from "./events.ts";
import { type Saved, SYNC } from "./saved.ts";
import { settingsOf } from "./settings.ts";

const WRITER = "privity-writer";
/** First and longest wait after the service could not be reached, in milliseconds. */
const FIRST_RETRY = 2_000;
const LONGEST_RETRY = 300_000;

/** What is done beside reading and writing: as an account opens, and each time that all agrees with the service. */
export interface Chores {
  begin(saved: Saved): Promise<void>;
  /** Once a day: show the other devices that this one hears of the log. It waits as every change does. */
  show(saved: Saved): Promise<void>;
  agreed(saved: Saved): Promise<void>;
}

export class Sync {
  readonly #edges: Edges;
  readonly #saved: Saved;
  readonly #chores: Chores;
  /** Told when the state of synchronisation is another one. */
  readonly #told: () => void;
  readonly #events: Events;
  #stop: (() => void) | null = null;
  #ended = false;
  #writer = false;
  /** Ends the wait of what is due. */
  #due: (() => void) | null = null;
  #retry: (() => void) | null = null;
  #failures = 0;

  constructor(edges: Edges, saved: Saved, chores: Chores, told: () => void) {
    this.#edges = edges;
    this.#saved = saved;
    this.#chores = chores;
    this.#told = told;
    this.#events = new Events(edges, saved, () => this.#soon());
  }

  /** Become the tab that synchronises, as soon as no other one is. */
  start(): void {
    void this.#edges.locks.hold(WRITER, () => new Promise<void>((stop) => {
      this.#stop = stop;
      if (this.#ended) {
        stop();
        return;
      }
      this.#writer = true;
      this.#soon();
      this.#events.start();
      // What waited here when the last tab was closed leaves on the clock, as everything does.
      this.wrote();
    })).catch(() => undefined);
  }

  stop(): void {
    this.#ended = true;
    this.#writer = false;
    this.#stop?.();
    this.#events.stop();
    for (const cancel of [this.#due, this.#retry]) cancel?.();
    [this.#due, this.#retry] = [null, null];
  }

  /** Something was written here, or in another tab. */
  wrote(): void {
    if (!this.#writer || this.#saved.mirror.unsent === 0) return;
    const { atOnce } = settingsOf(this.#saved.home).content;
    if (atOnce.value) this.#due?.();
    if (this.#due !== null && !atOnce.value) return;
    const milliseconds = atOnce.value ? 0 : pace.wait(this.#edges.random(pace.ENTROPY));
    this.#due = this.#edges.after(milliseconds, () => {
      this.#due = null;
      void this.now().catch(() => undefined);
    });
  }

  /** The network may be back. */
  online(): void {
    if (this.#writer) this.#soon();
  }

  /** Read and write until all agrees. Raises as `Account.sync` does. */
  async now(): Promise<void> {
    await this.#tried(async () => {
      await this.#chores.show(this.#saved);
      await this.#saved.online(() => this.#saved.account.sync());
      await this.#chores.agreed(this.#saved);
    });
  }

  /** Read what others wrote, and send nothing. */
  #soon(): void {
    this.#retry?.();
    this.#retry = null;
    void this.#tried(async () => {
      await this.#saved.online(() => this.#saved.account.pull());
      await this.#chores.show(this.#saved);
      await this.#chores.agreed(this.#saved);
    }).catch(() => undefined);
  }

  async #tried(step: () => Promise<void>): Promise<void> {
    const { sync } = this.#saved;
    this.#saved.sync = { ...sync, syncing: true };
    this.#told();
    try {
      await this.#edges.locks.hold(SYNC, step);
      this.#failures = 0;
      this.#saved.sync = { offline: false, syncing: false, agreed: this.#edges.now() };
      // Written while this one was on its way.
      this.wrote();
    } catch (error) {
      const offline = error instanceof ServiceError && error.reason === "service.unreachable";
      // What halts says so by itself.
      const halts = error instanceof VaultError || error instanceof Halted;
      const refused = offline || halts ? {} : { refused: reasonOf(error).reason };
      this.#saved.sync = { offline, syncing: false, agreed: sync.agreed, ...refused };
      this.#later(error);
      throw error;
    } finally {
      this.#told();
    }
  }

  /** Again after a while, longer each time; sooner when the browser says that it is online. */
  #later(error: unknown): void {
    if (!this.#writer || !(error instanceof ServiceError) || this.#retry !== null) return;
    const wait = Math.min(LONGEST_RETRY, FIRST_RETRY * 2 ** this.#failures);
    this.#failures += 1;
    this.#retry = this.#edges.after(Math.max(wait, 1000 * (error.retryAfter ?? 0)), () => {
      this.#retry = null;
      this.#soon();
      this.wrote();
    });
  }
}
