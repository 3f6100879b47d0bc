/**
 * The build that a person took last, kept for when there is no network, and served until they take another.
 *
 * Every byte is held to its build's hashes when it is fetched. A new service worker brings a new build with it, and goes on
 * serving the old one until it is told otherwise. A server can replace the service worker's own code: this keeps an honest
 * build and makes a change visible, it does not prevent one.
 */

import { type Build, readBuild, type Served } from "./build.ts";

const PREFIX = "privity-build-";
const POINTER = "privity-adopted";
const PAGE = "/";
const PAGES = /^\/(?:devices|link|s\/[A-Za-z0-9_-]{22})?$/;
const ASSETS = "/assets/";

/** What a request must be known by. */
export interface Asked {
  readonly method: string;
  readonly mode: string;
  readonly url: string;
}

/** Of a browser's cache, what is needed of it. */
export interface Kept {
  match(address: string): Promise<Response | undefined>;
  put(address: string, response: Response): Promise<void>;
}

export interface World {
  readonly origin: string;
  readonly caches: { open(name: string): Promise<Kept>; keys(): Promise<string[]>; delete(name: string): Promise<boolean> };
  readonly fetch: (address: string, options: RequestInit) => Promise<Response>;
  /** Paths of the workers of the own build that this browser runs: they are kept like the rest. */
  readonly working: () => Promise<readonly string[]>;
}

export class Shell {
  readonly #own: Build;
  readonly #world: World;

  constructor(own: Build, world: World) {
    this.#own = own;
    this.#world = world;
  }

  /** The first service worker of a browser keeps its build. Rejects when a file is missing or not of this build. */
  async install(): Promise<void> {
    if (await this.#adopted() === null) await this.adopt();
  }

  /** Keep and serve the own build from now on, and forget the others. Rejects, and changes nothing, when it is not whole. */
  async adopt(): Promise<void> {
    const own = this.#own;
    await this.#fill(own);
    await (await this.#world.caches.open(POINTER)).put(PAGE, new Response(JSON.stringify(own)));
    const others = (await this.#world.caches.keys()).filter((name) => name.startsWith(PREFIX) && name !== nameOf(own));
    await Promise.all(others.map((name) => this.#world.caches.delete(name)));
  }

  async served(): Promise<Served> {
    const adopted = await this.#adopted();
    return { adopted: (adopted ?? this.#own).digest, own: this.#own.digest };
  }

  /** The answer to a request; null: it is none of ours, and goes its way. */
  answer({ method, mode, url }: Asked): Promise<Response> | null {
    const { origin, pathname } = new URL(url);
    if (method !== "GET" || origin !== this.#world.origin) return null;
    // Only what a person opens: a worker that asks for the page wants to know what the server sends now.
    if (mode === "navigate" && PAGES.test(pathname)) return this.#page();
    return pathname.startsWith(ASSETS) ? this.#file(pathname) : null;
  }

  /** Have the page under the headers that the server sends now, which name where it may connect. Changes no byte of it. */
  async refresh(): Promise<void> {
    const build = await this.#adopted() ?? this.#own;
    try {
      await (await this.#cache(build)).put(PAGE, await this.#fetched(PAGE, build.page));
    } catch {
      // No network, or another build: the page finds that out, and asks.
    }
  }

  async #page(): Promise<Response> {
    const build = await this.#adopted() ?? this.#own;
    return await (await this.#cache(build)).match(PAGE) ?? this.#fetched(PAGE, build.page);
  }

  async #file(path: string): Promise<Response> {
    const build = await this.#adopted() ?? this.#own;
    const integrity = build.files[path];
    // Of another build, for a page of it that is still open; whoever asked for it holds it to its hash.
    if (integrity === undefined) return this.#world.fetch(path, { credentials: "omit", redirect: "error" });
    const cache = await this.#cache(build);
    const kept = await cache.match(path);
    if (kept !== undefined) return kept;
    const fresh = await this.#fetched(path, integrity);
    await cache.put(path, fresh.clone());
    return fresh;
  }

  async #fill(build: Build): Promise<void> {
    const cache = await this.#cache(build);
    const kept = [...build.kept, ...await this.#world.working()];
    const wanted: [string, string][] = kept.map((path) => [path, build.files[path] ?? ""]);
    await Promise.all([[PAGE, build.page] as const, ...wanted].map(async ([path, integrity]) => {
      await cache.put(path, await this.#fetched(path, integrity));
    }));
  }

  /** Rejects for anything but the bytes that a build consists of. */
  async #fetched(path: string, integrity: string): Promise<Response> {
    if (integrity === "") throw new TypeError(`${path} is of no build`);
    const response = await this.#world.fetch(path, { integrity, cache: "no-store", credentials: "omit", redirect: "error" });
    if (response.status !== 200) throw new TypeError(`${path} answered ${String(response.status)}`);
    return response;
  }

  async #adopted(): Promise<Build | null> {
    const found = await (await this.#world.caches.open(POINTER)).match(PAGE);
    try {
      return found === undefined ? null : readBuild(await found.json());
    } catch {
      return null;
    }
  }

  #cache(build: Build): Promise<Kept> {
    return this.#world.caches.open(nameOf(build));
  }
}

function nameOf({ digest }: Build): string {
  return `${PREFIX}${digest}`;
}
