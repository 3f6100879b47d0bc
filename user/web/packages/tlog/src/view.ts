/**
 * What a client remembers of each log, so that a rollback or a second history shows. Source: specs/view.md.
 *
 * The largest head that was believed is kept; a new one must continue it. Two heads of one log that cannot both belong to
 * one history are evidence: both notes together convict the log.
 */

import { type Bytes, equal } from "@privity/protocol/bytes";

import { type Checkpoint } from "./checkpoint.ts";
import { TlogError } from "./errors.ts";
import { verifyConsistency } from "./merkle.ts";

/** The largest head believed of one log, and the note that says so. */
export interface View {
  readonly head: Checkpoint;
  readonly note: Bytes;
}

/**
 * The view after `fresh` was verified: it must continue `known`, shown by the consistency `path`.
 *
 * A head of the known size needs no path; a smaller one never replaces a larger one. Raises TlogError: `log_unknown`
 * (another log), `split_view` (equal size, another root), `checkpoint_rollback` (smaller), `consistency`.
 */
export function advance(known: View | null, fresh: View, path: readonly Uint8Array[] | null): View {
  if (known === null) return fresh;
  const old = known.head;
  sameLog(old, fresh.head);
  notSplit(old, fresh.head);
  if (fresh.head.size === old.size) return fresh;
  const sizes = `${String(fresh.head.size)} after ${String(old.size)}`;
  if (fresh.head.size < old.size) throw new TlogError("checkpoint_rollback", sizes);
  if (path === null) throw new TlogError("consistency", `nothing connects ${sizes}`);
  verifyConsistency(old.size, fresh.head.size, path, old.root, fresh.head.root);
  return fresh;
}

/**
 * Check that an older head belongs to the history of a newer one of the same log.
 *
 * Raises TlogError `log_unknown`, `split_view`, `consistency`.
 */
export function sameHistory(older: View, newer: View, path: readonly Uint8Array[]): void {
  sameLog(older.head, newer.head);
  notSplit(older.head, newer.head);
  verifyConsistency(older.head.size, newer.head.size, path, older.head.root, newer.head.root);
}

function sameLog(one: Checkpoint, other: Checkpoint): void {
  if (one.origin !== other.origin) throw new TlogError("log_unknown", other.origin);
}

function notSplit(one: Checkpoint, other: Checkpoint): void {
  if (one.size === other.size && !equal(one.root, other.root)) throw new TlogError("split_view", `size ${String(one.size)}`);
}
