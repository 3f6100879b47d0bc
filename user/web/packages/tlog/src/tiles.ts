/**
 * Tiles and entry bundles: the static files of a log, and proofs computed from them.
 *
 * Sources: C2SP tlog-tiles, specs/tiles.md. A tile holds up to 256 hashes of one level; level L counts in units of 256^L
 * leaves. Nothing here fetches: a source of tiles is given, and every hash that matters is checked against a root by
 * whoever uses the proof.
 */

import { type Bytes, concat, readUint, uint } from "@privity/protocol/bytes";

import { TlogError } from "./errors.ts";
import { MAX_ENTRY, TILE_WIDTH } from "./limits.ts";
import { EMPTY_ROOT, nodeHash, splitOf } from "./merkle.ts";
import { HASH } from "./spelling.ts";

/** A tile of hashes: its level, its index, and how many hashes of 256 it has. */
export interface Tile {
  readonly level: number;
  readonly index: number;
  readonly width: number;
}

/** The path of a tile below the log's prefix. Raises TlogError `tile_malformed`. */
export function tilePath({ level, index, width }: Tile): string {
  return `tile/${String(level)}/${numbered(index)}${partial(width)}`;
}

/** The path of the entry bundle at `index` with `width` entries. Raises TlogError `tile_malformed`. */
export function bundlePath(index: number, width: number): string {
  return `tile/entries/${numbered(index)}${partial(width)}`;
}

function numbered(index: number): string {
  const digits = String(index);
  const parts = digits.padStart(3 * Math.ceil(digits.length / 3), "0").match(/.{3}/g) ?? [];
  return parts.map((part, at) => (at < parts.length - 1 ? `x${part}` : part)).join("/");
}

function partial(width: number): string {
  if (!(width >= 1 && width <= TILE_WIDTH)) throw new TlogError("tile_malformed", "width");
  return width === TILE_WIDTH ? "" : `.p/${String(width)}`;
}

function complete(size: number, level: number): number {
  return Math.floor(size / TILE_WIDTH ** level);
}

/** How many hashes tile `index` of `level` has in a tree of `size` leaves, 0 when it does not exist. */
export function widthAt(size: number, level: number, index: number): number {
  return Math.max(0, Math.min(TILE_WIDTH, complete(size, level) - index * TILE_WIDTH));
}

/** The tiles of a tree of `fresh` leaves that differ from those of `old` leaves, lowest level first. */
export function* tilesOf(old: number, fresh: number): Generator<Tile> {
  for (let level = 0; complete(fresh, level) > 0; level += 1) {
    const last = Math.floor((complete(fresh, level) - 1) / TILE_WIDTH);
    for (let index = Math.floor(complete(old, level) / TILE_WIDTH); index <= last; index += 1) {
      const width = widthAt(fresh, level, index);
      if (width !== widthAt(old, level, index)) yield { level, index, width };
    }
  }
}

/** The hashes of a tile of `width`. Raises TlogError `tile_malformed`. */
export function hashes(data: Uint8Array, width: number): readonly Bytes[] {
  if (data.length !== width * HASH) throw new TlogError("tile_malformed", "length");
  return Array.from({ length: width }, (_, at) => new Uint8Array(data.subarray(at * HASH, (at + 1) * HASH)));
}

/** The entries of a bundle of `width`. Raises TlogError `tile_malformed`. */
export function entries(data: Uint8Array, width: number): readonly Bytes[] {
  const found: Bytes[] = [];
  let position = 0;
  while (position < data.length) {
    const end = position + 2 + readUint(data, position, 2);
    if (found.length === width || end > data.length) throw new TlogError("tile_malformed", "entry");
    found.push(new Uint8Array(data.subarray(position + 2, end)));
    position = end;
  }
  if (found.length !== width) throw new TlogError("tile_malformed", "entries");
  return found;
}

