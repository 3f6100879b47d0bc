/** Judges the cases of a folder of evidence laid out like the shared attestation vectors. No file is opened here. */

import { sha256 } from "@noble/hashes/sha2.js";
import { type Bytes, toHex } from "@privity/protocol/bytes";

import { STAGE_OF } from "../src/errors.ts";
import { appraiseItem, type ItemRecord } from "../src/item.ts";
import { itemPolicy } from "../src/item_policy.ts";
import { type Policy } from "../src/policy.ts";
import { type Release } from "../src/release.ts";
import { type Files, type Items, itemsOf, publicKey } from "./evidence_files.ts";
import { releaseOf } from "./rim_values.ts";

export const FORMAT = "attestation-vectors/1";
/** bytes of one file */
export const MAX_FILE = 1024 * 1024;
/** 2026-11-21: any time will do for evidence without dates. */
const DATELESS = 1_795_219_200;
/** Kinds of case that no browser judges: named as not run, never as passed. */
const NOT_HERE: ReadonlyMap<string, string> = new Map([
  ["nvidia-rim", "RIM files are judged by the operator's tool, which writes their values into releases"],
]);
const KEY_ROLES: ReadonlyMap<string, string> = new Map([["psa", "iak"], ["cca", "platform_key"]]);
const FRESH: ReadonlySet<string> = new Set([...STAGE_OF.keys()].filter((code) => code.startsWith("collateral_")));

/** One case of index.json; members that are not named here are for people. */
export interface Case {
  readonly id: string;
  readonly tee: string;
  readonly files: Readonly<Record<string, string>>;
  readonly verify_as_of_unix?: number | null;
  readonly expect: {
    readonly crypto: "pass" | "fail";
    readonly default_policy: string;
    readonly reason?: string | null;
  };
}

/** index.json: the cases, and the SHA-256 of each file. */
export interface Index {
  readonly format: string;
  readonly cases: readonly Case[];
  readonly files: Readonly<Record<string, { readonly sha256: string }>>;
}

/** What came of one case: `expected` and `found` are for people. */
export interface Verdict {
  readonly passed: boolean;
  readonly expected: string;
  readonly found: string;
}

/** Why a case is not run here, null when it is. */
export function notRun(one: Case): string | null {
  return NOT_HERE.get(one.tee) ?? null;
}

/** Judge one case; `read` gives the bytes of a file of the folder. A file that is missing or changed fails the case. */
export async function judge(one: Case, index: Index, read: (name: string) => Bytes): Promise<Verdict> {
  const { crypto, default_policy: policy, reason } = one.expect;
  const expected = `crypto ${crypto}, ${policy} (${codeOf(reason) || "no reason"})`;
  try {
    const files = new Map(Object.entries(one.files).map(([role, name]) => [role, checked(name, index, read)]));
    return { expected, ...(await judged(one, files, timeOf(one, index))) };
  } catch (error) {
    // Any escape is a failed case, not a crash of the runner.
    return { passed: false, expected, found: `unreadable: ${String(error)}` };
  }
}

function checked(name: string, index: Index, read: (name: string) => Bytes): Bytes {
  const data = read(name);
  const listed = index.files[name];
  if (listed !== undefined && listed.sha256 !== toHex(sha256(data))) throw new Error(`${name} is not the listed file`);
  return data;
}

/** The time to judge at: the case's own, that of the case it was made from, or any. */
function timeOf(one: Case, index: Index): number {
  const twin = one.id.replace(/-flipped$/, "");
  const times = [one, ...index.cases.filter(({ id, tee }) => id === twin && tee === one.tee)];
  return times.map((each) => each.verify_as_of_unix).find((time) => typeof time === "number") ?? DATELESS;
}

async function judged(one: Case, files: Files, now: number): Promise<Pick<Verdict, "passed" | "found">> {
  const items = itemsOf(one.tee, files);
  const rim = files.get("rim");
  const release = rim === undefined ? null : releaseOf(rim);
  const unpinned = await recordOf(items, now, itemPolicy(now, [], imitationsOf(one.tee, files)), release);
  const key = files.get(KEY_ROLES.get(one.tee) ?? "");
  const pinned = key === undefined
    ? unpinned
    : await recordOf(items, now, itemPolicy(now, [toHex(publicKey(key))]), release);
  const crypto = isSound(pinned) ? "pass" : "fail";
  const verdict = unpinned.reasons.length > 0 ? "reject" : "accept";
  const wanted = codeOf(one.expect.reason);
  const reasons = [...unpinned.reasons, ...pinned.reasons];
  const named = reasons.some((reason) => reason === wanted || reason.split(":")[0] === wanted);
  const asExpected = crypto === one.expect.crypto && one.expect.default_policy.startsWith(verdict);
  return {
    passed: asExpected && (verdict === "accept" || wanted === "" || named),
    found: `crypto ${crypto}, ${verdict} (${pinned.reasons.join(", ") || "no reason"})`,
  };
}

/** What lets an imitation in: the key that lies beside it, and no other. */
function imitationsOf(tee: string, files: Files): readonly string[] {
  const key = tee === "sim-tpm" ? files.get("ak") : undefined;
  return key === undefined ? [] : [toHex(sha256(publicKey(key)))];
}

/** Whether signatures, chains, dates and collateral hold, whatever a policy thinks of the platform. */
export function isSound(record: ItemRecord): boolean {
  return record.genuine && !record.reasons.some((reason) => FRESH.has(reason.split(":")[0] ?? ""));
}

function recordOf(items: Items, now: number, policy: Policy, release: Release | null): Promise<ItemRecord> {
  return appraiseItem(items, { now, policy, release });
}

/** A reason up to a space: what follows is for people. */
function codeOf(reason: string | null | undefined): string {
  return reason?.split(" ")[0] ?? "";
}
