/**
 * The appraisal: every check of the kind's table, in stage order, then one record of all of it.
 *
 * Source: specs/appraise.md. Nothing here trusts the prover's word: what can be recomputed is, what cannot be checked
 * is said, and a check without a record refuses.
 */

import { sha256 } from "@noble/hashes/sha2.js";
import { type Bytes, toHex } from "@privity/protocol/bytes";
import { devices } from "@privity/protocol/evidence";

import { Case, type Finding, type Given, NotChecked, type Run, SIMULATED_KINDS } from "./case.ts";
import { type Check, COMPLETE, EXCUSED, NOT_BUILT, tableOf, UNLOGGED } from "./checks.ts";
import { claimsOf } from "./claims.ts";
import { Fault, Refused } from "./errors.ts";
import { genuine, type Kind } from "./kind.ts";
import { KINDS } from "./kinds.ts";
import { knowsALog } from "./logged.ts";
import { type Memory, withChallenge, withPolicy, withSeen } from "./memory.ts";
import { checksOf, claimsOf as deviceClaims, RUN as DEVICE_RUN } from "./nvidia/table.ts";
import { type Appraisal, type CheckRecord, type Outcome, type Record, type SimulatedAppraisal } from "./result.ts";
import * as before from "./stages/before.ts";
import * as bound from "./stages/bound.ts";
import * as proved from "./stages/proved.ts";
import * as reference from "./stages/reference.ts";

type Runs = Kind["run"];

export const COMMON: Runs = { ...before.CHECKS, ...proved.CHECKS, ...reference.CHECKS, ...bound.CHECKS };

/**
 * Judge the evidence `bundle` at `now` (Unix seconds) by `policy`.
 *
 * `nonce` holds the caller's 32 bytes when the bundle answers a challenge, else null. Raises Refused, whose record holds
 * every failure; no other error leaves.
 */
export async function appraise(bundle: Bytes, rest: Omit<Given, "data">): Promise<Appraisal | SimulatedAppraisal> {
  const at = new Case({ data: bundle, ...rest });
  before.openContainer(at);
  const kind = KINDS.get(at.kind ?? "");
  const table = kind === undefined ? NOT_BUILT : tableOf(kind.checks, checksOf(deviceLabels(at)));
  const records = await runChecks(at, table, { ...COMMON, ...kind?.run });
  const made = new Set(records.map(nameOf));
  const missing = table.filter((one) => one !== COMPLETE && !made.has(nameOf({ check: one.name, item: one.item })));
  return conclude(at, [...records, recordOf(COMPLETE, missing.map((one) => `check_missing:${one.name}`))]);
}

function nameOf({ check, item }: { readonly check: string; readonly item: string }): string {
  return `${check} ${item}`;
}

/** The labels of the devices in the bundle, in its order. */
export function deviceLabels({ bundle }: Case): readonly string[] {
  return bundle === null ? [] : devices(bundle).map(({ label }) => label);
}

/** Make the checks of `table` in order; one that nobody can make leaves no record. */
export async function runChecks(at: Case, table: readonly Check[], run: Runs): Promise<readonly CheckRecord[]> {
  const records: CheckRecord[] = [];
  for (const check of table) {
    const finding = check === COMPLETE ? null : await find(at, check, records, run[check.name]);
    if (finding !== null) records.push(recordOf(check, finding));
  }
  return records;
}

async function find(
  at: Case, check: Check, records: readonly CheckRecord[], run: Run | undefined,
): Promise<Finding | null> {
  if (!check.reads.every((label) => at.has(label))) {
    return new NotChecked(at.bundle === null ? "blocked_by:container" : "blocked_by:labels");
  }
  const spoiled = check.needs.find((need) => !isUsable(needed(records, need, check.item)));
  if (spoiled !== undefined) return new NotChecked(`blocked_by:${spoiled}`);
  const excuse = EXCUSED.get(check.name);
  // Only the simulated kind is excused: elsewhere a check of the same name must exist, or the verdict misses it.
  if (excuse !== undefined && at.kind === "simulated" && !isHeldToTheLog(at, check)) return new NotChecked(excuse);
  if (run !== undefined) return run(at);
  return await DEVICE_RUN.get(check.name)?.(at, check.item) ?? null;
}