/** The bytes of an entry bundle. Raises TlogError `log_too_large`. */
export function bundle(found: readonly Uint8Array[]): Bytes {
  if (found.some((entry) => entry.length > MAX_ENTRY)) {
    throw new TlogError("log_too_large", `an entry of more than ${String(MAX_ENTRY)} bytes`);
  }
  return concat(...found.flatMap((entry) => [uint(entry.length, 2), entry]));
}

export type ReadTile = (tile: Tile) => Bytes | Promise<Bytes>;

/** A tree of `size` leaves, read through its tiles. Each tile is asked for once; short or long ones are refused. */
export class Tree {
  readonly size: number;
  readonly #read: ReadTile;
  readonly #known = new Map<string, readonly Bytes[]>();

  constructor(size: number, read: ReadTile) {
    this.size = size;
    this.#read = read;
  }

  /** The root hash. */
  async root(): Promise<Bytes> {
    return this.size === 0 ? EMPTY_ROOT : this.hashOf(0, this.size);
  }

  /** The path of leaf `index`, sibling first (RFC 6962 section 2.1.1). Raises TlogError `inclusion`. */
  async inclusion(index: number): Promise<readonly Bytes[]> {
    if (!(index >= 0 && index < this.size)) throw new TlogError("inclusion", "index");
    const path: Bytes[] = [];
    let [start, end] = [0, this.size];
    while (end - start > 1) {
      const middle = start + splitOf(end - start);
      if (index < middle) {
        path.push(await this.hashOf(middle, end));
        end = middle;
      } else {
        path.push(await this.hashOf(start, middle));
        start = middle;
      }
    }
    return path.reverse();
  }

  /** The path from a tree of `old` leaves to this one (RFC 6962 section 2.1.2). Raises TlogError `consistency`. */
  async consistency(old: number): Promise<readonly Bytes[]> {
    if (!(old >= 0 && old <= this.size)) throw new TlogError("consistency", "size");
    if (old === 0 || old === this.size) return [];
    const path: Bytes[] = [];
    let [start, end, whole] = [0, this.size, true];
    while (old !== end) {
      const middle = start + splitOf(end - start);
      if (old <= middle) {
        path.push(await this.hashOf(middle, end));
        end = middle;
      } else {
        path.push(await this.hashOf(start, middle));
        [start, whole] = [middle, false];
      }
    }
    if (!whole) path.push(await this.hashOf(start, end));
    return path.reverse();
  }

  /** The hash over leaves `start` to `end`, a subtree of this tree. */
  async hashOf(start: number, end: number): Promise<Bytes> {
    const count = end - start;
    if (count === 1 || splitOf(count) * 2 === count) return this.#complete(start, Math.log2(count));
    const middle = start + splitOf(count);
    return nodeHash(await this.hashOf(start, middle), await this.hashOf(middle, end));
  }

  /** The hash of the complete subtree of 2^height leaves at `start`: from the tile that holds it. */
  async #complete(start: number, height: number): Promise<Bytes> {
    const level = Math.floor(height / 8);
    const first = complete(start, level);
    const index = Math.floor(first / TILE_WIDTH);
    const from = first - index * TILE_WIDTH;
    const tile = await this.#tile({ level, index, width: widthAt(this.size, level, index) });
    return foldOf(tile.slice(from, from + 2 ** (height - 8 * level)));
  }

  async #tile(tile: Tile): Promise<readonly Bytes[]> {
    const path = tilePath(tile);
    const known = this.#known.get(path) ?? hashes(await this.#read(tile), tile.width);
    this.#known.set(path, known);
    return known;
  }
}

/** The root over a power of two of hashes. */
function foldOf(row: readonly Bytes[]): Bytes {
  const [left, right] = row;
  if (left === undefined) return EMPTY_ROOT;
  if (right === undefined) return left;
  const middle = row.length / 2;
  return nodeHash(foldOf(row.slice(0, middle)), foldOf(row.slice(middle)));
}
