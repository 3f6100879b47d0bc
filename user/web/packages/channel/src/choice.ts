/**
 * The client picks the node: at random, by published weight, and never because a server said so.
 *
 * Source: specs/directory.md.
 */

import { type Entropy } from "@privity/protocol/xwing";

/** Anything with a directory weight from 1 to 8. */
export interface Weighted {
  readonly weight: number;
}

const DRAWN = 8;
const DRAWS = 2n ** 64n;

/** One candidate with probability proportional to its weight. `candidates` must not be empty. */
export function choose<Candidate extends Weighted>(candidates: readonly Candidate[], entropy: Entropy): Candidate {
  let ticket = below(candidates.reduce((total, { weight }) => total + weight, 0), entropy);
  for (const candidate of candidates) {
    ticket -= candidate.weight;
    if (ticket < 0) return candidate;
  }
  throw new Error("there is nothing to choose from");
}

/** A uniform integer in [0, limit) from 8 random bytes; draws again in the biased tail. */
export function below(limit: number, entropy: Entropy): number {
  const bound = DRAWS - (DRAWS % BigInt(limit));
  for (;;) {
    const drawn = entropy(DRAWN).reduce((value, byte) => value * 256n + BigInt(byte), 0n);
    if (drawn < bound) return Number(drawn % BigInt(limit));
  }
}
