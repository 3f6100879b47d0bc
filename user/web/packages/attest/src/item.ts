/**
 * One piece of evidence judged by itself: what a quote, report, document or token is worth without a node around it.
 *
 * For the vectors of vendors and auditors. Stages 2 to 9 and 11 of the kind's own checks run; what only a whole bundle
 * can show (binding, release, freshness) is not looked at, so an item is never accepted as a node.
 */

import { type Bytes } from "@privity/protocol/bytes";
import { type Item } from "@privity/protocol/evidence";

import { deviceLabels, isUsable, runChecks, usableOf } from "./appraise.ts";
import { Case, NotChecked, type Run } from "./case.ts";
import { type Check, isGenuineStage } from "./checks.ts";
import { valuesOf } from "./claims.ts";
import { Fault } from "./errors.ts";
import { genuine } from "./kind.ts";
import { KINDS } from "./kinds.ts";
import { NOTHING_LOGGED } from "./logged.ts";
import { EMPTY } from "./memory.ts";
import { checksOf, claimsOf, GENUINE } from "./nvidia/table.ts";
import { type Policy } from "./policy.ts";
import { type Release } from "./release.ts";
import { type CheckRecord, type Claim } from "./result.ts";

const skip: Run = () => new NotChecked("not_applicable:item");

/** What was found about one item: `reasons` are all failures in stage order, `genuine` says stages 2 to 5 passed. */
export interface ItemRecord {
  readonly kind: string;
  readonly checks: readonly CheckRecord[];
  readonly reasons: readonly string[];
  readonly genuine: boolean;
  readonly claims: ReadonlyMap<string, Claim>;
}

export interface ItemInput {
  readonly now: number;
  readonly policy: Policy;
  readonly release: Release | null;
}

/**
 * Judge the evidence in `items` (label to media type without prefix, and bytes) at `now` by `policy`.
 *
 * `cpu` names the kind; endorsements and logs lie beside it under their labels. Without `cpu`, devices are judged alone,
 * as the kind `nvidia`. `release` holds reference values, null when there are none: what needs them is then not checked.
 * Nothing is raised but Fault for an unknown media type.
 */
export async function appraiseItem(
  items: ReadonlyMap<string, readonly [mediaType: string, data: Bytes]>, { now, policy, release }: ItemInput,
): Promise<ItemRecord> {
  const given = { data: new Uint8Array(0), now, policy, logged: NOTHING_LOGGED, nonce: null, memory: EMPTY };
  const at = new Case(given);
  at.bundle = {
    items: new Map([...items].map(([label, [mediaType, data]]): [string, Item] => [label, { label, mediaType, data }])),
  };
  if (release !== null) at.found.release = release;
  const kind = KINDS.get(at.kind ?? "");
  if (kind === undefined && items.has("cpu")) throw new Fault("unknown media type");
  const labels = deviceLabels(at);
  const own = [...(kind?.checks ?? []), ...checksOf(labels)];
  const names = new Set(own.map((one) => one.name));
  const table = own.map((one) => ({ ...one, reads: [], needs: one.needs.filter((need) => names.has(need)) }));
  const skipped = own.filter((one) => needsMore(at, one, release)).map((one) => [one.name, skip] as const);
  const checks = await runChecks(at, table, { ...kind?.run, ...Object.fromEntries(skipped) });
  const passed = new Set(checks.filter(isUsable).map((one) => one.check));
  const usable = usableOf(checks);
  const vouched = labels.every((label) => GENUINE.every((name) => usable(name, label)));
  return {
    kind: kind?.name ?? "nvidia",
    checks,
    reasons: checks.flatMap((one) => (one.outcome === "failed" ? one.reasons : [])),
    genuine: checks.length > 0 && vouched && (kind === undefined || genuine(kind).every((name) => passed.has(name))),
    claims: new Map([...valuesOf(at, kind?.claims ?? {}, passed), ...claimsOf(at, usable)]),
  };
}

/** Whether `check` asks for a release or an item that an item alone does not bring. */
function needsMore(at: Case, check: Check, release: Release | null): boolean {
  // A device without any golden values is refused for that, not left unchecked.
  const withoutRelease = release === null && check.needs.includes("release_form") && !check.reasons.has("rim_missing");
  return withoutRelease || (!isGenuineStage(check.stage) && !check.reads.every((label) => at.has(label)));
}
