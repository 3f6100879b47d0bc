/** A browser profile in memory: one disk, several tabs, a clock that a test moves. A tab can die at any moment. */

import type { Place } from "@privity/account/place";
import type { Store } from "@privity/history/store";
import { type Bytes, toHex } from "@privity/protocol/bytes";

import { annexCommands } from "../../src/annex/commands.ts";
import { ANNEX, ANNEX_ASIDE, type AnnexAnswers, type AnnexNews } from "../../src/bridge/annex.ts";
import { serve } from "../../src/bridge/line.ts";
import type { VaultNews } from "../../src/bridge/vault.ts";
import { Annexes } from "../../src/vault/annexes.ts";
import type { VaultHandlers } from "../../src/vault/chat_commands.ts";
import type { Edges } from "../../src/vault/edges.ts";
import type { Locks } from "../../src/vault/locks.ts";
import type { Shelf } from "../../src/vault/shelf.ts";
import { read, type Said } from "../../src/vault/tabs.ts";
import { Vault } from "../../src/vault/vault.ts";
import { Browser, Passkey } from "../../../packages/account/test/browser.ts";
import { ORIGIN } from "../../../packages/account/test/service.ts";
import { StoreFailed } from "../../../packages/history/test/memory_store.ts";

import { Service } from "./service.ts";

/** Longer waits are for the test's clock. */
const SHORT = 300;

class MemoryShelf {
  readonly pieces = new Map<string, Bytes>();
  readonly #profile: Profile;

  constructor(profile: Profile) {
    this.#profile = profile;
  }

  get(name: string): Promise<Bytes | null> {
    return Promise.resolve(structuredClone(this.pieces.get(name)) ?? null);
  }

  names(beginning: string): Promise<readonly string[]> {
    return Promise.resolve([...this.pieces.keys()].filter((one) => one.startsWith(beginning)).sort());
  }

  put(pieces: readonly (readonly [name: string, data: Bytes | null])[]): Promise<void> {
    const failing = this.#profile.failing();
    if (failing === "lost") return Promise.reject(new StoreFailed("lost"));
    for (const [name, data] of structuredClone(pieces)) {
      if (data === null) this.pieces.delete(name);
      else this.pieces.set(name, data);
    }
    return failing === "kept" ? Promise.reject(new StoreFailed("kept")) : Promise.resolve();
  }
}

/** The disk as one tab writes to it: of a dead tab nothing arrives any more. */
function onDisk(store: Store, profile: Profile, tab: Tab, closed: () => boolean): Store {
  const open = (): Store => {
    if (closed()) throw new DOMException("the database is closed", "InvalidStateError");
    return store;
  };
  return {
    state: async () => open().state(), chain: async (device) => open().chain(device), row: async (id) => open().row(id),
    rows: async () => open().rows(), pages: async (from) => open().pages(from), body: async (hash) => open().body(hash),
    waiting: async () => open().waiting(), waitingFor: async (id) => open().waitingFor(id),
    drafts: async () => open().drafts(), offers: async () => open().offers(), erasures: async () => open().erasures(),
    commit: async (batch) => {
      if (!tab.alive) return new Promise(() => undefined);
      const failing = profile.failing();
      if (failing === "lost") throw new StoreFailed("lost");
      await open().commit(batch);
      if (failing === "kept") throw new StoreFailed("kept");
    },
  };
}

interface Holding { readonly tab: Tab; readonly name: string; end: () => void }

export class Profile {
  readonly browser: Browser;
  readonly service: Service;
  readonly passkey: Passkey;
  readonly shelves = new Map<string, MemoryShelf>();
  readonly tabs = new Set<Tab>();
  readonly timers = new Set<{ readonly at: number; readonly step: () => void; readonly tab: Tab }>();
  readonly #holding = new Map<string, Holding[]>();
  /** Writes to the disk so far, of stores and shelves together; which one fails, and how. */
  writes = 0;
  fails: { readonly at: number; readonly as: "lost" | "kept" } | null = null;

  constructor(name: string, service = new Service(), passkey = new Passkey("key")) {
    this.service = service;
    this.browser = new Browser(name, service.strict);
    this.passkey = passkey;
  }

  failing(): "lost" | "kept" | null {
    this.writes += 1;
    return this.fails?.at === this.writes ? this.fails.as : null;
  }

  /** Everything that lies on the disk. */
  async disk(): Promise<unknown> {
    const stores = await Promise.all([...this.browser.stores.values()].map((one) => one.dump()));
    return [stores, [...this.shelves.values()].map((one) => one.pieces)];
  }

  /** A new tab that was started. */
  async open(): Promise<Tab> {
    const tab = new Tab(this);
    this.tabs.add(tab);
    await tab.do("start", { service: ORIGIN });
    return tab;
  }

  /** Let time pass: what is due in it happens, in its order. */
  async pass(milliseconds: number): Promise<void> {
    const end = this.browser.world.time + milliseconds;
    for (;;) {
      const [next] = [...this.timers].filter(({ at }) => at <= end).sort((one, other) => one.at - other.at);
      if (next === undefined) break;
      this.timers.delete(next);
      this.browser.world.time = Math.max(this.browser.world.time, next.at);
      next.step();
      await settled();
    }
    this.browser.world.time = end;
    await settled();
  }

