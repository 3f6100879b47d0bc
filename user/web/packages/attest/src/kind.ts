/** What a kind of evidence brings: its checks, the functions that make them, its claims, and the items it needs. */

import { type Case, type Run } from "./case.ts";
import { type Check, genuineNames } from "./checks.ts";
import { type Policy } from "./policy.ts";
import { type ClaimValue } from "./result.ts";

export type Labels = (policy: Policy) => ReadonlySet<string>;
/** Items of every bundle. */
export const ALWAYS = ["node-document", "cpu", "configuration", "models", "release"] as const;
/** Items of every bundle of a kind that proves itself with the log: all but the simulated ones, until C. */
export const PROOFS = ["release-proof", "endorsement"] as const;
export const LOGGED = [...ALWAYS, ...PROOFS] as const;

/** A claim: the item it comes from, the checks that vouch for it, and its value. */
export interface ClaimOf {
  readonly item: string;
  readonly needs: readonly string[];
  readonly value: (at: Case) => ClaimValue;
}

/**
 * One kind: `checks` of stages 2 to 9 in order, `run` by check name, `labels` that a policy demands or admits.
 *
 * `run` may replace a common check of the same name where the kind's evidence differs.
 */
export interface Kind {
  readonly name: string;
  readonly checks: readonly Check[];
  readonly run: Readonly<Record<string, Run>>;
  readonly claims: Readonly<Record<string, ClaimOf>>;
  readonly required: Labels;
  readonly optional: Labels;
}

/** The names of the checks that decide whether the CPU evidence is genuine. */
export function genuine(kind: Kind): readonly string[] {
  return genuineNames(kind.checks);
}
