/** What a log publishes: tiles, for consistency paths, and entries. Who hands them out is trusted for nothing. */

import { type Bytes, equal } from "@privity/protocol/bytes";
import { type Checkpoint } from "@privity/tlog/checkpoint";
import { TlogError } from "@privity/tlog/errors";
import { MAX_ENTRY, TILE_WIDTH } from "@privity/tlog/limits";
import * as merkle from "@privity/tlog/merkle";
import { HASH } from "@privity/tlog/spelling";
import * as tiles from "@privity/tlog/tiles";
import { type Tile, tilePath, Tree } from "@privity/tlog/tiles";

import { TrustError } from "./errors.ts";
import { type Fetch, get } from "./http.ts";

/** Tiles of one visit: a log of 10^9 leaves needs fewer than 16 for a path. */
export const MOST_TILES = 128;
/** Leaves of a log that is read whole: a release log gets a few a month. */
export const MOST_ENTRIES = 65_536;
const MAX_BUNDLE = TILE_WIDTH * (2 + MAX_ENTRY);

/** Reads tiles by log, each once. `addresses` say below which address a log's tiles are: hints of the server. */
export class Tiles {
  readonly #fetch: Fetch;
  readonly #addresses: ReadonlyMap<string, string>;
  readonly #known = new Map<string, Bytes>();

  constructor(fetch: Fetch, addresses: ReadonlyMap<string, string>) {
    this.#fetch = fetch;
    this.#addresses = addresses;
  }

  /**
   * The path from `old` to `fresh` leaves, to be verified by the caller.
   *
   * Raises TrustError `unreachable`, `not_privity`, `too_much`, `log_unreadable`; TlogError `tile_malformed`.
   */
  async consistency(origin: string, old: number, fresh: number): Promise<readonly Bytes[]> {
    return new Tree(fresh, (tile) => this.#tile(origin, tile)).consistency(old);
  }

  /**
   * Every leaf of the log whose head this is, in order; their root is the head's.
   *
   * Raises TrustError `unreachable`, `not_privity`, `too_much`, `log_unreadable`; TlogError `tile_malformed`.
   */
  async entries({ origin, size, root }: Checkpoint): Promise<readonly Bytes[]> {
    if (size > MOST_ENTRIES) throw new TrustError("log_unreadable", `${origin} has more than ${String(MOST_ENTRIES)} leaves`);
    const found: Bytes[] = [];
    for (let number = 0; number * TILE_WIDTH < size; number += 1) {
      found.push(...await this.#bundle(origin, number, tiles.widthAt(size, 0, number)));
    }
    if (!equal(merkle.rootOf(found.map((one) => merkle.leafHash(one))), root)) {
      throw new TrustError("log_unreadable", `the leaves of ${origin} are not those of its head`);
    }
    return found;
  }

  async #bundle(origin: string, number: number, width: number): Promise<readonly Bytes[]> {
    const read = async (wide: number): Promise<readonly Bytes[]> => {
      const address = `${this.#address(origin)}/${tiles.bundlePath(number, wide)}`;
      return tiles.entries(await get(this.#fetch, address, MAX_BUNDLE), wide).slice(0, width);
    };
    try {
      return await read(width);
    } catch (error) {
      // A partial bundle may be gone once the full one is there.
      const isGone = error instanceof TrustError && error.reason === "not_privity" && width < TILE_WIDTH;
      if (!isGone) throw error;
      return read(TILE_WIDTH);
    }
  }

  async #tile(origin: string, tile: Tile): Promise<Bytes> {
    const path = tilePath(tile);
    const known = this.#known.get(`${origin} ${path}`);
    if (known !== undefined) return known;
    const address = this.#address(origin);
    if (this.#known.size >= MOST_TILES) throw new TrustError("log_unreadable", `more than ${String(MOST_TILES)} tiles`);
    const data = await get(this.#fetch, `${address}/${path}`, TILE_WIDTH * HASH);
    if (data.length !== tile.width * HASH) throw new TlogError("tile_malformed", "length");
    this.#known.set(`${origin} ${path}`, data);
    return data;
  }

  #address(origin: string): string {
    const address = this.#addresses.get(origin);
    if (address === undefined) {
      throw new TrustError("log_unreadable", `the server does not say where ${origin} can be read`);
    }
    return address;
  }
}
