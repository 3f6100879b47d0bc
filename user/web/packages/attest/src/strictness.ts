/**
 * Which of two policies is stricter, field by field: a policy may be stricter than its floor, never looser.
 *
 * One rule per field of the policy, in one table; a test walks the schema and finds each field here. Used for the floor
 * that a client is built with, and for a user's policy against the operator's.
 */

import { Unchecked } from "./schema.ts";

/** Whether the first value is at least as strict as the second; neither is unchecked. */
type Rule = (value: unknown, floor: unknown) => boolean;
type Numbers = ReadonlyMap<string, unknown>;

/** Entries as text, so that digests, numbers and whole sections compare by value. */
function entries(value: unknown): ReadonlySet<string> {
  return new Set((value as readonly unknown[]).map((entry) => JSON.stringify(entry)));
}

function contains(outer: unknown, inner: unknown): boolean {
  const known = entries(outer);
  return [...entries(inner)].every((entry) => known.has(entry));
}

const same: Rule = (value, floor) => JSON.stringify(value) === JSON.stringify(floor);
const subset: Rule = (value, floor) => contains(floor, value);
const superset: Rule = contains;
const atMost: Rule = (value, floor) => (value as number) <= (floor as number);
const CHALLENGES = ["on_demand", "first_contact", "always"];

/** Numbers, lists of them compared from the front, and maps of either name by name. */
const atLeast: Rule = (value, floor) => {
  if (floor instanceof Map) {
    const found = value as Numbers;
    return [...(floor as Numbers)].every(([name, least]) => found.has(name) && atLeast(found.get(name), least));
  }
  if (!Array.isArray(floor)) return (value as number) >= (floor as number);
  const found = value as readonly number[];
  const differs = (floor as readonly number[]).findIndex((least, index) => least !== found[index]);
  return differs < 0 || (found[differs] ?? -1) > Number(floor[differs]);
};

const eachSame: Rule = (value, floor) => {
  const found = value as Numbers;
  return [...(floor as Numbers)].every(([name, one]) => found.has(name) && isStrictEnough(found.get(name), one, same));
};

const RULES = {
  free: () => true,
  at_most: atMost,
  at_least: atLeast,
  subset,
  superset,
  same,
  /** A list of digests is judged in addition to the release, so it is stricter. */
  release_and: (value, floor) => value === "from_release" || floor !== "from_release" || Array.isArray(value),
  later: (value, floor) => CHALLENGES.indexOf(value as string) >= CHALLENGES.indexOf(floor as string),
  mask: (value, floor) => (BigInt(`0x${value as string}`) & ~BigInt(`0x${floor as string}`)) === 0n,
  each_same: eachSame,
  /** Something is permitted only where the floor permits it. */
  permitted: (value, floor) => floor === true || value !== true,
  /** Something is demanded wherever the floor demands it. */
  demanded: (value, floor) => value === true || floor !== true,
} as const satisfies Readonly<Record<string, Rule>>;

const ARM = ["implementation_ids", "lifecycle", "components", "partitions", "rim", "rem"] as const;

/** Rules and the fields, as dotted names, that they judge; in the order in which looser fields are named. */
const NAMED: readonly (readonly [keyof typeof RULES, string, readonly string[]])[] = [
  ["free", "", ["format", "name", "version", "issued_at", "expires_at", "deployment", "trust_anchors"]],
  ["subset", "", ["kinds", "release_allow", "models", "egress"]],
  ["at_most", "", ["max_release_proof_age", "max_anchor_age", "max_key_lifetime", "clock_skew"]],
  ["permitted", "", ["allow_simulated"]],
  ["demanded", "require_crl.", ["tdx", "sgx", "sev_snp", "nitro"]],
  ["release_and", "", ["configuration"]],
  ["later", "", ["challenge"]],
  ["free", "", ["fleet"]],
  ["at_most", "", ["max_collateral_age"]],
  ["subset", "tdx.", ["allowed_status"]],
  ["at_most", "tdx.", ["grace_days"]],
  ["superset", "tdx.", ["refused_advisories"]],
  ["at_least", "tdx.", ["min_tcb_evaluation", "min_module_isvsvn"]],
  ["subset", "tdx.", ["mrseam"]],
  ["superset", "tdx.attributes.", ["must", "never"]],
  ["subset", "tdx.attributes.", ["may"]],
  ["mask", "tdx.", ["xfam_allowed"]],
  ["superset", "tdx.", ["require_zero"]],
  ["same", "tdx.", ["shapes", "rtmr1", "rtmr2", "rtmr3", "mrconfigid"]],
  ["subset", "tdx.", ["pck_types"]],
  ["permitted", "tdx.pck_configuration.", ["dynamic_platform", "cached_keys", "smt"]],
  ["subset", "sgx.", ["allowed_status"]],
  ["same", "sgx.", ["mrenclave"]],
  ["subset", "sgx.", ["signers"]],
  ["subset", "snp.", ["generations"]],
  ["at_least", "snp.", ["min_report_version", "min_tcb", "min_abi"]],
  ["superset", "snp.", ["policy_must", "policy_must_not", "platform_info_must", "platform_info_must_not"]],
  ["subset", "snp.", ["vmpl"]],
  ["permitted", "snp.", ["allow_vlek", "allow_masked_chip"]],
  ["same", "snp.", ["measurement", "host_data"]],
  ["subset", "snp.", ["id_keys", "author_keys"]],
  ["each_same", "nitro.", ["pcrs"]],
  ["free", "gpu.", ["count", "switches"]],
  ["same", "gpu.", ["device_kinds", "drivers", "vbios", "firmware_ids"]],
  ["release_and", "gpu.", ["golden"]],
  ["demanded", "gpu.", ["require_ocsp"]],
  ["permitted", "gpu.", ["allow_hold"]],
  ["at_most", "gpu.", ["rim_expired_days"]],
  ["subset", "psa.", ARM],
  ["subset", "cca.", ARM],
];
export const FIELDS: readonly string[] = NAMED.flatMap(([, section, names]) => names.map((name) => section + name));

/** Whether `value` is at least as strict: checking anything is stricter than leaving it unchecked. */
function isStrictEnough(value: unknown, floor: unknown, rule: Rule): boolean {
  if (floor instanceof Unchecked) return true;
  return !(value instanceof Unchecked) && rule(value, floor);
}

/** The fields, as dotted names, in which `policy` is looser than `floor`; both are policies. */
export function looser(policy: object, floor: object): readonly string[] {
  return NAMED.flatMap(([rule, section, names]) => names.map((name) => section + name).filter((name) => {
    return !isStrictEnough(fieldOf(policy, name), fieldOf(floor, name), RULES[rule]);
  }));
}

function fieldOf(policy: object, name: string): unknown {
  let value: unknown = policy;
  for (const part of name.split(".")) {
    if (value instanceof Unchecked) return value;
    value = (value as Readonly<Record<string, unknown>>)[part];
  }
  return value;
}