/** Whether this check runs for the simulated kind too, since the client knows a log. */
function isHeldToTheLog({ given }: Case, { name }: Check): boolean {
  return EXCUSED.get(name) === UNLOGGED && knowsALog(given.logged);
}

function needed(records: readonly CheckRecord[], need: string, item: string): CheckRecord | undefined {
  const named = records.filter((record) => record.check === need);
  return named.find((record) => record.item === item) ?? named[0];
}

/** Whether a later check may build on this one: it passed, or policy or kind excuse it. */
export function isUsable(record: CheckRecord | undefined): boolean {
  return record !== undefined && (record.outcome === "passed" || isAllowed(record));
}

function isAllowed(record: CheckRecord): boolean {
  return record.outcome === "not_checked" && /^(?:unchecked_by_policy|not_applicable):/.test(record.reasons[0] ?? "");
}

/** Whether the check of that name and item is usable. */
export function usableOf(records: readonly CheckRecord[]): (check: string, item: string) => boolean {
  const usable = new Set(records.filter(isUsable).map(nameOf));
  return (check, item) => usable.has(nameOf({ check, item }));
}

function recordOf(check: Check, finding: Finding): CheckRecord {
  const { stage, name, item } = check;
  if (finding instanceof NotChecked) {
    return { stage, check: name, item, outcome: "not_checked", reasons: [finding.text] };
  }
  const foreign = finding.find((reason) => !check.reasons.has(reason.split(":")[0] ?? ""));
  if (foreign !== undefined) throw new Fault(`${name} gave ${foreign}`);
  return { stage, check: name, item, outcome: finding.length > 0 ? "failed" : "passed", reasons: finding };
}

function conclude(at: Case, records: readonly CheckRecord[]): Appraisal | SimulatedAppraisal {
  const failures = records.flatMap((one) => (one.outcome === "failed" ? one.reasons : []));
  // A check that is neither passed nor excused blocks acceptance even if nothing else failed.
  const open = records.filter((one) => one.outcome === "not_checked" && !isAllowed(one));
  if (failures.length > 0 || open.length > 0) {
    const reasons = failures.length > 0 ? failures : open.map((one) => `check_missing:${one.check}`);
    throw new Refused(report(at, records, "refused", reasons));
  }
  const { nodeDocument: document, release, models } = at.found;
  const established = { nodeDocument: at.item("node-document"), document, release, models };
  const outcome = isSimulated(at) ? "accepted_as_simulated" : "accepted";
  return { outcome, record: report(at, records, outcome, []), ...established };
}

function report(at: Case, checks: readonly CheckRecord[], outcome: Outcome, reasons: readonly string[]): Record {
  const { policy, given } = at;
  const accepted = outcome !== "refused";
  const usable = new Set(checks.filter(isUsable).map((one) => one.check));
  const kind = KINDS.get(at.kind ?? "");
  return {
    outcome,
    reasons,
    checks,
    claims: new Map([...claimsOf(at, kind, usable), ...deviceClaims(at, usableOf(checks))]),
    hardwareBacked: at.production && kind !== undefined && genuine(kind).every((name) => usable.has(name)),
    simulated: isSimulated(at),
    appraisedAt: at.now,
    validUntil: accepted ? Math.min(at.found.nodeDocument.exp, policy.expires_at, ...at.ends) : null,
    policyName: policy.name,
    policyVersion: policy.version,
    policyDigest: policy.digest,
    memoryAfter: accepted ? memoryAfter(at) : given.memory,
  };
}

/** Whether this is an imitation: by its kind, or because a vendor's kind ends in somebody else's root. */
function isSimulated(at: Case): boolean {
  return SIMULATED_KINDS.has(at.kind ?? "") || at.foreignRoot;
}

function memoryAfter({ given, policy, now, seen, found }: Case): Memory {
  const memory = withSeen(withPolicy(given.memory, policy.name, policy.version), seen);
  return given.nonce === null ? memory : withChallenge(memory, toHex(sha256(found.nodeDocument.pk)), now);
}
