/**
 * When uploads leave: on a clock of their own, so that none follows an answer closely enough to tie an account to a
 * question. Source: the exponential clock of specs/history.md.
 */

import { type Bytes, readUint } from "@privity/protocol/bytes";

/** Mean and longest wait, in milliseconds. */
export const MEAN = 60_000;
export const LONGEST = 300_000;
/** Random bytes of one wait. */
export const ENTROPY = 6;
const UNIT = 2 ** (8 * ENTROPY);

/** Milliseconds until the next upload, drawn with 6 random bytes; whatever is due then leaves together. */
export function wait(random: Bytes): number {
  const uniform = (readUint(random, 0, ENTROPY) + 1) / UNIT;
  return Math.min(LONGEST, Math.round(MEAN * Math.log(1 / uniform)));
}
