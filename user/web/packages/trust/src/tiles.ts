/** Consistency paths of a log, computed from the tiles that it publishes; who hands them out is trusted for nothing. */

import { type Bytes } from "@privity/protocol/bytes";
import { TlogError } from "@privity/tlog/errors";
import { TILE_WIDTH } from "@privity/tlog/limits";
import { HASH } from "@privity/tlog/spelling";
import { type Tile, tilePath, Tree } from "@privity/tlog/tiles";

import { TrustError } from "./errors.ts";
import { type Fetch, get } from "./http.ts";

/** Tiles of one visit: a log of 10^9 leaves needs fewer than 16 for a path. */
export const MOST_TILES = 128;

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

  async #tile(origin: string, tile: Tile): Promise<Bytes> {
    const path = tilePath(tile);
    const known = this.#known.get(`${origin} ${path}`);
    if (known !== undefined) return known;
    const address = this.#addresses.get(origin);
    if (address === undefined) {
      throw new TrustError("log_unreadable", `the server does not say where ${origin} can be read`);
    }
    if (this.#known.size >= MOST_TILES) throw new TrustError("log_unreadable", `more than ${String(MOST_TILES)} tiles`);
    const data = await get(this.#fetch, `${address}/${path}`, TILE_WIDTH * HASH);
    if (data.length !== tile.width * HASH) throw new TlogError("tile_malformed", "length");
    this.#known.set(`${origin} ${path}`, data);
    return data;
  }
}
