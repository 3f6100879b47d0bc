/**
 * Merkle trees of RFC 6962 section 2.1: hashes, inclusion and consistency. SHA-256; sizes are counts of leaves.
 *
 * Verification follows RFC 9162 sections 2.1.3.2 and 2.1.4.2: success returns nothing, failure raises. Sizes exceed 32
 * bits, so halves are divisions and not shifts.
 */

import { sha256 } from "@noble/hashes/sha2.js";
import { type Bytes, concat, equal } from "@privity/protocol/bytes";

import { TlogError } from "./errors.ts";
import { MAX_HASHES, MAX_SIZE } from "./limits.ts";
import { HASH } from "./spelling.ts";

export const EMPTY_ROOT: Bytes = new Uint8Array(sha256(new Uint8Array(0)));

/** The hash of a leaf. */
export function leafHash(entry: Uint8Array): Bytes {
  return new Uint8Array(sha256(concat(Uint8Array.of(0), entry)));
}

/** The hash of an inner node. */
export function nodeHash(left: Uint8Array, right: Uint8Array): Bytes {
  return new Uint8Array(sha256(concat(Uint8Array.of(1), left, right)));
}

/** The largest power of two below `count`, which is at least 2. */
export function splitOf(count: number): number {
  let power = 1;
  while (power * 2 < count) power *= 2;
  return power;
}

/** The root over leaf hashes: the plain definition, for tests, audits and small trees. */
export function rootOf(leaves: readonly Bytes[]): Bytes {
  const [first] = leaves;
  if (first === undefined) return EMPTY_ROOT;
  if (leaves.length === 1) return first;
  const split = splitOf(leaves.length);
  return nodeHash(rootOf(leaves.slice(0, split)), rootOf(leaves.slice(split)));
}

/** Where a path has got to: a place in a row, and the last place of that row. */
class Climb {
  number: number;
  last: number;

  constructor(number: number, last: number) {
    this.number = number;
    this.last = last;
  }

  get isRight(): boolean {
    return this.number % 2 === 1;
  }

  /** Whether the next sibling stands to the left; the climb then passes rows where this place has none. */
  takesLeft(): boolean {
    const left = this.isRight || this.number === this.last;
    if (left) while (this.number !== 0 && !this.isRight) this.up();
    this.up();
    return left;
  }

  up(): void {
    this.number = Math.floor(this.number / 2);
    this.last = Math.floor(this.last / 2);
  }
}

function wellFormed(hashes: readonly Uint8Array[]): boolean {
  return hashes.length <= MAX_HASHES && hashes.every((one) => one.length === HASH);
}

function isCount(value: number): boolean {
  return Number.isInteger(value) && value >= 0 && value <= MAX_SIZE;
}

/**
 * Verify that `leaf` (a leaf hash) stands at `index` of the tree of `size` leaves under `root`.
 *
 * Raises TlogError `inclusion`.
 */
export function verifyInclusion(
  leaf: Uint8Array, index: number, size: number, path: readonly Uint8Array[], root: Uint8Array,
): void {
  const counted = isCount(index) && isCount(size) && index < size;
  if (!counted || leaf.length !== HASH || !wellFormed(path)) throw new TlogError("inclusion", "index, size or path");
  const climb = new Climb(index, size - 1);
  let found = leaf;
  for (const sibling of path) {
    if (climb.last === 0) throw new TlogError("inclusion", "path too long");
    found = climb.takesLeft() ? nodeHash(sibling, found) : nodeHash(found, sibling);
  }
  if (climb.last !== 0 || !equal(found, root)) throw new TlogError("inclusion", "root");
}

/**
 * Verify that the tree of `fresh` leaves begins with that of `old` leaves.
 *
 * The empty tree is the beginning of every tree and needs no path. Raises TlogError `consistency`.
 */
export function verifyConsistency(
  old: number, fresh: number, path: readonly Uint8Array[], oldRoot: Uint8Array, freshRoot: Uint8Array,
): void {
  if (!isCount(old) || !isCount(fresh) || old > fresh || !wellFormed(path)) {
    throw new TlogError("consistency", "sizes or path");
  }
  if (old === 0 || old === fresh) {
    const begun = old > 0 || equal(oldRoot, EMPTY_ROOT);
    const unchanged = old < fresh || equal(oldRoot, freshRoot);
    if (path.length > 0 || !begun || !unchanged) throw new TlogError("consistency", "root");
    return;
  }
  // A complete subtree is its own first hash (RFC 9162 section 2.1.4.2, step 1).
  const complete = old === 1 || splitOf(old) * 2 === old;
  const [start, ...siblings] = complete ? [oldRoot, ...path] : path;
  if (start === undefined) throw new TlogError("consistency", "path");
  const climb = new Climb(old - 1, fresh - 1);
  while (climb.isRight) climb.up();
  let [before, after] = [start, start];
  for (const sibling of siblings) {
    if (climb.last === 0) throw new TlogError("consistency", "path too long");
    if (climb.takesLeft()) [before, after] = [nodeHash(sibling, before), nodeHash(sibling, after)];
    else after = nodeHash(after, sibling);
  }
  if (climb.last !== 0 || !equal(before, oldRoot) || !equal(after, freshRoot)) throw new TlogError("consistency", "root");
}