  place(tab: Tab): Place {
    const { browser } = this;
    const gone = new Set<string>();
    return {
      origin: browser.origin, fetch: this.service.fetch, world: browser.world, devices: browser.devices,
      argon2id: browser.argon2id,
      forget: (account) => {
        gone.add(toHex(account));
        return browser.forget(account);
      },
      store: async (account) => {
        gone.delete(toHex(account));
        return onDisk(await browser.store(account), this, tab, () => gone.has(toHex(account)));
      },
    };
  }

  shelf(tab: Tab, account: Bytes): Shelf {
    const found = this.shelves.get(toHex(account)) ?? new MemoryShelf(this);
    this.shelves.set(toHex(account), found);
    return {
      get: (name) => found.get(name), names: (beginning) => found.names(beginning), close: () => undefined,
      put: (pieces) => tab.alive ? found.put(pieces) : new Promise(() => undefined),
    };
  }

  /** Time goes by while nobody looks: nothing that was due in it happens before the next `pass`. */
  jump(milliseconds: number): void {
    this.browser.world.time += milliseconds;
  }

  lock<T>(tab: Tab, name: string, step: () => Promise<T>): Promise<T> {
    return new Promise((resolve, reject) => {
      const queue = this.#holding.get(name) ?? [];
      this.#holding.set(name, queue);
      const holding: Holding = { tab, name, end: () => this.#begin(name) };
      const run = (): void => {
        step().then(resolve, reject).finally(() => this.#release(holding));
      };
      queue.push(Object.assign(holding, { run }));
      if (queue.length === 1) run();
    });
  }

  held(): ReadonlySet<string> {
    return new Set([...this.#holding].flatMap(([name, queue]) => (queue.length > 0 ? [name] : [])));
  }

  /** The tab is gone, at once: its locks are free, its timers never end, its writes are not made. */
  kill(tab: Tab): void {
    tab.alive = false;
    this.tabs.delete(tab);
    for (const one of this.timers) if (one.tab === tab) this.timers.delete(one);
    for (const queue of this.#holding.values()) for (const one of queue.filter((held) => held.tab === tab)) this.#release(one);
  }

  #release(holding: Holding): void {
    const queue = this.#holding.get(holding.name) ?? [];
    const at = queue.indexOf(holding);
    if (at < 0) return;
    queue.splice(at, 1);
    if (at === 0) this.#begin(holding.name);
  }

  #begin(name: string): void {
    const [next] = (this.#holding.get(name) ?? []) as (Holding & { readonly run: () => void })[];
    next?.run();
  }
}

type Handler = (command: unknown) => Promise<unknown>;

/** One tab's vault worker. */
export class Tab {
  readonly profile: Profile;
  readonly vault: Vault;
  readonly news: VaultNews[] = [];
  alive = true;
  #listener: (said: Said) => void = () => undefined;

  constructor(profile: Profile) {
    this.profile = profile;
    this.vault = new Vault(this.#edges());
  }

  /** What the page asks. */
  async do<Name extends keyof VaultHandlers>(
    name: Name, command: Omit<Parameters<VaultHandlers[Name]>[0], "name">,
  ): Promise<Awaited<ReturnType<VaultHandlers[Name]>>> {
    const handle = this.vault.handlers[name] as unknown as Handler;
    const answer = await handle({ name, ...command });
    return structuredClone(answer) as Awaited<ReturnType<VaultHandlers[Name]>>;
  }

  close(): void {
    this.profile.kill(this);
  }

  hear(said: unknown): void {
    const found = read(structuredClone(said));
    if (found !== null && this.alive) this.#listener(found);
  }

  /** Annexes of this tab, in this process. */
  #annexes(): Annexes {
    const annexes = new Annexes(() => {
      const { port1, port2 } = new MessageChannel();
      const end = (): void => port1.close();
      const tell: (news: AnnexNews) => void = serve<typeof ANNEX, AnnexAnswers>(
        port1, ANNEX, annexCommands((news) => tell(news), end, this.profile.browser.argon2id), ANNEX_ASIDE,
      );
      port1.start();
      annexes.arrived(port2);
    });
    return annexes;
  }

  #edges(): Edges {
    const { profile } = this;
    const { browser } = profile;
    const locks: Locks = {
      hold: (name, step) => this.alive ? profile.lock(this, name, step) : new Promise(() => undefined),
      held: () => Promise.resolve(profile.held()),
    };
    return {
      now: () => browser.world.now(),
      random: (size) => browser.world.random(size),
      after: (milliseconds, step) => {
        if (milliseconds <= SHORT) {
          const soon = setTimeout(() => { if (this.alive) step(); }, 0);
          return () => clearTimeout(soon);
        }
        const timer = { at: browser.world.now() + milliseconds, step, tab: this };
        profile.timers.add(timer);
        return () => profile.timers.delete(timer);
      },
      place: () => Promise.resolve(profile.place(this)),
      stream: (address, options) => profile.service.fetch(address, options),
      shelf: (account) => Promise.resolve(profile.shelf(this, account)),
      eraseShelf: (account) => {
        profile.shelves.delete(toHex(account));
        return Promise.resolve();
      },
      annexes: this.#annexes(),
      locks,
      tabs: {
        say: (said) => {
          for (const other of profile.tabs) if (other !== this) other.hear(said);
        },
        hear: (listener) => {
          this.#listener = listener;
        },
        close: () => undefined,
      },
      tell: (told) => this.news.push(structuredClone(told)),
    };
  }
}

/** Until everything that needs no time has happened. */
export async function settled(): Promise<void> {
  for (let turn = 0; turn < 20; turn += 1) await new Promise((resolve) => setTimeout(resolve, 0));
}
