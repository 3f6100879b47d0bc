/**
 * After a `log.*` reason: what two branches of a log hold, and what to append so that nothing is lost.
 *
 * Source: specs/repair.md. Nothing is chosen here: a person chooses the branch that goes on.
 */

import { type Bytes, equal, toHex } from "@privity/protocol/bytes";
import { DELETIONS, type Entry, Op } from "@privity/protocol/stored/page";

import * as box from "./box.ts";
import * as page from "./page.ts";
import type { Chain, Known, Memory, Position, SignedPage, View } from "./page.ts";
import type { LaneKey } from "./secret.ts";

/**
 * Verified pages behind the last common one: what they changed, and where they leave each device that signed. Ids are in
 * hexadecimal.
 */
export interface Branch {
  readonly position: Position;
  readonly chains: ReadonlyMap<string, Chain>;
  readonly known: ReadonlyMap<string, Known>;
  /** The newest entry of each id that the branch changed. */
  readonly entries: ReadonlyMap<string, Entry>;
  /** The version of the first one. */
  readonly first: ReadonlyMap<string, number>;
  readonly pages: readonly SignedPage[];
}

/**
 * Two branches behind one page, both by devices of the account.
 *
 * `doubled` signed different pages under one sequence: a device that was copied or set back, or its key is elsewhere.
 */
export interface Fork {
  readonly common: Position;
  readonly ours: Branch;
  readonly theirs: Branch;
  readonly doubled: ReadonlySet<string>;
}

/**
 * What to do with one object of the branch that is left.
 *
 * - again: append its entry with the same body
 * - seal: open its body and seal the content anew, at this version and under the newest key of its box
 * - merge: both branches wrote it; merge the contents, write at this version if the kept one does not say it all
 * - delete: delete it, after texts that were written on the kept branch were offered
 * - offer: the kept branch deleted it; offer the texts that were written on the other, write nothing
 */
export type Act = "again" | "seal" | "merge" | "delete" | "offer";

/** One object to treat; `version` is that of the next entry, 0 for an offer. */
export interface Step {
  readonly act: Act;
  readonly op: Op;
  readonly object: Bytes;
  readonly version: number;
}

/** How the kept branch goes on. `repost` are pages that the service lost: they fit behind its head as they are. */
export interface Plan {
  readonly keep: Branch;
  readonly repost: readonly SignedPage[];
  readonly steps: readonly Step[];
}

/**
 * Verify two sequences of pages that continue `log`, and say where they part.
 *
 * `log` is moved on to the last common page. Raises VaultError as `page.accept` does: a branch that does not verify is
 * none.
 */
export async function compare(log: Memory, ours: readonly SignedPage[], theirs: readonly SignedPage[]): Promise<Fork> {
  let shared = 0;
  for (const mine of ours) {
    const other = theirs[shared];
    if (other === undefined || !equal(mine.data, other.data)) break;
    log.apply(await page.accept(log.view(), mine));
    shared += 1;
  }
  const left = await walk(log.view(), ours.slice(shared));
  const right = await walk(log.view(), theirs.slice(shared));
  const doubled = [...left.chains.keys()].filter((device) => right.chains.has(device));
  return { common: log.position, ours: left, theirs: right, doubled: new Set(doubled) };
}

/**
 * What the kept branch lacks of the other, in the order in which to append it: boxes, objects, deletions.
 *
 * `lane` shows which box an object is in.
 */
export function plan(fork: Fork, keepOurs: boolean, lane: LaneKey): Plan {
  const [keep, left] = keepOurs ? [fork.ours, fork.theirs] : [fork.theirs, fork.ours];
  const repost = keepOurs && left.pages.length === 0 ? keep.pages : [];
  const steps = [...left.entries.values()].flatMap((entry) => stepOf(entry, keep, left, lane) ?? []);
  return { keep, repost, steps: steps.sort((one, other) => rankOf(one) - rankOf(other)) };
}

async function walk(view: View, pages: readonly SignedPage[]): Promise<Branch> {
  const chains = new Map<string, Chain>();
  const known = new Map<string, Known>();
  const entries = new Map<string, Entry>();
  const first = new Map<string, number>();
  let { position } = view;
  const over = {
    ...view,
    chain: async (device: Bytes) => chains.get(toHex(device)) ?? view.chain(device),
    known: async (id: Bytes) => known.get(toHex(id)) ?? view.known(id),
  };
  for (const one of pages) {
    const accepted = await page.accept({ ...over, position }, one);
    position = accepted.position;
    chains.set(toHex(accepted.device), accepted.chain);
    for (const [id, change] of accepted.changes) known.set(toHex(id), change);
    for (const entry of accepted.page.entries) {
      const id = toHex(entry.object);
      entries.set(id, entry);
      if (!first.has(id)) first.set(id, entry.version);
    }
  }
  return { position, chains, known, entries, first, pages };
}

/** What the kept branch lacks of one object. */
function stepOf(entry: Entry, keep: Branch, left: Branch, lane: LaneKey): Step | null {
  const id = toHex(entry.object);
  const step = (act: Act, version: number): Step => ({ act, op: entry.op, object: entry.object, version });
  const deletes = DELETIONS.has(entry.op);
  const kept = keep.known.get(id);
  if (kept?.deleted === true) return deletes || kept.box ? null : step("offer", 0);
  const version = kept === undefined ? left.first.get(id) ?? entry.version : kept.version + 1;
  if (deletes) return step("delete", version);
  const home = entry.lane === null ? null : toHex(box.lane(entry.lane, lane, entry.object));
  const inside = home === null ? undefined : keep.known.get(home);
  if (inside?.deleted === true) return step("offer", 0);
  if (kept !== undefined) return kept.box || isSame(kept, left.known.get(id)) ? null : step("merge", version);
  const keysDiffer = inside !== undefined && home !== null && left.known.has(home);
  return step(entry.version === version && !keysDiffer ? "again" : "seal", version);
}

/** Whether both name the same body. */
function isSame({ body }: Known, other: Known | undefined): boolean {
  const theirs = other?.body ?? null;
  if (body === null || theirs === null) return body === theirs;
  return body.size === theirs.size && equal(body.hash, theirs.hash);
}

const RANKS: readonly Op[] = [Op.BOX_ACTIVE, Op.BOX_ARCHIVED, Op.PUT, Op.DELETE_BOX, Op.DELETE];

function rankOf({ op, version }: Step): number {
  return version === 0 ? RANKS.length : RANKS.indexOf(op);
}
